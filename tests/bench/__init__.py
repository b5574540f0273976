"""How fast: the reference implementation beside what a user would otherwise pick (`tox -e bench`)."""
