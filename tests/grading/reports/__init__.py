"""What is written of results: pages, files for platforms, lines for the terminal."""
