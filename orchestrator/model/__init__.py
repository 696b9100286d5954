"""The values everybody speaks: ids, durations, inventory, playbook, protocol, plan, events, errors.

Frozen, without behaviour beyond themselves, without I/O or clock. Every other room imports from here, this
room imports from nowhere. The words are those of the contract's section 2, one word for one thing.
"""
