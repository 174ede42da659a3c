"""What each class of break and each finding means, and what a person can do about it."""

from tasks.core.books import BreakClass

#: Class to (what it is, what to do); one sentence fragment each, shown after the amount.
BREAKS: dict[BreakClass, tuple[str, str]] = {
    BreakClass.INVOICE: (
        "the vendor's invoice and the books differ by more than the policy lets pass",
        "compare the invoice line by line, dispute it, or record a disposition in finance.yaml",
    ),
    BreakClass.UNLOGGED_USAGE: (
        "metered by the vendor, but in no log",
        "find the key that is used without a log, or give it an owner in the catalog",
    ),
    BreakClass.UNMETERED_RUN: (
        "logged, but not metered by the vendor",
        "look for a log that counts twice, or for an account that is not connected",
    ),
    BreakClass.TIMING: (
        "logged on one day, metered on the next or the day before",
        "nothing: the two days cancel out",
    ),
    BreakClass.PRICE: (
        "billed at another price than list or contract",
        "compare the contract line in sources.yaml with the vendor's terms",
    ),
    BreakClass.VOLUME: (
        "billed for another quantity than was metered",
        "ask the vendor; both figures are theirs",
    ),
    BreakClass.PRICE_OR_VOLUME: (
        "billed differently from metered usage at the card's prices",
        "compare contract and tier; the vendor does not bill quantities that would tell",
    ),
    BreakClass.CHARGE_WITHOUT_USAGE: (
        "billed, but not in the usage report",
        "expected for code execution and sessions; else ask the vendor",
    ),
    BreakClass.USAGE_WITHOUT_CHARGE: (
        "metered, but never billed",
        "expected for committed tiers; else it may still be billed",
    ),
    BreakClass.PENDING: ("metered, not billed yet", "nothing: the bill is a day or two behind"),
    BreakClass.RESTATED: (
        "the vendor changed what it had billed",
        "nothing: the correction is booked under its own cause",
    ),
    BreakClass.REPARSED: (
        "our reading of the same data changed",
        "nothing: the correction is booked as software",
    ),
    BreakClass.UNPRICED_MODEL: (
        "usage of a model that the price card does not know",
        "add a contract line with its price to sources.yaml",
    ),
    BreakClass.DUPLICATE: ("repeated log lines, counted once", "nothing, unless they grow"),
    BreakClass.CREDIT: ("credited by the vendor", "nothing: it lowers the bill, and no family"),
    BreakClass.TAX: ("tax", "nothing: it has its own line"),
    BreakClass.CURRENCY: (
        "billed in another currency than the issuer's",
        "correct the issuer's currency in sources.yaml",
    ),
    BreakClass.QUARANTINED: (
        "received, but not readable or not plausible",
        "look the rows up in the quarantine table; they are booked once they can be read",
    ),
}

#: Finding code to what to do; every code that a finding may carry.
FINDINGS = {
    "unknown_stamp": "name it in the catalog, or correct the stamp",
    "out_of_scope": "widen the scope in the catalog, or keep the workflow out of that repository",
    "claim_contradicted": "correct the claim in the catalog, or find out why the figures differ",
    "day_missing": "run the source again for those days, or ask why it is silent",
    "day_too_large": "look there for an amount or a quantity in a wrong unit",
    "price_not_recorded": "nothing: compute a moment after a night had read that model",
    "config_not_recorded": "nothing: compute a moment after the first night",
    "seen_twice": "remove one of the two sources, or give them different `precedence`",
    "log_saw_more": "give this log a lower `precedence` if it is the more complete one",
    "day_emptied": "ask the vendor; if the bill was taken back whole, read the days with --repull",
    "second_opinion": "look which of the two is late, or sees accounts that the other does not",
    "unknown_issuer": "add the vendor to `issuers` of sources.yaml, or correct what names it",
    "second_copy": "nothing, or choose the other copy with `signal` in sources.yaml",
    "empty_export": "look what wrote those lines: no OTLP JSON of a collector's file exporter",
    "copied_history": "gather the sessions they were forked from, too",
    "unsplit_cache": "nothing: those tokens lower the coverage of their day",
    "unknown_token_kind": "report it; until then those tokens lower the coverage of their day",
    "unknown_operation": "report it; until then what those spans used stays unexplained",
    "hint_dropped": "let the log write a short word or id there, if you want it kept",
    "malformed_stamp": "correct the label or trailer; the item counts as unstamped until then",
    "revert_unresolved": "name the pull request or commit in it, if the revert should count",
    "more_refused": "look what wrote so many bad rows; those in quarantine are the first of them",
    "log_lost": "keep rotated files within `paths`; if lines went on purpose, run once with repull",
    "other_services": "nothing, unless `services` in sources.yaml should name them",
    "other_payees": "nothing, unless `payees` in finance.yaml should name them",
    "vendor_unconnected": "connect the vendor, or have its bills read as a file",
    "bill_lost": "put the files back in `paths`; if they went on purpose, run once with repull",
    "lot_not_booked": "run a night once over the day of purchase, if its period is still open",
    "period_closed": "reopen the period in finance.yaml, or let the vendor correct it later",
    "invoice_too_large": "correct its lines or its rate in finance.yaml or in the file",
    "invoice_contradicted": "correct the document in finance.yaml or in the file, or remove one",
    "malformed_tag": "correct the label; the item counts as systems tell until then",
    "unknown_metric_workflow": "nothing counts for it until then",
    "spend_in_other_currency": "nothing, if the portfolio's currency is meant",
    "runs_missing": "have a night read those days again: items of them prove no cost until then",
    "history_cut": "nothing can be done here: the source gives no more of it",
    "unknown_sku": "nothing: it is booked; say so to us, so that it gets a name of its own",
    "unknown_unit": "compare amount and price with the bill: amounts are booked as told",
    "reports_differ": "ask the vendor; both figures are theirs, and one of them is booked",
    "use_untold": "switch the metrics on, or let the credential read them; no money waits for it",
    "groups_cut": "nothing: it is booked, though nobody tells to which product or model",
    "spend_differs": "ask the vendor; what is booked is the sum of its events",
    "charge_differs": "ask the vendor; what it says it charged is booked",
    "unpriced_day": "add the price that held on that day to `acu_prices` of sources.yaml",
    "report_unavailable": "give the key the permission that docs/sources.md names",
    "report_contradicted": "nothing, if it passes: the day is read again; else ask the vendor",
}
