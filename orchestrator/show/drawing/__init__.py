"""Pictures of the graph: a `Picture` is composed, placed by graphviz or our own stages, and written as SVG or DOT."""
