"""No made-up person comes through a Codex session, whatever member their name stands in."""

import json
from pathlib import Path

from tests.sources.codex_log.writing import count, meta, pull, rows_of, turn, write
from tests.sources.people import NAMES


def test_no_person_comes_out_of_a_session(tmp_path: Path) -> None:
    git = {"branch": NAMES[0], "repository_url": f"git@github.com:{NAMES[8]}/{NAMES[9]}.git"}
    lines = [
        meta(NAMES[1], git=git, cwd=f"/home/{NAMES[2]}", instructions=NAMES[3], user=NAMES[4]),
        {**turn(), "payload": {"model": "gpt-5.4", "summary": NAMES[5], "cwd": NAMES[6]}},
        {**count(5, (9, 0, 1), (9, 0, 1)), "author": NAMES[7]},
        {"timestamp": NAMES[10], "type": "event_msg", "payload": {"type": "token_count"}},
    ]
    write(tmp_path, NAMES[11], lines)

    pulled = pull(tmp_path)

    rejects = [one for batch in pulled.batches for one in batch.rejects]
    said = json.dumps(rows_of(pulled), ensure_ascii=False) + repr(rejects) + repr(pulled.findings)
    assert len(rows_of(pulled)) == len(rejects) == 1
    assert [name for name in NAMES if name in said or json.dumps(name)[1:-1] in said] == []
