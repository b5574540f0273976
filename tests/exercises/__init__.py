"""What an implementation is judged on, through the `impl` fixture alone: a file per function of the contract.

Marks: `judges(name)` says whose points a test decides, `ordinary` that it shows values on ordinary data
(without them a function keeps at most a fifth of its points), `core_only` that it asks for more than a
submission owes.
"""
