"""`lmm-verify judge`, `smoke`, `certify`, `vectors`, `check`, for who maintains a package or doubts a number."""

import argparse
import sys
from pathlib import Path

from lmm_verification.door import SUITE

if str(SUITE) not in sys.path:
    sys.path.insert(0, str(SUITE))  # in this process alone


def main() -> int:
    """The command that is installed."""
    parser = argparse.ArgumentParser(prog="lmm-verify", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    judged = commands.add_parser("judge", help="judge a peer file, against another commit where there is one")
    judged.add_argument("peer", type=Path, help="a .py or .R file with a package's functions, or a .toml")
    judged.add_argument("--base", help="the commit, branch or tag to compare with")
    judged.add_argument("--accuracy", type=Path, help="where to write what was measured")
    smoked = commands.add_parser("smoke", help="whether a program, or a peer file, answers at all: each function once")
    smoked.add_argument("peer", type=Path, help="a .toml, .py or .R file")
    copied = commands.add_parser("vectors", help="models with proved answers as JSON, for a program in any language")
    copied.add_argument("folder", type=Path, help="where to write them")
    checked = commands.add_parser("check", help="judge what a program has answered to the vectors")
    if "check" in sys.argv[1:2]:
        from tests.vectors import command  # noqa: PLC0415

        command.options(checked)
    certified = commands.add_parser("certify", help="how many digits of printed numbers are right")
    if "certify" in sys.argv[1:2]:
        from tests.peers import certify  # noqa: PLC0415 - the suite is on the path now

        certify.options(certified)
    arguments, others = parser.parse_known_args()
    if arguments.command == "judge":
        from tests.peers.judge import judge  # noqa: PLC0415

        return judge(arguments.peer, arguments.base, others, arguments.accuracy)
    if others:
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    if arguments.command == "smoke":
        from tests.peers.smoke import smoke  # noqa: PLC0415

        return smoke(arguments.peer)
    if arguments.command in ("vectors", "check"):
        from tests.vectors import command  # noqa: PLC0415

        return command.copy(arguments.folder) if arguments.command == "vectors" else command.check(arguments)
    try:
        return certify.run(arguments)
    except certify.CertifyError as error:
        print(f"lmm-verify certify: {error}", file=sys.stderr)
        return 2
