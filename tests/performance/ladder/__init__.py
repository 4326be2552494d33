"""The ladder: rates to be held for half a minute, one rung after the other, each answer of a known size and content."""
