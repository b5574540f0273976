"""Runs in the sandbox, beside worker.py: loads one submission and calls its functions, one request after the other.

Nothing that it says is trusted.
"""

import gc
import json
import os
import sys
import types

import plain
import python_submission
import stand_ins
import wire

MOST_REMARKS, MOST_NAMES = 20, 200


def run(config: dict, fences: list) -> None:
    """Serve one submission, which finds nothing of this around itself, and end the process."""
    kind = python_submission.PythonSubmission
    if config["language"] == "R":
        import r_submission

        kind = r_submission.RSubmission
    sys.path.remove(os.path.dirname(os.path.abspath(__file__)))
    sys.meta_path[:0] = [stand_ins.DrawingFinder, stand_ins.Forbidding(config["forbidden"], config["absent"])]
    sys.argv = ["submission"]
    sys.path.append(os.getcwd())  # what lies beside the source
    sys.modules["__main__"] = types.ModuleType("__main__")
    gc.freeze()
    gc.enable()
    serve(kind.__new__(kind), config, fences)
    os._exit(0)


def serve(submission, config: dict, fences: list) -> None:
    """Load it, and answer requests until the grader hangs up."""
    requests, replies = os.fdopen(config["requests"], "rb"), config["replies"]

    def write(part: memoryview) -> int:
        return os.write(replies, part)

    try:
        with open(config["submission"], encoding="utf-8") as file:
            submission.__init__(json.load(file))
        names = submission.names()[:MOST_NAMES]
        answer = {
            "loaded": True,
            "remarks": submission.remarks[:MOST_REMARKS],
            "unread": submission.unread[:1],
            "methods": dict(list(submission.methods().items())[:MOST_NAMES]),
            "names": {name: submission.signature(name) for name in names},
        }
    except BaseException as error:
        answer = {"loaded": False, "error": submission.words(error)}
    answer["fences"] = fences
    wire.send(write, wire.encode({"nonce": config["nonce"], **answer}))

    def ask(arguments: list):
        """The right answer of the function that is stood in for; a ValueError where there is none."""
        wire.send(write, wire.encode({"asked": arguments}))
        reply = wire.receive(requests.read1)
        if "error" in reply:
            raise ValueError(reply["error"])
        return reply["value"]

    while True:
        try:
            request = wire.receive(requests.read1)
        except wire.ClosedError:
            return
        wire.send(write, wire.encode({"nonce": request["nonce"], **answered(submission, request, ask)}))


def answered(submission, request: dict, ask) -> dict:
    """The reply to one request: a value, or an error in words."""
    try:
        function = submission.function(request["name"])
        if function is None:
            return {"error": submission.missing.get(request["name"], ""), "kind": "undefined"}
        with submission.replaced(request.get("right"), ask):
            return {"value": submission.call(function, request["arguments"], request["forms"])}
    except plain.UnreadableError as error:
        return {"error": str(error), "kind": "form"}
    except MemoryError:
        return {"error": "it ran out of memory", "kind": "form"}
    except BaseException as error:
        return {"error": submission.words(error), "kind": submission.verb}
