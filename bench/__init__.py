"""The benchmark: what orch costs, as ratios to what the same work costs without it. `python -m bench --help`.

Rules: numbers are printed, never asserted; what is compared runs in the same minute, by turns (A B A B), and the
median counts; each measurement has a process of its own; everything is local, ends by its process id, and leaves
nothing behind.
"""
