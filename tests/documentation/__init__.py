"""What the pages of docs/ say, held against the code."""
