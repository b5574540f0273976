"""Runs in the sandbox: loads one submission and calls its functions, one request after the other.

Started as `python worker.py CONFIG`, CONFIG being JSON (see launch.py). It imports nothing of the project but its
neighbours, which lie beside it. Nothing that it says is trusted.
"""

import json
import os
import signal
import sys
import threading
import types

MOST_REMARKS, MOST_NAMES = 20, 200


def serve(config: dict, fences: list) -> None:
    """Answer requests until the grader hangs up."""
    requests, replies = config["requests"], config["replies"]

    def write(part: memoryview) -> int:
        return os.write(replies, part)

    submission = Submission.__new__(Submission)
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
        reply = wire.receive(lambda length: os.read(requests, length))
        if "error" in reply:
            raise ValueError(reply["error"])
        return reply["value"]

    while True:
        try:
            request = wire.receive(lambda length: os.read(requests, length))
        except wire.ClosedError:
            return
        wire.send(write, wire.encode({"nonce": request["nonce"], **answered(submission, request, ask)}))


def own_pipes() -> tuple:
    """Standard input and output for the wire alone: prints go to standard error, and nothing is to be read."""
    requests, replies = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return requests, replies


def end_with(parent: int) -> None:
    """In a thread, whatever the submission does: end when the grader has gone. Where nothing else supervises."""
    pause = threading.Event()  # time.sleep does nothing while a submission is loaded
    while os.getppid() == parent:
        pause.wait(1)
    os._exit(0)


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


if __name__ == "__main__":
    config = json.loads(sys.argv[1])
    sys.path[:0] = [os.path.dirname(os.path.abspath(__file__))]
    fences = []
    if config["tier"] == "none":
        config["requests"], config["replies"] = own_pipes()
        threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    else:
        import confinement

        if config["tier"] == "process":
            confinement.supervise(config["lifeline"], config["drop_uid"])
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        os.umask(0o022)
        sys.path += [folder for folder in config["path"] if folder not in sys.path]
        fences = confinement.confine(config)
    import plain
    import python_submission
    import stand_ins
    import wire

    Submission = python_submission.PythonSubmission
    if config["language"] == "R":
        import r_submission

        Submission = r_submission.RSubmission
    del sys.path[0]
    sys.meta_path[:0] = [stand_ins.DrawingFinder, stand_ins.Forbidding(config["forbidden"], config["absent"])]
    sys.argv = ["submission"]
    sys.path.append(os.getcwd())  # what lies beside the source
    sys.modules["__main__"] = types.ModuleType("__main__")
    serve(config, fences)
    os._exit(0)
