"""Storage: the tables, migrations and leases that hold the truth."""
