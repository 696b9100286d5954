"""Room: *may it be done, and who agreed?*

Signed statements, the quorum of a gate, clearances. Parsing and judging are pure (`quorum`); signatures
are checked and made through `ssh-keygen`. A judgement is an object that can say who is present, who is
missing and how many are needed.
"""
