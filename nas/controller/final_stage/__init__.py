"""Final stage: compare the best trials, retrain the winner, score it on the test samples."""
