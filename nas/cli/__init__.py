"""The command line: one file a command. Data goes to standard output, narration to standard error."""
