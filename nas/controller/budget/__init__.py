"""Budget: what trainings cost, which are begun, and when it is enough."""
