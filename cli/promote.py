"""`graduand promote`: the candidate list through the flow, told in a few lines."""

import argparse
import sys
from datetime import UTC, datetime

from config.load import load_config
from config.settings import settings_from_environment
from tasks.core.errors import GraduandError
from tasks.core.promotion.gate_words import verdict_words
from tasks.core.promotion.verdict import Kind
from tasks.core.review.promotion_report import PromotionReport
from tasks.pages.candidates import listed_cases, summary
from tasks.pages.text import LONGEST_SENTENCE, plain


class PromoteError(GraduandError):
    """The flow ended without an answer."""


def main(chosen: argparse.Namespace) -> int:
    """Run the flow; 0 if it ended, and every ticket that it should write is written."""
    # Only now: the flow reads configuration and settings when it is imported.
    from flows.weekly_promotion import weekly_promotion  # noqa: PLC0415  # see above
    from tasks.pull import check_stores  # noqa: PLC0415  # see above

    problem = _problem(chosen)
    if problem:
        print(f"graduand: {problem}", file=sys.stderr)
        return 2
    # The flow asks the same, and would tell it below pages of traceback.
    check_stores()
    state = weekly_promotion(
        workflows=chosen.workflows or [],
        as_of=chosen.as_of,
        open_tickets=chosen.open_tickets,
        dry_run=chosen.dry_run,
        return_state=True,
    )
    report = state.result(raise_on_failure=False)
    if not isinstance(report, PromotionReport):
        message = f"the look ended {state.name}: {state.message}"
        raise PromoteError(message)
    tell(report)
    return 1 if report.problems else 0


def tell(report: PromotionReport) -> None:
    """Print one line a workflow, those closest to a decision first."""
    print(f"\n  {report.asking.as_of:%Y-%m-%d} · {plain(summary(report), LONGEST_SENTENCE)}")
    listed = listed_cases(report)
    ending = report.of_kind(Kind.RETIRE, Kind.REGRESSING)
    for case in (*listed, *(one for one in ending if one not in listed)):
        sentence = plain(case.verdict.sentence, LONGEST_SENTENCE)
        print(f"    {plain(case.verdict.workflow):<24}{verdict_words(case.verdict):<18}{sentence}")
    for problem in report.problems:
        print(f"    to do         {plain(problem, LONGEST_SENTENCE)}")


def _problem(chosen: argparse.Namespace) -> str:
    """Say what makes no sense about a request, before any work."""
    settings = settings_from_environment()
    known = [one.id for one in load_config(settings.config_dir).catalog.workflows]
    for name in chosen.workflows or ():
        if name not in known:
            return f"{name!r} is not a workflow of catalog.yaml; there are: {', '.join(known)}"
    if chosen.as_of is None:
        return ""
    if chosen.as_of.utcoffset() is None:
        return f"--as-of {chosen.as_of.isoformat()} names no time zone: add one, e.g. a final Z"
    if chosen.as_of > (settings.now or datetime.now(UTC)):
        return f"--as-of {chosen.as_of.isoformat()} lies in the future"
    return ""
