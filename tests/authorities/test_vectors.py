"""lmm_core against the vectors for every language: 182 models with proved answers, or the reason why there is none."""

from reference.vectors import lint
from tests.vectors import answers, core
from tests.vectors.judged import judged


def test_lmm_core_answers_every_vector_to_seven_digits():
    """And refuses what has no fit."""
    vectors = lint.read()
    sheet = answers.Sheet("lmm_core")
    for row in core.sheet(vectors)["answers"]:
        answers._put(sheet, "lmm_core", {**row, "value": str(row["value"])}, vectors)
    cells = judged(sheet, vectors, least=7)
    assert [(cell.id, cell.quantity, cell.digits) for cell in cells if not cell.right] == []
    assert {cell.id for cell in cells} == set(vectors)
