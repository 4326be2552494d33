"""Settings: one document, validated whole."""
