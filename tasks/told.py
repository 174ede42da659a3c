"""What files of documents and payments tell a night, beside what finance has signed.

Below the stages, because the night and the month's close settle the same invoices.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from config.load import Config
from config.shapes.finance import Finance
from config.shapes.sources import ChargeSource, Source
from tasks.core.findings import Finding
from tasks.core.invoicing.payables import unconnected_vendors
from tasks.core.invoicing.told_invoices import invoices_of
from tasks.core.tables import INVOICES, PAYABLES, Table
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.ledger.snapshots import Which


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of documents and payments.

    Attributes:
        finance: As signed, its invoices those of files as well.
        findings: Documents in two ways or of nobody, and vendors paid but not connected.
    """

    finance: Finance
    findings: tuple[Finding, ...]


def told_by_files(
    config: Config, sources: Sequence[Source], lake: Lake, ledger: Ledger, seq: int
) -> Told:
    """Merge what files tell with what is signed, whatever day it is of.

    Args:
        config: In force.
        sources: Enabled ones; what others told once is left out.
        lake: Where the files' rows are.
        ledger: Knows which of them are the newest.
        seq: Newest snapshot that counts.

    Raises:
        LakeError: A file of the lake is missing or altered: an invoice less is another sum.
    """
    names = {source.name for source in sources}

    def rows(table: Table) -> Iterable[dict[str, Any]]:
        newest = ledger.snapshots_as_of(
            seq, layer="conformed", which=Which.NEWEST_COMPLETE, table=table.name
        )
        for one in newest:
            if one.source in names:
                yield from lake.read_conformed(one, table)

    finance = config.finance
    issuers = {issuer.id for issuer in config.sources.issuers}
    told = invoices_of(finance.invoices, rows(INVOICES), issuers)
    connected = {source.issuer for source in sources if isinstance(source, ChargeSource)}
    connected |= {plan.issuer for plan in finance.seats} | {lot.issuer for lot in finance.prepaid}
    return Told(
        finance.model_copy(update={"invoices": told.invoices}),
        (*told.findings, *unconnected_vendors(rows(PAYABLES), connected)),
    )
