"""The migrations of our tables, with Alembic."""
