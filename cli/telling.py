"""Tell a night on a terminal, in a few lines without control characters."""

from collections import Counter

from tasks.core.night_report import NightReport
from tasks.pages.night import run_name
from tasks.pages.text import LONGEST_SENTENCE, amount, plain, share

#: Classes of breaks that are told, those with most breaks first.
_MOST_CLASSES = 4
#: Totals in the order they are told: what was billed and booked, then where it went.
_WORDS = {
    "billed": "usage billed",
    "booked": "booked",
    "family": "  families",
    "ad_hoc": "  ad hoc",
    "unattributed": "  unattributed",
    "credit": "  credits",
    "tax": "  tax",
    "fee": "  fees",
}


def tell(night: NightReport) -> None:
    """Print a night: its name, totals, how sure they are, what was booked, what is open."""
    print(f"\n  {run_name(night)}")
    for name, nano in sorted(night.books.totals, key=_order):
        kind, _, currency = name.partition(":")
        if kind in _WORDS:
            print(f"    {_WORDS[kind]:<14}{amount(nano, currency):>14}")
    print(f"    complete      {share(night.books.completeness_ppm):>14}")
    print(f"    covered       {share(night.coverage_ppm()):>14}")
    causes = ", ".join(f"{count} {cause}" for cause, count in night.causes) or "nothing new"
    print(f"    booked        {causes}")
    print(f"    breaks        {_breaks(night)}")
    for reason in night.reasons:
        print(f"    {night.status:<14}{plain(reason, LONGEST_SENTENCE)}")


def _breaks(night: NightReport) -> str:
    if not night.breaks:
        return "none"
    classes = Counter(one.item.break_class.value.replace("_", " ") for one in night.breaks)
    shown = [f"{count} {name}" for name, count in classes.most_common(_MOST_CLASSES)]
    more = ["..."] if len(classes) > len(shown) else []
    return f"{len(night.breaks)} ({night.new_breaks()} new): {', '.join([*shown, *more])}"


def _order(total: tuple[str, int]) -> tuple[str, int]:
    kind, _, currency = total[0].partition(":")
    return currency, [*_WORDS, kind].index(kind)
