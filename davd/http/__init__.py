"""HTTP semantics: requests, responses and the meaning of their fields."""
