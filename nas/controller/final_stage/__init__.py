"""Final stage: the best, compared, retrained, scored on test."""
