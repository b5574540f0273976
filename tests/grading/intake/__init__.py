"""What is handed in becomes one source text and whose it is."""
