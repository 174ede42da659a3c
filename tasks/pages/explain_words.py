"""What causes, methods, kinds of evidence and kinds of money mean, in words for an analyst."""

from tasks.core.books import Cause, DestinationKind, Method, Strength

CAUSES = {
    Cause.NEW: "the first booking of this vendor's day",
    Cause.RESTATED: "the vendor changed what it had billed; this books the difference",
    Cause.RECLASS: "the same money, moved: logs, usage, catalog or policy changed since",
    Cause.REPRICED: "the price card changed, and estimates decided the split",
    Cause.FX: "an exchange rate changed",
    Cause.SOFTWARE: "only graduand's own reading or code changed; the vendor said nothing new",
}

METHODS = {
    Method.DIRECT: "the charge itself names the run",
    Method.METERED: "split by logged tokens, within what the vendor metered",
    Method.WEAK: "split by logged tokens, although logs claim more than the vendor metered",
    Method.ESTIMATED: "the vendor's usage was not known: split by what logs say it should cost",
    Method.OWNED: "no log explains it, but its key or account belongs to this workflow",
    Method.REST: "neither a log nor an owner explains it",
    Method.BALANCE: "the other side of the entry: what is owed to the vendor",
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
    DestinationKind.SEAT: "seats",
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
    Method.REST: "stamp the runs, or give the account or key an owner in the catalog",
    Method.BALANCE: "explain the other postings of the entry: this side only balances them",
}
