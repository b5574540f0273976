"""The suite where it is installed: its door (startup.py, door.py), its command, and what a peer may import."""


def enter(_: list[str]) -> None:
    """What the line of an older editable install calls; a new install has another."""
    from lmm_verification.startup import watch  # noqa: PLC0415

    watch()
