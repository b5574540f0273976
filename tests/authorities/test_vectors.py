"""lmm_core against the vectors for every language: 182 models with proved answers, or the reason why there is none."""

import json

from reference.vectors import lint
from tests.vectors import answers, core
from tests.vectors.judged import judged


def test_lmm_core_answers_every_vector_to_seven_digits(tmp_path):
    """And refuses what has no fit. By a file, as any program's answers are read."""
    vectors, path = lint.read(), tmp_path / "answers.json"
    path.write_text(json.dumps(core.sheet(vectors)), encoding="utf-8")
    cells = judged(answers.read(path, vectors), vectors, least=7)
    assert [(cell.id, cell.quantity, cell.digits) for cell in cells if not cell.right] == []
    assert {cell.id for cell in cells} == set(vectors)
