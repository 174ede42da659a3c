"""A night as people read it: its name, what to do now, the tie-out, families.

Markdown for Prefect artifacts. Every word that came from outside is escaped; figures are
rounded for reading only.
"""

from datetime import datetime, timedelta

from tasks.core.month_end.corrections import others_without, pools_without
from tasks.core.night_report import NightReport
from tasks.core.totals import Leak
from tasks.pages.breaks import break_tasks
from tasks.pages.contracts import prepaid_section, seats_section
from tasks.pages.corrections import corrections_section
from tasks.pages.documents import invoices_section, offers_section
from tasks.pages.finding_tasks import finding_tasks
from tasks.pages.meanings import FINDINGS
from tasks.pages.pools import pool_tasks
from tasks.pages.rounding import in_cents
from tasks.pages.squad_use import squad_use_section
from tasks.pages.text import LONGEST_SENTENCE, amount, markdown, numbered, share, shares, table
from tasks.pages.tie_table import tie_table

#: Lines of a list that a person still reads; the others are counted.
_SHOWN = 8


def run_name(night: NightReport) -> str:
    """Name a run by its answer, e.g. `2026-11-20 · tied · 86 % · 2 new`."""
    plan = night.plan
    is_usual = plan.end == plan.as_of.date() - timedelta(days=1)
    days = str(plan.as_of.date()) if is_usual else f"{plan.start} to {plan.end}"
    words = [days, night.status, share(night.coverage_ppm()), f"{night.new_breaks()} new"]
    if plan.is_past:
        words.append("as of then")
    if night.is_dry_run:
        words.append("dry run")
    return " · ".join(words)


def what_to_do(night: NightReport) -> str:
    """Say first what a person should do now, and how sure the figures are."""
    todo = [*_failures(night), *_reasons(night), *break_tasks(night), *pool_tasks(night)]
    todo += [*_finding_tasks(night), *_leak_tasks(night)]
    lines = [f"# {_verdict(night)}", "", _confidence(night), ""]
    if todo:
        lines += ["## What to do now", "", *numbered(todo), ""]
    else:
        lines += ["Nothing to do now.", ""]
    return "\n".join([*lines, _footer(night)])


def tie_out(night: NightReport) -> str:
    """Show how logs, usage and charges of each issuer meet, with a name for every residual."""
    parts = ["# Tie-out", "", _window(night), ""]
    for tie in night.books.ties:
        parts += [f"## {markdown(tie.issuer)}", "", tie_table(tie), ""]
    parts.append(
        "*Logged* is our own estimate (runs × price card), *metered* the vendor's usage × the same"
        " card, *billed* what it charged. Every difference has a name or lies within tolerance."
        " Booked is what was billed and what contracts say is owed."
    )
    parts += invoices_section(night.books.settlements)
    parts += offers_section(night.books.offers, night.contract_diff)
    return "\n".join(parts)


def families(night: NightReport) -> str:
    """Show exploration and production of every family side by side, and the rest below."""
    books = night.books
    rows = []
    for row in pools_without(books.families, night.corrections):
        # Each rounded alone, as below by workflow; what is together is the sum of what is shown.
        pair = [in_cents([nano])[0] for nano in (row.exploration_nano, row.production_nano)]
        figures = (amount(nano, row.currency) for nano in (*pair, sum(pair)))
        rows.append((markdown(row.portfolio), markdown(row.family), *figures))
    head = ("Portfolio", "Family", "Exploration", "Production", "Together")
    parts = ["# Families", "", _window(night), "", table(head, rows, right=frozenset({2, 3, 4}))]
    if books.others:
        parts += ["", "## Not in a family", "", _other_table(night)]
    parts += ["", "## By workflow", "", _workflow_table(night)]
    parts += corrections_section(night.corrections)
    parts += [*seats_section(books.seats), *prepaid_section(books.prepaid)]
    if books.leaks:
        parts += ["", "## Leaks: one pool paid for the other's work", "", _leak_table(night)]
    parts += squad_use_section(night.squad_use)
    return "\n".join(parts)


def _verdict(night: NightReport) -> str:
    booked = [(name, nano) for name, nano in night.books.totals if name.startswith("booked:")]
    money = " and ".join(amount(nano, name.partition(":")[2]) for name, nano in booked)
    words = {
        "tied": f"Tied: {money} is owed for these days, and all of it is booked",
        "partial": f"Partial: {money} is owed and booked so far; something is missing",
        "held": f"Held: {money} is owed; some days are left as they were booked before",
    }
    return words[night.status] if booked else "Nothing is owed for these days"


def _confidence(night: NightReport) -> str:
    words = ("evidenced", "inferred", "unexplained")
    explained = [
        f"{percent} {word}"
        for one in night.books.coverage
        for percent, word in zip(
            shares((one.evidenced_nano, one.inferred_nano, one.unexplained_nano)),
            words,
            strict=False,
        )
    ]
    return (
        f"{_window(night)} Complete: {share(night.books.completeness_ppm)} of expected"
        f" source-days. Of usage charges: {', '.join(explained) or 'none'}."
    )


def _window(night: NightReport) -> str:
    plan = night.plan
    moment = f"{plan.as_of:%Y-%m-%d %H:%M} UTC"
    return f"{plan.start} to {plan.end}, as of {moment}."


def _failures(night: NightReport) -> list[str]:
    streams: dict[tuple[str, str, datetime | None], list[str]] = {}
    for one in night.failures:
        streams.setdefault((one.source, one.detail, one.wait_until), []).append(one.stream)
    lines = []
    for (source, detail, wait_until), names in streams.items():
        until = f" It answers again at {wait_until:%Y-%m-%d %H:%M} UTC." if wait_until else ""
        lines.append(
            f"**{markdown(source)}** ({', '.join(markdown(name) for name in names)}) was not read:"
            f" {markdown(detail, LONGEST_SENTENCE)}.{until}"
        )
    return lines


def _reasons(night: NightReport) -> list[str]:
    told = {f"{one.source}: {one.detail}" for one in night.failures}
    lines = []
    for reason in night.reasons:
        if reason in told:
            continue
        words = markdown(reason[0].upper() + reason[1:], LONGEST_SENTENCE)
        todo = FINDINGS["day_missing"]
        is_missing = reason.startswith("missing: ")
        lines.append(f"{words}. {todo[0].upper()}{todo[1:]}." if is_missing else f"{words}.")
    return lines


def _finding_tasks(night: NightReport) -> list[str]:
    codes = set(night.finding_codes()) - {"day_missing"}  # told as a reason already
    return finding_tasks(one for code in codes for one in night.findings_of(code))


def _leak_tasks(night: NightReport) -> list[str]:
    """Ask once for each way that money leaks, naming its workflows, largest first."""
    ways: dict[tuple[str, str, str], list[Leak]] = {}
    for leak in sorted(night.books.leaks, key=lambda leak: -leak.amount_nano):
        ways.setdefault((leak.pool, leak.paid_from, leak.currency), []).append(leak)
    lines = []
    for (pool, paid_from, currency), leaks in ways.items():
        shown = [
            f"**{amount(leak.amount_nano, currency)}** of {markdown(leak.workflow)}"
            for leak in leaks[:_SHOWN]
        ]
        if len(leaks) > _SHOWN:
            shown.append(f"{len(leaks) - _SHOWN:,} more")
        their = "its key, or change its stage" if len(leaks) == 1 else "keys, or change stages"
        lines.append(
            f"Work for {pool} was paid from {paid_from}: {', '.join(shown)}. Move {their}."
        )
    return lines


def _other_table(night: NightReport) -> str:
    rows = [
        (
            markdown(row.portfolio) or "organisation",
            markdown(row.kind.replace("_", " ")),
            amount(row.amount_nano, row.currency),
        )
        for row in others_without(night.books.others, night.corrections)
    ]
    return table(("Portfolio", "Carried by no family", "Amount"), rows, right=frozenset({2}))


def _workflow_table(night: NightReport) -> str:
    rows = [
        (
            markdown(row.family),
            markdown(row.workflow),
            amount(row.exploration_nano, row.currency),
            amount(row.production_nano, row.currency),
        )
        for row in pools_without(night.books.workflows, night.corrections)
    ]
    return table(("Family", "Workflow", "Exploration", "Production"), rows, right=frozenset({2, 3}))


def _leak_table(night: NightReport) -> str:
    rows = [
        (
            markdown(leak.workflow),
            leak.pool,
            leak.paid_from,
            amount(leak.amount_nano, leak.currency),
        )
        for leak in night.books.leaks
    ]
    return table(("Workflow", "Entitled to", "Paid from", "Amount"), rows, right=frozenset({3}))


def _footer(night: NightReport) -> str:
    causes = ", ".join(
        f"{_count(count, 'entry', 'entries')} {cause}" for cause, count in night.causes
    )
    if night.plan.is_past:
        booked = "Computed as of a past moment: nothing was booked."
    elif night.is_dry_run:
        booked = f"Dry run: nothing was booked; it would be {causes or 'nothing'}."
    else:
        booked = f"Booked: {causes or 'nothing new'}."
    chain = f" Chain head `{night.head[:16]}`." if night.head else ""
    return f"{booked} Digest `{night.digest[:16]}`.{chain}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
