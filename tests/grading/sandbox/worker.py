"""Runs in the sandbox: gives up what a submission does not need, and serves it (serving.py).

Started as `python worker.py CONFIG`, CONFIG being JSON (see launch.py). It imports nothing of the project but its
neighbours, which lie beside it.
"""

import gc
import json
import os
import sys
import threading


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


if __name__ == "__main__":
    gc.disable()  # until all is loaded
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
        sys.path += [folder for folder in config["path"] if folder not in sys.path]
        fences = confinement.confine(config)
    import serving

    serving.run(config, fences)
