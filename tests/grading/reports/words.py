"""A result in short: what is right in one line, and which functions there is something to say about."""

from tests.grading.judgement.verdict import NOT_CALLED, NOT_YET, Result


def in_short(result: Result) -> list[str]:
    """What is right, what is not written yet, what is not shown: a line each, empty where there is none."""
    visible = [test for test in result["tests"] if test["visibility"] == "visible"]
    right = [test["tags"][0] for test in visible if test["status"] == "passed"]
    missing = [test["tags"][0] for test in visible if test["output"] == NOT_YET]
    if len(right) == len(result["tests"]):
        return [f"All {len(right)} functions are right."]
    return [
        f"Right ({len(right)} of {len(result['tests'])}): {', '.join(right)}." if right else "",
        f"Not written yet: {', '.join(missing)}." if missing else "",
    ]


def to_explain(result: Result) -> list[Result]:
    """The functions that lost points, and of which more can be said than that they are not there."""
    failed = [test for test in result["tests"] if test["visibility"] == "visible" and test["status"] == "failed"]
    return [test for test in failed if test["output"] not in (NOT_CALLED, NOT_YET)]
