"""Documents: strict YAML as nodes that know their line and column."""
