"""The authorities: answers that were computed without `lmm_core`, which nothing here imports."""
