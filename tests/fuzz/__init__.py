"""Hostile files and selectors: a corpus kept in the tree, and what grows from it by mutation."""
