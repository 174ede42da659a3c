"""The close of a month as people read it: what to do now, the line to merge, what is owed.

Markdown for Prefect artifacts. Every word that came from outside is escaped; figures are
rounded for reading only.
"""

from collections.abc import Sequence

from tasks.core.days import period_days
from tasks.core.month_end.close_report import CloseReport, InvoiceState, IssuerRow, Signature
from tasks.core.month_end.closing import Precondition
from tasks.core.month_end.periods import Act, PeriodState
from tasks.pages.text import LONGEST_SENTENCE, amount, markdown, numbered, table

_HEAD_CHARS = 16
#: Periods in the name of a run; the older ones are counted.
_NAMED = 3
_FIGURES = frozenset({2, 3, 4, 5, 6})


def run_name(reports: Sequence[CloseReport]) -> str:
    """Name a run by its answer, e.g. `2026-10 · soft-closed · 2 things left`."""
    newest = [_name(report) for report in reports[-_NAMED:]]
    rest = len(reports) - len(newest)
    return ", ".join([*newest, f"and {rest} older"] if rest else newest)


def what_to_do(reports: Sequence[CloseReport]) -> str:
    """Say of each period first what is left, then what holds already."""
    return "\n".join(line for report in reports for line in _period(report))


def roll_up(reports: Sequence[CloseReport]) -> str:
    """Show what each period owes its issuers, and what of it is no bill yet."""
    lines = ["# What the periods owe", ""]
    for report in reports:
        lines += [f"## {report.period}, {report.state.value}", ""]
        lines += [_owed(report.rows) if report.rows else "Nothing is booked in it.", ""]
        lines += _accrued(report)
    lines.append(
        "*Owed* is what was billed for the period or is owed by contract. *Accrued* was metered and"
        " not billed at the soft close; the bill takes it back. *Settled* is what invoices differed"
        " by within the policy. *Corrections* belong to closed periods and count in no budget. They"
        " sum to *payable*."
    )
    return "\n".join(lines)


def close_line(report: CloseReport) -> str:
    """Write the lines that sign the books as they are, ready to be merged into finance.yaml."""
    # One field a line: the digest alone nearly fills the width of a page.
    return (
        f'  - billing_period: "{report.period}"\n'
        "    by: <role>\n"
        f"    on: {report.as_of.date()}\n"
        f'    digest: "{report.digest}"'
    )


def _name(report: CloseReport) -> str:
    words = [report.period, report.state.value]
    left = report.things_left()
    if report.is_refused():
        words.append("signed for other books")
    elif left and report.state is not PeriodState.OPEN:
        words.append(f"{left} thing{'' if left == 1 else 's'} left")
    elif report.state is PeriodState.OPEN:
        is_due = report.as_of.date() >= report.soft_close_on
        words.append("nothing booked" if is_due else f"soft close on {report.soft_close_on}")
    if report.is_dry_run:
        words.append("dry run")
    return " · ".join(words)


def _period(report: CloseReport) -> list[str]:
    lines = [f"# {_verdict(report)}", ""]
    lines += _done(report)
    if report.state is PeriodState.CLOSED:
        return [*lines, *_closed(report)]
    if not report.checks:
        return [*lines, "Run it again to see what a new close needs.", ""]
    todo = [_todo(one) for one in report.missing()]
    if report.signature is Signature.OTHER_DIGEST and report.signed is not None:
        todo.append(
            f"**The line signed by {markdown(report.signed.by)} on {report.signed.on} closes"
            f" nothing**: it names digest `{report.signed.digest[:_HEAD_CHARS]}`, the books have"
            f" `{report.digest[:_HEAD_CHARS]}`. Look at what changed, then replace it."
        )
    if report.signature is not Signature.FITS:
        after = "Once the above is done, merge" if report.missing() else "Merge"
        todo.append(f"{after} the lines below into `closes` of finance.yaml, with your role.")
    lines += ["## What to do now", "", *numbered(todo)]
    if not todo:
        lines.append("Nothing: the next run that is no dry run closes it.")
    if report.signature is not Signature.FITS:
        lines += ["", "```yaml", "closes:", close_line(report), "```", ""]
        lines.append("It signs the books as they are now; if they change, the digest does.")
    lines += ["", "## What a close needs", "", *map(_check, report.checks), ""]
    return lines


def _verdict(report: CloseReport) -> str:
    if report.state is PeriodState.CLOSED:
        return f"{report.period} is closed"
    if report.is_refused():
        return f"{report.period} is {report.state.value}, and was signed for other books"
    left = report.things_left()
    if left == 0:
        return f"{report.period} is ready to close"
    return f"{report.period} is {report.state.value}: {left} thing{'' if left == 1 else 's'} left"


def _done(report: CloseReport) -> list[str]:
    will = "This run would have" if report.is_dry_run else "This run has"
    lines = []
    for act in report.done:
        if act.act is Act.SOFT_CLOSED:
            accrued = " and ".join(amount(nano, currency) for currency, nano in report.accrued)
            lines.append(f"{will} soft-closed it; accrued: {accrued or 'nothing'}.")
        elif act.act is Act.CLOSED:
            lines.append(f"{will} closed it, signed by {markdown(act.by)} on {act.on}.")
        else:
            reason = markdown(act.reason, LONGEST_SENTENCE)
            lines.append(f"{will} reopened it, by {markdown(act.by)} on {act.on}: {reason}.")
    return [*lines, ""] if lines else []


def _closed(report: CloseReport) -> list[str]:
    act = report.closed_by
    if act is None:
        return []
    signed = f"Signed by {markdown(act.by)} on {act.on}, for digest `{act.digest}`."
    lines = [
        f"{signed} Corrections are booked in {report.takes_over}; they name {report.period}.",
        "",
        "To open it again, merge a line into `reopenings` of finance.yaml, with role and reason.",
        "",
    ]
    if act.named:
        names = ", ".join(markdown(name) for name in act.named)
        lines += [f"Closed without: {names}. What still comes of it is a correction.", ""]
    return lines


def _todo(one: Precondition) -> str:
    which = ", ".join(markdown(name) for name in one.which)
    about = f" ({which})" if which else ""
    return f"Not yet so: **{one.what}**{about}. {one.todo[:1].upper()}{one.todo[1:]}."


def _check(one: Precondition) -> str:
    """Tell one thing that a close needs; what one lacks is said above, with what to do."""
    which = ", ".join(markdown(name) for name in one.which) if one.holds else ""
    return f"- {'yes' if one.holds else '**no**'}: {one.what}{f' ({which})' if which else ''}"


def _owed(rows: Sequence[IssuerRow]) -> str:
    told = {
        InvoiceState.NONE: "none on file",
        InvoiceState.AGREED: "agrees",
        InvoiceState.ROUNDED: "agrees after settlement",
        InvoiceState.BROKEN: "**differs**",
    }
    head = ("Issuer", "Invoice", "Owed", "Accrued", "Settled", "Corrections", "Payable")
    lines = [
        (
            markdown(row.issuer),
            told[row.invoice],
            *(
                amount(nano, row.currency)
                for nano in (
                    *(row.owed_nano, row.accrual_nano, row.settled_nano, row.corrections_nano),
                    row.payable_nano(),
                )
            ),
        )
        for row in rows
    ]
    return table(head, lines, right=_FIGURES)


def _accrued(report: CloseReport) -> list[str]:
    if not report.unpriced:
        return []
    names = ", ".join(markdown(name) for name in report.unpriced)
    last = period_days(report.period)[-1]
    return [f"Metered by {last} without a known price, and so not accrued: {names}.", ""]
