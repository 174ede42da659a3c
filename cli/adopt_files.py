"""The files of a first day: what stands in for a configuration, and what is written as a draft."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from config.misfits import CATALOG, FINANCE, POLICY, SOURCES
from tasks.core.adoption.adoption import Adoption
from tasks.core.exports.billed_lines import ExportError
from tasks.pages.adoption_report import adoption_report
from tasks.pages.new_file import write_file

#: For who has none yet: one vendor key and GitHub.
EXAMPLE_SOURCES = """\
version: 1
issuers:
  - {id: anthropic, price_provider: anthropic}
sources:
  - {name: github, type: github, base_url: https://api.github.com, secret: github-token,
     repositories: ["your-organisation/*"]}
  - {name: anthropic, type: anthropic, base_url: https://api.anthropic.com,
     secret: anthropic-admin-key, issuer: anthropic}
# Set GRADUAND_SECRET_GITHUB_TOKEN and GRADUAND_SECRET_ANTHROPIC_ADMIN_KEY in the environment,
# and what ends in _HOSTS for each: the host that it may be sent to.
"""
_FIRST_CATALOG = "version: 1\n"
_FIRST_POLICY = """\
# yaml-language-server: $schema=schemas/policy.schema.json
# Drafted by `graduand adopt`: differences too small to name, and three risk tiers to start from.
version: 1

matching:
  tolerances:
    - {from: 2020-01-01, absolute: "0.01", relative: "0.005"}

risk_tiers:
  - {tier: 0, required_controls: [], review_cadence_days: 180}
  - {tier: 1, required_controls: [human-review], review_cadence_days: 90}
  - {tier: 2, required_controls: [human-review, ci-checks], review_cadence_days: 60}
"""
_STANDS_IN = {CATALOG: _FIRST_CATALOG, POLICY: _FIRST_POLICY}


def present_catalog(folder: Path) -> str | None:
    """Read the text of the catalog that stands; None if there is none."""
    path = folder / CATALOG
    # Line ends stay as they are: the diff is against these bytes.
    return path.read_bytes().decode() if path.exists() else None


@contextmanager
def configuration_for(folder: Path) -> Iterator[Path]:
    """Give a folder that the stages can read: the present one, or a copy with what it lacks.

    A copy is of this process alone: nothing that people keep is written over or deleted.

    Args:
        folder: Of the configuration; it has at least sources.yaml.
    """
    if all((folder / name).exists() for name in _STANDS_IN):
        yield folder
        return
    with TemporaryDirectory(prefix="graduand-") as made:
        copy = Path(made)
        for name in (SOURCES, FINANCE, *_STANDS_IN):
            if (folder / name).exists():
                shutil.copyfile(folder / name, copy / name)
            elif name in _STANDS_IN:
                (copy / name).write_text(_STANDS_IN[name])
        yield copy


def refuse_unwritable(out: Path) -> None:
    """Refuse a folder that takes no files before minutes of reading, not after.

    Raises:
        ExportError: It cannot be made or written to.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=out):
            pass
    except OSError as fault:
        message = f"{out} cannot be written ({fault.strerror}): choose another place with --out"
        raise ExportError(message) from fault


def write_drafts(out: Path, adoption: Adoption, *, with_policy: bool) -> list[Path]:
    """Write the drafted catalog, its diff and the report; each whole or not at all.

    Args:
        out: Folder of the drafts.
        adoption: What to write.
        with_policy: Write the policy that stood in as a draft, too.

    Returns:
        What was written, in the order in which it is read.
    """
    texts = {
        "report.md": adoption_report(adoption),
        "catalog.diff": adoption.diff,
        CATALOG: adoption.catalog,
    }
    if with_policy:
        texts[POLICY] = _FIRST_POLICY
    for name, text in texts.items():
        write_file(out / name, text.encode(), replaces=True)
    return [out / name for name in texts]
