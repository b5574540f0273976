"""Other people's implementations on trial: the same tests, a scoreboard, and a baseline for CI."""
