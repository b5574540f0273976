"""From answers to points: rubric, verdict, and which misconception it looks like."""
