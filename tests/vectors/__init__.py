"""`lmm-verify check`: what any program has answered to the vectors of `reference/vectors`, judged."""
