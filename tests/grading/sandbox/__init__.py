"""Where the code of a submission runs, and all that is said to it and heard from it."""
