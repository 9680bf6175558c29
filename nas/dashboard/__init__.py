"""Dashboard: a study in Optuna's tables, and optuna-dashboard behind a guard."""
