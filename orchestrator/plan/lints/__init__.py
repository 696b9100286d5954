"""What looks dangerous, though nothing is wrong with the files: the lints of `orch check` (sections 3, 4, 9). Pure.

A workspace in, findings out. One module per subject holds its rules and, beside each, what `--explain` says of it;
`catalogue` has them all. A finding must be true and worth its line: where a rule can't be sure, it says nothing.
"""
