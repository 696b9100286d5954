"""orch: takes systems off the network in a controlled way, and brings them back.

The rooms of this package lie along the way that an estate's data takes: `workspace` reads the files,
`graph` orders the systems, `plan` writes every command out, `consent` judges who agreed, `run` carries
it out through `hosts`, `estate` knows what has become of every system. `model` holds the values that all
of them speak, `show` draws them, `cli` parses and calls, `twin` is the world to practise on.
"""

__version__ = "0.1.0"
