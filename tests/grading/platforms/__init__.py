"""What learning platforms run."""
