"""What is asked, one file for a topic: each has `ABOUT` and `specs()`."""
