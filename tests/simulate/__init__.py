"""Whole runs of the core in a virtual world: no clock, no threads, no network; the same seed gives the same run."""
