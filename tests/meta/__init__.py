"""The suite on trial: what it must reject, and what it must not."""
