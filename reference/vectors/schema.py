"""The format of a topic's file as JSON Schema 2020-12, with the sentences of its fixed lists."""

from typing import Any

from reference.vectors import words

DECIMAL = {"type": "string", "pattern": r"^-?\d+(\.\d+)?(e[+-]?\d+)?$"}
COLUMN = {"type": "array", "items": DECIMAL, "minItems": 1}
ROWS = {"type": "array", "items": COLUMN, "minItems": 1}
TEXT = {"type": "string", "minLength": 1}


def schema() -> dict[str, Any]:
    """Of one file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Vectors for linear mixed models",
        "description": "README.md beside this file says what a vector is. Numbers are decimals, as strings.",
        "type": "object",
        "required": ["schema", "version", "topic", "about", "sha256", "vectors"],
        "additionalProperties": False,
        "properties": {
            "schema": {"const": words.SCHEMA},
            "version": {"const": words.VERSION, "description": "the numbers never change within a major version"},
            "topic": {"enum": list(words.TOPICS)},
            "about": TEXT,
            "sha256": {
                "type": "string",
                "pattern": "^[0-9a-f]{64}$",
                "description": "of the vectors, as lint.py counts",
            },
            "vectors": {"type": "array", "items": {"$ref": "#/$defs/vector"}, "minItems": 1},
        },
        "$defs": {
            "vector": _vector(),
            "answers": {
                "type": "object",
                "propertyNames": {"oneOf": _sentences(words.QUANTITIES)},
                "additionalProperties": COLUMN,
                "minProperties": 1,
            },
        },
    }


def _vector() -> dict[str, Any]:
    head = {
        "id": {"type": "string", "pattern": r"^[a-z]+/[A-Za-z0-9.-]+$"},
        "level": {"enum": [1, 2], "description": "1: one random intercept; 2: several terms, or slopes"},
        "flags": {"type": "array", "items": {"oneOf": _sentences(words.FLAGS)}, "uniqueItems": True},
        "comment": TEXT,
        "source": TEXT,
        "method": {"enum": ["REML", "ML"]},
        "formula": {**TEXT, "description": "lme4's; treatment contrasts with the first level"},
        "factors": {"type": "array", "items": TEXT, "description": "columns that hold labels, whatever they look like"},
        "data": {"type": "object", "additionalProperties": {"type": "array", "items": TEXT}},
        "coefficients": {"type": "array", "items": TEXT, "description": "names of the columns of X, as R's"},
        "numbers": {
            "type": "object",
            "description": "the same without a formula: X (n, p), y (n), and of each term Z (n, r) and levels from 1",
            "required": ["X", "y", "terms"],
            "additionalProperties": False,
            "properties": {"X": ROWS, "y": COLUMN, "terms": {"type": "array", "items": _term(), "minItems": 1}},
        },
        "tested": {"type": "array", "items": {"type": "integer", "minimum": 1}, "description": "columns of F, from 1"},
    }
    fit = {
        "expected": {"$ref": "#/$defs/answers"},
        "proved": TEXT,
        "wrong": {
            "type": "object",
            "description": "numbers of programs with a known mistake",
            "propertyNames": {"oneOf": _sentences(words.MISTAKES)},
            "additionalProperties": {"$ref": "#/$defs/answers"},
        },
    }
    refusal = {
        "refuse": {**TEXT, "description": "why there is no fit"},
        "acceptable": {"type": "boolean", "description": "whether an answer is a matter of convention"},
    }
    return {
        "type": "object",
        "required": [key for key in head if key != "tested"],
        "properties": head | fit | refusal,
        "additionalProperties": False,
        "oneOf": [{"required": list(fit), "not": {"required": ["refuse"]}}, {"required": list(refusal)}],
    }


def _term() -> dict[str, Any]:
    group = {"type": "array", "items": {"type": "integer", "minimum": 1}}
    return {
        "type": "object",
        "required": ["Z", "group"],
        "additionalProperties": False,
        "properties": {"Z": ROWS, "group": group},
    }


def _sentences(words_of: dict[str, str]) -> list[dict[str, str]]:
    return [{"const": word, "description": sentence} for word, sentence in words_of.items()]
