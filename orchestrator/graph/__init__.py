"""Room: *what needs what, and why?* (pure)

Builds the needs between systems with every reason kept, and answers from them: what comes along, in which
order, where the loop is, who is hit. Values in, values out; the same values give the same answer.
"""
