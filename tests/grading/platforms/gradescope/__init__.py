"""What Gradescope runs, and the zip of it."""
