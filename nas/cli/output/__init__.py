"""How the command line shows things: words, tables, live progress, lines, JSON."""
