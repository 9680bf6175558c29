"""Space files: from strict YAML to a `SearchSpace`, and back."""
