"""Vectors: models of decimals with proved answers, for a program in any language (README.md beside)."""
