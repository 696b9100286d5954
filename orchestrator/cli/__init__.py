"""Room: *what did the operator ask for?*

One file for a family of commands: parse, call the rooms below, hand the result to `show`, return the exit
code. No rule lives here.
"""
