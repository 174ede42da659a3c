"""Stage: soft-close, close and reopen billing periods, and say what is left.

Rules R15 and R16 of `docs/arithmetic.md`. Nothing is ever reset: a close only decides where
later corrections are booked. The sign-off is a merged line of `finance.yaml`.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from config.load import Config, load_config
from config.settings import Settings, settings_from_environment
from config.shapes.finance import Invoice
from config.shapes.sources import ChargeSource
from tasks.core.books import BreakClass
from tasks.core.days import period_days
from tasks.core.errors import StaleNightError
from tasks.core.month_end.accruals import Accrued, accrual_night, accruals_of
from tasks.core.month_end.close_report import (
    CloseReport,
    IssuerRow,
    Signature,
    issuer_rows,
    signature_of,
)
from tasks.core.month_end.closing import InvoiceBreak, PeriodFacts, checklist, expected_days
from tasks.core.month_end.periods import (
    Act,
    PeriodAct,
    PeriodState,
    business_day,
    closed_map,
    due_periods,
    is_new_reopening,
    last_acts,
    look_back,
    newest_number,
    ranges,
    state_of,
)
from tasks.core.ownership import Ownership
from tasks.core.plan import Plan, PlanError
from tasks.core.standing import second_opinions
from tasks.core.tables import SQUAD_USE
from tasks.core.totals import completeness_ppm
from tasks.lake.store import Lake
from tasks.ledger.booking import Booking
from tasks.ledger.ledger import Ledger
from tasks.ledger.periods import PeriodReading
from tasks.night_inputs import Gathered, gather
from tasks.pages import close as pages
from tasks.sources.registry import adapter_of, enabled_sources

log = logging.getLogger(__name__)

#: Times a close is computed again because something newer arrived meanwhile.
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class _Run:
    """What one look at a period goes by."""

    period: str
    as_of: datetime
    is_dry_run: bool
    config: Config
    acts: list[PeriodAct]
    lake: Lake
    ledger: Ledger

    @property
    def today(self) -> date:
        return self.as_of.date()

    @property
    def state(self) -> PeriodState:
        return state_of(self.period, self.acts)


def night_looks_back_to(as_of: datetime) -> date | None:
    """Give the first day of the oldest period that is not closed; None while none was acted upon.

    Raises:
        LakeError, LedgerError: A store cannot be used.
    """
    _, ledger = _stores(settings_from_environment())
    with ledger:
        return look_back(ledger.period_acts(by=as_of))


def periods_to_close(period: str | None, as_of: datetime) -> list[str]:
    """Name the periods that a run is about, oldest first.

    Args:
        period: The one that was asked for; None for every one that asks for something.
        as_of: Aware UTC.

    Raises:
        PlanError: The period has not ended yet.
    """
    today = as_of.date()
    if period is not None:
        last = period_days(period)[-1]
        if last >= today:
            message = f"{period} has not ended yet: it can be closed after {last}"
            raise PlanError(message)
        return [period]
    settings = settings_from_environment()
    finance = load_config(settings.config_dir).finance
    _, ledger = _stores(settings)
    with ledger:
        return due_periods(ledger.period_acts(), finance.reopenings, today)


@task(name="close", task_run_name="close {period}")
def close_period(period: str, *, as_of: datetime, dry_run: bool) -> CloseReport:
    """Take a period as far as acts, policy and signatures let it go today.

    Args:
        period: `YYYY-MM`, ended.
        as_of: Aware UTC.
        dry_run: Look and tell, record nothing.

    Raises:
        StaleNightError: Other runs kept booking meanwhile; nothing was recorded for the period.
    """
    settings = settings_from_environment()
    lake, ledger = _stores(settings)
    with ledger:
        ledger.check_guards()
        for _ in range(_ATTEMPTS):
            config = load_config(settings.config_dir)
            if not dry_run:
                for kind, body in config.bodies().items():
                    ledger.store_config_version(kind, config.digests[kind], body, as_of)
            run = _Run(period, as_of, dry_run, config, ledger.period_acts(), lake, ledger)
            try:
                return _closed(run)
            except StaleNightError as error:
                log.info("looking again: %s", error)
    message = (
        f"the close of {period} was overtaken {_ATTEMPTS} times by other runs and recorded "
        "nothing: run it again"
    )
    raise StaleNightError(message)


@task(name="report close", task_run_name="report close")
def report_close(reports: list[CloseReport]) -> None:
    """Publish what to do now, and what each period owes."""
    create_markdown_artifact(
        pages.what_to_do(reports), key="month-close", description="What to do now"
    )
    create_markdown_artifact(
        pages.roll_up(reports), key="month-close-owed", description="What the periods owe"
    )


def close_state(reports: list[CloseReport]) -> State[list[CloseReport]]:
    """End a run by its answer; one with a signed line that closes nothing fails as `Refused`."""
    message = pages.run_name(reports)
    if any(report.is_refused() for report in reports):
        return Failed(name="Refused", message=message, data=reports)
    return Completed(message=message, data=reports)


def _stores(settings: Settings) -> tuple[Lake, Ledger]:
    lake = Lake.open(settings.lake_dir)
    return lake, Ledger.open(settings.database_url.get_secret_value(), lake_id=lake.lake_id)


def _closed(run: _Run) -> CloseReport:
    if run.state is PeriodState.CLOSED:
        return _reopened(run)
    gathered = gather(_plan_of(run), run.config, run.lake, run.ledger)
    done: list[PeriodAct] = []
    accrued = Accrued((), ())
    if run.state is PeriodState.OPEN and run.today >= _soft_close_on(run):
        accrued = _accrued(run, gathered)
        # A month from before the first night is not closed, only passed over.
        if accrued.entries or any(day in _days(run) for _, day in gathered.previous):
            done.append(_soft_closed(run, gathered, accrued))
    reading = run.ledger.nights_of_period(run.period, _billing_streams(run))
    facts = _facts(run, gathered, reading, state_of(run.period, [*run.acts, *done]))
    checks = checklist(facts)
    signature, line = signature_of(
        run.config.finance.closes, run.acts, run.period, reading.digest, run.today
    )
    if line is not None and signature is Signature.FITS and all(one.holds for one in checks):
        act = PeriodAct(
            *(run.period, Act.CLOSED, run.as_of, line.by, line.on),
            digest=line.digest,
            named=ranges(facts.unbooked()),
        )
        done.append(act if run.is_dry_run else run.ledger.record_act(act))
    report = CloseReport(
        period=run.period,
        as_of=run.as_of,
        is_dry_run=run.is_dry_run,
        state=run.state if run.is_dry_run else state_of(run.period, [*run.acts, *done]),
        done=tuple(done),
        checks=checks,
        signature=signature,
        signed=line,
        digest=reading.digest,
        rows=_rows(run, gathered.inputs.finance.invoices, facts.breaks),
        soft_close_on=_soft_close_on(run),
        accrued=tuple(sorted(accrued.total_nano().items())),
        unpriced=accrued.unpriced,
    )
    return _with_close(report, [*run.acts, *done])


def _soft_closed(run: _Run, gathered: Gathered, accrued: Accrued) -> PeriodAct:
    act = PeriodAct(run.period, Act.SOFT_CLOSED, run.as_of)
    if run.is_dry_run:
        return act
    return run.ledger.soft_close(act, _accrual_night(run, gathered, accrued), run.acts)


def _facts(
    run: _Run, gathered: Gathered, reading: PeriodReading, state: PeriodState
) -> PeriodFacts:
    days = period_days(run.period)
    sources = enabled_sources(run.config.sources)
    issuers = {source.issuer for source in sources if isinstance(source, ChargeSource)}
    return PeriodFacts(
        period=run.period,
        today=run.today,
        state=state,
        policy=run.config.policy.periods,
        expected=expected_days(run.period, issuers, run.config.finance.seats),
        booked=gathered.previous.keys(),
        held=reading.held | {one for one in gathered.standing.held if one[1] in days},
        quarantine=gathered.inputs.quarantine,
        breaks=_invoice_breaks(run),
        dispositions=run.config.finance.dispositions,
        read_on=reading.read_at.date() if reading.read_at else None,
    )


def _rows(
    run: _Run, invoices: Sequence[Invoice], breaks: Sequence[InvoiceBreak]
) -> tuple[IssuerRow, ...]:
    posted = run.ledger.period_books(run.period).posted
    return issuer_rows(posted, run.period, invoices, breaks)


def _days(run: _Run) -> tuple[date, ...]:
    return period_days(run.period)


def _plan_of(run: _Run) -> Plan:
    days = _days(run)
    return Plan(start=days[0], end=days[-1], as_of=run.as_of, is_past=False, orders=())


def _reopened(run: _Run) -> CloseReport:
    """Reopen a closed period if a line says so; otherwise tell that it is closed."""
    line = next(
        (
            one
            for one in run.config.finance.reopenings
            if one.billing_period == run.period and is_new_reopening(one, run.acts, run.today)
        ),
        None,
    )
    done: tuple[PeriodAct, ...] = ()
    if line is not None:
        act = PeriodAct(
            *(run.period, Act.REOPENED, run.as_of, line.by, line.on), reason=line.reason
        )
        done = (act if run.is_dry_run else run.ledger.record_act(act),)
    acts = run.acts if run.is_dry_run else [*run.acts, *done]
    report = CloseReport(
        period=run.period,
        as_of=run.as_of,
        is_dry_run=run.is_dry_run,
        state=state_of(run.period, acts),
        done=done,
        checks=(),
        signature=Signature.NONE,
        signed=None,
        digest=run.ledger.nights_of_period(run.period).digest,
        rows=_rows(run, run.config.finance.invoices, _invoice_breaks(run)),
        soft_close_on=_soft_close_on(run),
    )
    return _with_close(report, acts)


def _with_close(report: CloseReport, acts: list[PeriodAct]) -> CloseReport:
    if report.state is not PeriodState.CLOSED:
        return report
    takes_over = closed_map(acts)[report.period]
    return replace(report, closed_by=last_acts(acts)[report.period], takes_over=takes_over)


def _soft_close_on(run: _Run) -> date:
    return business_day(run.period, run.config.policy.periods.soft_close_business_day)


def _invoice_breaks(run: _Run) -> list[InvoiceBreak]:
    days = period_days(run.period)
    return [
        InvoiceBreak(one.break_id, one.item)
        for one in run.ledger.breaks_current(days[0], days[-1])
        if one.item.break_class is BreakClass.INVOICE
    ]


def _billing_streams(run: _Run) -> set[tuple[str, str]]:
    """Name every stream that what is booked of an issuer is made of.

    Second opinions and use by squad stand beside the books: no close waits for them.
    """
    sources = enabled_sources(run.config.sources)
    opinions = second_opinions(sources)
    return {
        (source.name, stream.name)
        for source in sources
        if isinstance(source, ChargeSource) and source.name not in opinions
        for stream in adapter_of(source).streams
        if stream.table != SQUAD_USE.name
    }


def _accrued(run: _Run, gathered: Gathered) -> Accrued:
    return accruals_of(
        run.period,
        gathered.inputs.usage,
        gathered.standing.legs,
        held=gathered.standing.held,
        card=gathered.card,
        ownership=Ownership(run.config.catalog),
        currencies={issuer.id: issuer.currency for issuer in run.config.sources.issuers},
    )


def _accrual_night(run: _Run, gathered: Gathered, accrued: Accrued) -> Booking | None:
    """Make the night that books accruals: one that measured nothing, so that breaks stand."""
    if not accrued.entries:
        return None
    run.ledger.store_config_version(
        "card", gathered.card.digest, gathered.card.to_json(), run.as_of
    )
    plan, digests, standing = _plan_of(run), run.config.digests, gathered.standing
    complete_ppm = completeness_ppm(standing.expected, standing.present)
    sources = enabled_sources(run.config.sources)
    names = {issuer.id for issuer in run.config.sources.issuers} | {one.name for one in sources}
    return Booking(
        accrual_night(plan, gathered.seq, digests, gathered.card.digest, accrued, complete_ppm),
        books_at=gathered.books_at,
        bases=(),
        recorded_at=run.as_of,
        held=[(name, day) for name in sorted(names) for day in period_days(run.period)],
        configs=digests,
        acts_at=newest_number(run.acts),
    )
