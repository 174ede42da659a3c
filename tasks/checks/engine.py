"""Runs a suite over a frame; the only module that talks to Great Expectations' context.

Importing it takes seconds, so `tasks.checks.run` does so when there is something to check.
"""

import logging
import os
import threading
from dataclasses import dataclass
from typing import Any

import pandas as pd

# Read by Great Expectations when it is imported: no telemetry, whatever version this is.
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # noqa: TID251  # written, not read

import great_expectations as gx
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.expectations.expectation import Expectation

from tasks.checks.suites import suite_of, suite_of_counts
from tasks.core.tables import Table

# It tells, at INFO, of temporary folders for documentation that is never made.
logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)

_local = threading.local()


@dataclass(frozen=True, slots=True)
class Failure:
    """One expectation that does not hold.

    Attributes:
        name: Of the check, e.g. `range`.
        field: Column it is about.
        rows: Index labels of the rows that break it.
        fault: Why it could not be judged at all; empty if it was.
    """

    name: str
    field: str
    rows: tuple[int, ...]
    fault: str = ""


def failures(table: Table, frame: pd.DataFrame) -> list[Failure]:
    """Judge a frame by its table's suite, in the order of the suite."""
    return _judged(table.name, suite_of(table), frame)


def count_failures(frame: pd.DataFrame) -> list[Failure]:
    """Judge a frame of counts: rows, violations and how many are allowed, by batch and rule."""
    return _judged("counts", suite_of_counts(), frame)


def _judged(name: str, expectations: list[Expectation], frame: pd.DataFrame) -> list[Failure]:
    suite = gx.ExpectationSuite(name=name, expectations=expectations)
    batch = _whole_frame(name).get_batch({"dataframe": frame})
    outcome = batch.validate(suite, result_format={"result_format": "COMPLETE"})
    found = []
    for result in outcome.results:
        config = result.expectation_config
        meta = config.meta if config is not None and config.meta else {}
        fault = _fault(result.exception_info)
        rows = tuple(int(label) for label in result.result.get("unexpected_index_list") or ())
        if not result.success and not rows:
            fault = fault or "failed without naming a row"
        if fault or rows:
            found.append(Failure(str(meta.get("name")), str(meta.get("field")), rows, fault))
    return found


def _whole_frame(name: str) -> BatchDefinition[Any]:
    """Give the batch definition of a table; a context is not shared between threads."""
    known: dict[str, BatchDefinition[Any]] | None = getattr(_local, "definitions", None)
    if known is None:
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        _local.frames = context.data_sources.add_pandas("frames")
        known = _local.definitions = {}
    if name not in known:
        asset = _local.frames.add_dataframe_asset(name)
        known[name] = asset.add_batch_definition_whole_dataframe("all")
    return known[name]


def _fault(info: object) -> str:
    """Read exception info, which is flat or keyed by metric, as the type of what was raised."""
    entries = [info] if isinstance(info, dict) and "raised_exception" in info else []
    if isinstance(info, dict) and not entries:
        entries = [entry for entry in info.values() if isinstance(entry, dict)]
    for entry in entries:
        if entry.get("raised_exception"):
            # The message may quote a value; its type is enough to act on.
            return str(entry.get("exception_message", "")).partition(":")[0][:60] or "exception"
    return ""
