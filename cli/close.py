"""`graduand close`: the close of a month through the flow, told in a few lines."""

import argparse
import re
import sys
from datetime import UTC, datetime
from textwrap import indent

from config.settings import settings_from_environment
from tasks.core.errors import GraduandError
from tasks.core.month_end.close_report import CloseReport, Signature
from tasks.core.month_end.periods import PeriodState
from tasks.core.plan import PlanError
from tasks.pages.close import close_line, run_name
from tasks.pages.text import LONGEST_SENTENCE, amount, plain

_PERIOD = re.compile(r"20\d\d-(0[1-9]|1[0-2])", re.ASCII)


class CloseError(GraduandError):
    """The flow ended without an answer."""


def main(chosen: argparse.Namespace) -> int:
    """Run the flow; 0 if nothing is left to do, 1 if something is."""
    # Only now: the flow reads configuration and settings when it is imported.
    from flows.month_close import month_close  # noqa: PLC0415  # see above
    from tasks.close import periods_to_close  # noqa: PLC0415  # see above
    from tasks.pull import check_stores  # noqa: PLC0415  # see above

    if chosen.period is not None and _PERIOD.fullmatch(chosen.period) is None:
        print("graduand: give --period as a month, e.g. 2026-10", file=sys.stderr)
        return 2
    # The flow asks the same, and would tell it below pages of traceback.
    check_stores()
    try:
        periods_to_close(chosen.period, settings_from_environment().now or datetime.now(UTC))
    except PlanError as error:
        print(f"graduand: {error}", file=sys.stderr)
        return 2
    state = month_close(period=chosen.period, dry_run=chosen.dry_run, return_state=True)
    # A signed line that closes nothing fails the run, and its reports say why.
    reports = state.data if isinstance(state.data, list) else state.result(raise_on_failure=False)
    if not isinstance(reports, list):
        message = f"the close ended {state.name}: {state.message}"
        raise CloseError(message)
    for report in reports:
        _tell(report)
    return 0 if not any(report.things_left() for report in reports) else 1


def _tell(report: CloseReport) -> None:
    print(f"\n  {run_name([report])}")
    for row in report.rows:
        owed = amount(row.payable_nano(), row.currency)
        print(f"    {plain(row.issuer):<14}{owed:>14}  invoice: {row.invoice.value}")
    for one in report.missing():
        which = f" ({', '.join(one.which)})" if one.which else ""
        print(f"    not yet       {plain(f'{one.what}{which}: {one.todo}', LONGEST_SENTENCE)}")
    if report.state is not PeriodState.CLOSED and report.signature is not Signature.FITS:
        print("    to sign, merge into `closes` of finance.yaml:")
        print(indent(close_line(report), "    "))
