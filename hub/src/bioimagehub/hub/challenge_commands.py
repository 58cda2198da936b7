"""The command ``bioimagehub challenge``: its arguments. What it does is in `bioimagehub.challenges.commands`.

The arguments are here because importing the challenges takes a third of a second, which ``bioimagehub --help``
does not wait for.
"""

from __future__ import annotations

import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    Parser = argparse.ArgumentParser
    Actions = argparse._SubParsersAction[argparse.ArgumentParser]


def add_commands(subparsers: Actions) -> None:
    """Add ``challenge`` and its sub-commands to a parser."""
    challenge = subparsers.add_parser(
        "challenge",
        help="make, check and score challenges; submit to them; make and export their boards",
        description="Work on challenges.",
    )
    actions = challenge.add_subparsers(title="actions", metavar="ACTION", required=True)
    for add in (_add_new, _add_check, _add_score, _add_submit, _add_board, _add_rescore, _add_export):
        add(actions)


def run_action(name: str, arguments: argparse.Namespace) -> int:
    """Run a sub-command; say on standard error why it failed."""
    from bioimagehub.challenges.errors import ChallengeError

    try:
        status: int = import_module(f"bioimagehub.challenges.commands.{name}").run(arguments)
    except ChallengeError as error:
        print(f"bioimagehub: {error}", file=sys.stderr)
        return 1
    return status


def _add(actions: Actions, name: str, what: str, *, challenge: bool = True, root: bool = True) -> Parser:
    parser = actions.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
    parser.set_defaults(run=partial(run_action, name))
    if challenge:
        parser.add_argument("challenge", type=Path, metavar="CHALLENGE", help="challenge file, or its folder")
    if root:
        parser.add_argument("--root", type=Path, metavar="FOLDER", help="where hidden truth and keys are kept")
    return parser


def _add_new(actions: Actions) -> None:
    parser = _add(actions, "new", "write a small challenge to begin with", challenge=False, root=False)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder to make")
    parser.add_argument("--task", default="instance_segmentation", help="what methods shall do")
    parser.add_argument("--name", help="name of the challenge (default: that of the folder)")


def _add_check(actions: Actions) -> None:
    parser = _add(actions, "check", "check a challenge: its file, its controls and its pitfalls")
    _add_json(parser)


def _add_score(actions: Actions) -> None:
    parser = _add(actions, "score", "score predictions with the code that scores officially")
    parser.add_argument("predictions", type=Path, metavar="PREDICTIONS", help="folder or zip file of predictions")
    parser.add_argument("--split", help="which split (default: the first whose truth is not hidden)")
    parser.add_argument("--into", type=Path, metavar="FILE", help="also write the result as JSON")
    parser.add_argument("--known", type=Path, metavar="FILE", help="an earlier result; what did not change is kept")
    parser.add_argument("--cases", action="store_true", help="print the scores of each case, too")
    _add_json(parser)


def _add_submit(actions: Actions) -> None:
    parser = _add(actions, "submit", "send predictions to the challenge of a hub", root=False)
    parser.add_argument("predictions", type=Path, metavar="PREDICTIONS", help="folder or zip file of predictions")
    parser.add_argument("--phase", help="which phase (default: the only one)")
    parser.add_argument("--hub", metavar="ADDRESS", help="address of the portal (default: BIOIMAGEHUB_PORTAL_URL)")
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE", help="file with a token (default: BIOIMAGEHUB_TOKEN holds it)"
    )
    parser.add_argument("--entry", help="name of the row on the board")


def _add_board(actions: Actions) -> None:
    parser = _add(actions, "board", "rank results and say how sure the ranks are")
    _add_results(parser)
    _add_json(parser)


def _add_rescore(actions: Actions) -> None:
    parser = _add(actions, "rescore", "score entries again where something changed, and compare the boards")
    parser.add_argument(
        "results", type=Path, metavar="RESULTS", help="folder with the result of each entry, ENTRY.json"
    )
    parser.add_argument(
        "predictions",
        type=Path,
        metavar="PREDICTIONS",
        help="folder with the predictions of each entry, ENTRY or ENTRY.zip",
    )
    parser.add_argument("--phase", help="which phase (default: the only one)")
    parser.add_argument("--dry-run", action="store_true", help="compare only, and leave the results as they are")


def _add_export(actions: Actions) -> None:
    parser = _add(actions, "export", "write a board as files that need no server")
    _add_results(parser)
    parser.add_argument("--into", type=Path, required=True, metavar="FOLDER", help="folder to write")


def _add_results(parser: Parser) -> None:
    parser.add_argument(
        "results",
        type=Path,
        nargs="+",
        metavar="RESULT",
        help="result file, named after its entry; or a folder of them",
    )
    parser.add_argument("--phase", help="which phase (default: the only one)")
    parser.add_argument("--no-controls", action="store_true", help="leave out the rows of the controls")
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap (default: 0)")
    parser.add_argument("--samples", type=int, default=1000, help="of the bootstrap (default: 1000)")


def _add_json(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
