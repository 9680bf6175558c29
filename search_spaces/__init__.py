"""Search spaces: dimensions, spaces, families and networks, in pure Python without torch."""
