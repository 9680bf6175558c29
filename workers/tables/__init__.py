"""Tables: files read as columns of cells. Exported networks carry these files."""
