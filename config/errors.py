"""Faults of the configuration, and the base that every fault of graduand shares.

They stand here because the configuration is the lowest layer; the rest of the
code imports them from `tasks.core.errors`.
"""

from collections.abc import Iterable

from config.problems import Problem

#: More problems than this help nobody at once; the message counts the others.
MAX_PROBLEMS_SHOWN = 100


class GraduandError(Exception):
    """Base of every fault raised on purpose.

    Attributes:
        is_transient: Whether trying again later, unchanged, can help.
    """

    is_transient = False

    def __reduce__(self) -> tuple[object, ...]:
        """Survive pickling, as between a flow's workers, whatever the constructor takes."""
        return _rebuild, (type(self), self.args, self.__dict__)


class ConfigError(GraduandError):
    """A configuration file or setting cannot be used as it is.

    Attributes:
        problems: Everything that is wrong, in the order of files and lines; empty if
            the error was raised with a message alone.
    """

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()) -> None:
        self.problems = problems
        super().__init__(message)

    @classmethod
    def listing(cls, what: str, problems: Iterable[Problem]) -> "ConfigError":
        """Make the one error that lists every problem.

        Args:
            what: What cannot be used, e.g. `the configuration in config`.
            problems: At least one; repeated ones are listed once.
        """
        ordered = tuple(sorted(set(problems)))
        lines = [str(problem) for problem in ordered[:MAX_PROBLEMS_SHOWN]]
        if len(ordered) > len(lines):
            lines.append(f"... and {len(ordered) - len(lines)} more.")
        count = "1 problem" if len(ordered) == 1 else f"{len(ordered)} problems"
        return cls("\n".join((f"{count} in {what}:", *lines)), ordered)


def _rebuild(
    kind: type[GraduandError], args: tuple[object, ...], fields: dict[str, object]
) -> GraduandError:
    fault = kind.__new__(kind, *args)
    fault.__dict__.update(fields)
    return fault
