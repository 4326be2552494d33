"""vCard: read without loss, validated, and converted between its versions and to jCard."""
