"""vCards as the programs in use write them, and those of the RFCs."""
