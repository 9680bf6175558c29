"""Data sets: samples that are read, split, prepared and put into batches."""
