"""Room: *how does a person see it?*

Values in, characters out: tables, the live display, later pictures and pages. Text that is not ours, from a
host or a file, passes through one door (`neutral`) before it reaches a terminal. Nothing is decided here.
"""
