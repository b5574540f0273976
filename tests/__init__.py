"""The suite: an implementation is judged in `exercises`, the authorities in `authorities`, the suite in `meta`."""
