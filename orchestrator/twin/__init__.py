"""Room: *what can we practise on?*

A simulated copy of an inventory's hosts, reached over real SSH, with faults to order. To everything else it
is just the world: orch talks to the twin by the same way as to a data centre.
"""
