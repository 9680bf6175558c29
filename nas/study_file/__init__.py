"""Study files: strict YAML to a `StudyConfig` and back, its JSON, its JSON Schema."""
