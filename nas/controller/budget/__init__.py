"""Budget: the cost of trainings, which of them are begun, and when the search stops."""
