"""Room: *what do the files say?*

Turns a workspace's `inventories/`, `playbooks/` and `protocol.yaml` into values of `model`, and every
mistake in them into an error that names file and line, all of them in one go. It decides nothing about
order, plans or people; whoever needs its values gets them as arguments.
"""
