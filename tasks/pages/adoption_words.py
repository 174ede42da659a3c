"""The first day in words that the terminal and the report share."""

from tasks.core.adoption.drafts import Draft
from tasks.core.adoption.next_steps import Step, StepKind
from tasks.core.totals import Coverage

_PPM_PER_TENTH = 1_000
_UP_TO = frozenset({StepKind.OWNER, StepKind.STAMP, StepKind.KEYS, StepKind.LOGS})


def step_words(step: Step) -> str:
    """Say what to do, and on what evidence; untrusted text is not escaped yet."""
    account = account_name(step.issuer, step.subject)
    why = step.reason
    own_key = f"give CI and each workflow on {account} its own key, or connect its logs"
    return {
        StepKind.MERGE: "merge the drafted catalog, once you have read it",
        StepKind.OWNER: f"declare {account} as owned by {step.workflow} ({why})",
        StepKind.STAMP: f"stamp the runs on {account} ({why})",
        StepKind.KEYS: f"{own_key} ({why})",
        StepKind.LOGS: f"connect agent logs, OpenTelemetry or a gateway for {account} ({why})",
        StepKind.BILL: f"connect the bill of {step.subject}: {why}, dollars unknown",
        StepKind.INVOICE: f"connect the invoices of {step.subject}: ties its bill to what is paid",
    }[step.kind]


def account_name(issuer: str, account: str) -> str:
    """Name an account, with its issuer unless it says that itself."""
    return account if account.startswith(f"{issuer}:") else f"{issuer} {account}"


def paste_words(step: Step) -> str:
    """Give the line of the catalog that a step needs; empty where it needs none."""
    if step.kind is StepKind.OWNER:
        return f"{step.workflow}: match: {{accounts: [{step.subject}]}}"
    return ""


def points(step: Step) -> str:
    """Print what a step would add to coverage, in points with one decimal, rounded down."""
    if step.points_ppm is None:
        return ""
    tenths = step.points_ppm // _PPM_PER_TENTH
    bound = "<= " if step.kind in _UP_TO else ""
    return f"{bound}+{tenths // 10}.{tenths % 10}"


def nameless_words(count: int) -> str:
    """Say what would tell pull requests apart that only their branches could."""
    return (
        f"{count} of them carry no stamp, on branches whose names are not kept: declare the "
        "beginnings your agents use as `branch_prefixes` of the source, and read again with "
        "`--repull`"
    )


def draft_outcome(draft: Draft) -> str:
    """Say what became of a draft's pull requests."""
    counts = draft.counts
    if not counts.total():
        return "no pull request carries its stamp"
    reverted = f" ({counts.reverted} taken back)" if counts.reverted else ""
    stands = f"{counts.merged} merged{reverted}, {counts.closed} closed, {counts.open} open"
    unknown = f", {counts.unknown} unknown" if counts.unknown else ""
    good = f"{counts.success} good, {counts.failure} failed{unknown}"
    matured = f"of {counts.matured()} matured {good}" if counts.matured() else "none matured yet"
    later = f"; {draft.unmatched} count only once they are stamped" if draft.unmatched else ""
    return f"{stands}; {matured}{later}"


def draft_signals(draft: Draft) -> str:
    """Say which signals fired on how many pull requests, and on how many logged runs."""
    fired = [f"{signal.value} {count}" for signal, count in draft.signals]
    logged = [f"stamp of {draft.runs} logged runs"] if draft.runs else []
    return ", ".join([*fired, *logged])


def explained_ppm(coverage: tuple[Coverage, ...], currency: str) -> int | None:
    """Give the explained share of a currency's usage charges; None where there are none."""
    for one in coverage:
        if one.currency == currency and one.gross_nano() > 0:
            explained = one.evidenced_nano + one.inferred_nano
            return 1_000_000 * explained // one.gross_nano()
    return None
