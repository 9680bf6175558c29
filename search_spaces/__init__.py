"""What can be built: dimensions, search spaces, families and networks, in pure Python without torch."""
