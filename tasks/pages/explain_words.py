"""What causes, methods, kinds of evidence and kinds of money mean, in words for an analyst."""

from tasks.core.books import Cause, DestinationKind, Method, Strength

CAUSES = {
    Cause.NEW: "the first booking of this vendor's day",
    Cause.RESTATED: "the vendor changed what it had billed; this books the difference",
    Cause.RECLASS: "the same money, moved: logs, usage, catalog or policy changed since",
    Cause.REPRICED: "the price card or a contract's terms changed: prices, seats, prepaid credits",
    Cause.FX: "an exchange rate changed",
    Cause.SOFTWARE: "only graduand's own reading or code changed; the vendor said nothing new",
}

METHODS = {
    Method.DIRECT: "the charge itself names the run",
    Method.METERED: "split by logged tokens, within what the vendor metered",
    Method.WEAK: "split by logged tokens, although logs claim more than the vendor metered",
    Method.ESTIMATED: "the vendor's usage was not known: split by what logs say it should cost",
    Method.OWNED: "no log explains it, but its key or account belongs to this workflow",
    Method.SEAT: "a share of the seats in use, by the tokens that logs show",
    Method.REST: "neither a log nor an owner explains it",
    Method.ACCRUED: "by contract or by estimate: no bill says it yet",
    Method.BOUGHT: "prepaid credits bought",
    Method.DRAWN: "prepaid credits used: that much less is owed",
    Method.EXPIRED: "prepaid credits that nobody used in time",
    Method.SETTLED: "what the vendor's invoice says, less what the books owed",
    Method.BALANCE: "the other side of the entry: what is owed to the vendor",
}

#: Money that finance's lines decide, not the day's charges: which line, and how.
BY_TERMS = {
    Method.SEAT: "a seat plan of finance.yaml, evenly by day, over the runs of its account (R12)",
    Method.ACCRUED: "a seat plan of finance.yaml by the day, or usage not billed yet (R12, R15)",
    Method.BOUGHT: "credits or seats bought, by finance.yaml or by the vendor's bill (R12, R13)",
    Method.DRAWN: "usage of the day drew it from prepaid credits of finance.yaml (R13)",
    Method.EXPIRED: "a lot of finance.yaml ended on the day before (R13)",
    Method.SETTLED: "an invoice of finance.yaml or of a file, less what the books owed (R14)",
}

STRENGTHS = {
    Strength.STAMP: "evidenced: the run, or its work item, carries the workflow's stamp",
    Strength.ACCOUNT: "inferred: the account belongs to the workflow",
    Strength.API_KEY: "inferred: the key belongs to the workflow",
    Strength.BRANCH: "inferred: the branch's prefix is the workflow's",
    Strength.REPOSITORY: "inferred: the repository is the workflow's",
    Strength.BOT: "inferred: the bot's identity is the workflow's",
    Strength.NONE: "no evidence ties it to a workflow",
}

KINDS = {
    DestinationKind.FAMILY: "spent by a workflow of the catalog",
    DestinationKind.AD_HOC: "logged runs that no workflow of the catalog claims",
    DestinationKind.UNATTRIBUTED: "billed, but nothing explains it",
    DestinationKind.CREDIT: "credited by the vendor; lowers no family",
    DestinationKind.TAX: "tax; raises no family",
    DestinationKind.FEE: "a purchase, fee or adjustment; raises no family",
    DestinationKind.SEAT: "seats in use that no logged run explains",
    DestinationKind.IDLE_SEAT: "seats that nobody uses",
    DestinationKind.PREPAID: "credits bought in advance, less what was drawn and what expired",
    DestinationKind.BREAKAGE: "prepaid credits that expired unused",
    DestinationKind.ACCRUED: "seats used that the vendor has not billed yet",
    DestinationKind.ACCRUAL: "metered and not billed yet at the soft close; reverses itself",
    DestinationKind.ROUNDING: "the invoice and the books, within what the policy lets pass",
    DestinationKind.FX: "paid at another exchange rate than booked",
    DestinationKind.PAYABLE: "owed to the vendor",
}

#: What to do about runs that no workflow claims.
CLAIM = "let a workflow of the catalog claim these runs: stamp them, or add a match rule"
#: Method to what a person can do to make such money better explained.
NEXT = {
    Method.DIRECT: "nothing: this is the strongest there is",
    Method.METERED: "nothing, while the evidence is a stamp; else stamp the workflow's runs",
    Method.WEAK: "look for a log that counts twice, or for usage the vendor reports elsewhere",
    Method.ESTIMATED: "connect the vendor's usage report, or run the source again for this day",
    Method.OWNED: "have the workflow's runs logged, so that the money is evidenced, not inferred",
    Method.SEAT: "nothing: seats have no meter, so tokens decide",
    Method.REST: "stamp the runs, or give the account or key an owner in the catalog",
    Method.ACCRUED: "wait for the bill, or compare with the contract in finance.yaml",
    Method.BOUGHT: "nothing: usage draws it down",
    Method.DRAWN: "nothing: families keep what their usage cost",
    Method.EXPIRED: "buy less, or later: the credits lapsed",
    Method.SETTLED: "nothing: the policy lets it pass, and limits it by month",
    Method.BALANCE: "explain the other postings of the entry: this side only balances them",
}
