"""`lmm-verify judge` and `lmm-verify certify`, for who maintains a package or doubts a number."""

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
    judged.add_argument("peer", type=Path, help="a .py or .R file with the functions that a package offers")
    judged.add_argument("--base", help="the commit, branch or tag to compare with")
    certified = commands.add_parser("certify", help="how many digits of printed numbers are right")
    certified.add_argument("data", type=Path, help="a CSV file")
    certified.add_argument("--response", required=True, metavar="COLUMN")
    certified.add_argument("--group", action="append", required=True, metavar="COLUMN")
    certified.add_argument(
        "--fixed", action="append", default=[], metavar="COLUMN", help="text is a factor; repeatable"
    )
    certified.add_argument(
        "printed", nargs="+", metavar="NAME=VALUE", help="Vb Ve coef se df F criterion; coef=1.2,3.4"
    )
    arguments, others = parser.parse_known_args()
    if arguments.command == "judge":
        from tests.peers.judge import judge  # noqa: PLC0415 - the suite is on the path now

        return judge(arguments.peer, arguments.base, others)
    if others:
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    from tests.peers.certify import CertifyError, report  # noqa: PLC0415

    try:
        pairs = dict(_pair(text) for text in arguments.printed)
        lines = report(arguments.data, arguments.response, arguments.group, arguments.fixed, pairs)
    except CertifyError as error:
        parser.error(str(error))
    print("\n".join(lines))
    return 0


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise SystemExit(f"lmm-verify: {text!r} is no NAME=VALUE")
    return name, value
