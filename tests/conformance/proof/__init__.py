"""The proof: an installed davd as its unit restricts it, under load and in trouble, with every answer counted."""
