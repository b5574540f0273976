"""The authorities against one another, in the order of their rank, and their known defects."""
