"""What ends a run: whose points have changed and why, and the files of the whole class."""

from collections.abc import Mapping

from tests.grading.asked import Assignment
from tests.grading.intake.handin import HandIn
from tests.grading.judgement import copies
from tests.grading.judgement.verdict import Result
from tests.grading.reports import changed, pages, written
from tests.grading.reports.lines import Line


def close(of: Assignment, lines: list[Line], results: Mapping[str, Result], counted: Mapping[str, HandIn]) -> list[str]:
    """Write the class's files into the report's folder; sentences that the teacher should read.

    `counted`: by name the upload that counts.
    """
    assert of.report is not None
    before, made = of.before
    own = {name: changed.given(one, of.rubric, of.tier, of.seed) for name, one in counted.items()}
    now = {name: changed.entry(results[name], made_of) for name, made_of in own.items()}
    fresh = changed.as_dicts(changed.changes(before, now, of.about["date"]))
    found = copies.copies(of.handed_in, of.rubric.names)
    kept = written.write_class(of.report, lines, of.formats, found, of.about, of.rubric.hints, fresh)
    told_to_all = pages.lecture(lines, [results[name] for name in now], of.about, of.rubric.hints)
    kept += written.write_files(of.report, {"lecture.html": told_to_all})
    ledger = changed.as_ledger(before | now, [*made, *fresh])
    kept += written.write_changes(of.report, ledger, changed.as_rows([*made, *fresh]))
    people = {one["name"] for one in fresh}
    said = [f"points of {len(people)} changed, of {len(fresh)} functions: {of.report / changed.FILE}"] if fresh else []
    away = [name for name in before if name not in now]
    said += [f"of the last run, {len(away)} are not in this one: {', '.join(away)}"] if away else []
    return [*of.overrides.nobodys(of.handed_in), *said, *map(told, kept)]


def told(copy: str) -> str:
    """Of a file that was not as the last run had written it."""
    return f"another had changed a file since the last run: it is kept as {copy}"
