"""Output of the command line: words, tables, live progress, plain lines, JSON."""
