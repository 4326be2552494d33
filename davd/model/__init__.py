"""Values named by the nouns of the RFCs; standard library only."""
