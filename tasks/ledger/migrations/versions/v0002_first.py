"""The first tables: append-only but for outbox, throttle and labels.

Revision 0001 was never released; a ledger of it is refused, and made again from its sources.
"""

from alembic import op

from tasks.ledger.guards import install_guards

revision = "0002"
down_revision = None
branch_labels = None
depends_on = None

_SQLITE = {"int": "INTEGER", "day": "TEXT", "instant": "TEXT", "flag": "INTEGER", "end": "STRICT"}
_POSTGRESQL = {
    "int": "BIGINT",
    "day": "DATE",
    "instant": "TIMESTAMPTZ",
    "flag": "BOOLEAN",
    "end": "",
}

#: Whole amounts stay well inside 64 bits: a sum of two still fits.
_RANGE = "BETWEEN -9200000000000000000 AND 9200000000000000000"

_TABLES = (
    """CREATE TABLE meta (
        key TEXT NOT NULL PRIMARY KEY,
        value TEXT NOT NULL
    ) {end}""",
    """CREATE TABLE snapshots (
        seq {int} NOT NULL PRIMARY KEY CHECK (seq > 0),
        source TEXT NOT NULL CHECK (source <> ''),
        stream TEXT NOT NULL CHECK (stream <> ''),
        layer TEXT NOT NULL CHECK (layer IN ('raw', 'conformed')),
        table_name TEXT NOT NULL,
        day {day} NOT NULL,
        sha TEXT NOT NULL CHECK (sha <> ''),
        path TEXT NOT NULL CHECK (path <> ''),
        row_count {int} NOT NULL CHECK (row_count >= 0),
        size_bytes {int} NOT NULL CHECK (size_bytes >= 0),
        parser TEXT NOT NULL,
        raw_sha TEXT NOT NULL,
        is_complete {flag} NOT NULL,
        recorded_at {instant} NOT NULL,
        CHECK ((layer = 'raw') = (table_name = ''))
    ) {end}""",
    "CREATE INDEX snapshots_by_key ON snapshots (layer, table_name, source, stream, day, seq)",
    """CREATE TABLE pulls (
        id {int} NOT NULL PRIMARY KEY CHECK (id > 0),
        source TEXT NOT NULL CHECK (source <> ''),
        stream TEXT NOT NULL CHECK (stream <> ''),
        read_to {instant},
        repoll TEXT NOT NULL,
        recorded_at {instant} NOT NULL
    ) {end}""",
    "CREATE INDEX pulls_by_stream ON pulls (source, stream, id)",
    """CREATE TABLE quarantine_sets (
        seq {int} NOT NULL PRIMARY KEY CHECK (seq > 0),
        source TEXT NOT NULL CHECK (source <> ''),
        stream TEXT NOT NULL CHECK (stream <> ''),
        layer TEXT NOT NULL CHECK (layer IN ('raw', 'conformed')),
        day {day} NOT NULL,
        adds {flag} NOT NULL,
        row_count {int} NOT NULL CHECK (row_count >= 0),
        digest TEXT NOT NULL,
        recorded_at {instant} NOT NULL
    ) {end}""",
    "CREATE INDEX quarantine_sets_by_key ON quarantine_sets (source, stream, layer, day, seq)",
    """CREATE TABLE quarantine (
        seq {int} NOT NULL REFERENCES quarantine_sets (seq),
        ordinal {int} NOT NULL CHECK (ordinal >= 0),
        place TEXT NOT NULL,
        position {int} NOT NULL,
        length {int} NOT NULL CHECK (length >= 0),
        digest TEXT NOT NULL,
        field_path TEXT NOT NULL,
        code TEXT NOT NULL CHECK (code <> ''),
        issuer TEXT NOT NULL,
        account TEXT NOT NULL,
        amount_nano {int} CHECK (amount_nano {range}),
        parsed TEXT NOT NULL,
        PRIMARY KEY (seq, ordinal)
    ) {end}""",
    """CREATE TABLE config_versions (
        id {int} NOT NULL PRIMARY KEY CHECK (id > 0),
        kind TEXT NOT NULL CHECK (
            kind IN ('catalog', 'policy', 'sources', 'finance', 'card', 'fx')
        ),
        digest TEXT NOT NULL CHECK (digest <> ''),
        body TEXT NOT NULL,
        recorded_at {instant} NOT NULL
    ) {end}""",
    "CREATE INDEX config_versions_by_kind ON config_versions (kind, id)",
    """CREATE TABLE reconciliations (
        id {int} NOT NULL PRIMARY KEY CHECK (id > 0),
        window_start {day} NOT NULL,
        window_end {day} NOT NULL,
        snapshot_seq {int} NOT NULL CHECK (snapshot_seq >= 0),
        catalog_digest TEXT NOT NULL,
        policy_digest TEXT NOT NULL,
        sources_digest TEXT NOT NULL,
        finance_digest TEXT NOT NULL,
        card_digest TEXT NOT NULL,
        fx_digest TEXT NOT NULL,
        code_version TEXT NOT NULL,
        as_of {instant} NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('tied', 'partial', 'held')),
        totals TEXT NOT NULL,
        missing TEXT NOT NULL,
        completeness_ppm {int} NOT NULL CHECK (completeness_ppm BETWEEN 0 AND 1000000),
        evidenced_nano {int} NOT NULL CHECK (evidenced_nano {range}),
        inferred_nano {int} NOT NULL CHECK (inferred_nano {range}),
        unexplained_nano {int} NOT NULL CHECK (unexplained_nano {range}),
        digest TEXT NOT NULL CHECK (digest <> ''),
        recorded_at {instant} NOT NULL,
        CHECK (window_start <= window_end)
    ) {end}""",
    """CREATE TABLE held_days (
        reconciliation_id {int} NOT NULL REFERENCES reconciliations (id),
        issuer TEXT NOT NULL,
        day {day} NOT NULL,
        PRIMARY KEY (reconciliation_id, issuer, day)
    ) {end}""",
    """CREATE TABLE day_bases (
        reconciliation_id {int} NOT NULL REFERENCES reconciliations (id),
        issuer TEXT NOT NULL CHECK (issuer <> ''),
        day {day} NOT NULL,
        charges_raw TEXT NOT NULL,
        charges TEXT NOT NULL,
        usage TEXT NOT NULL,
        runs TEXT NOT NULL,
        catalog TEXT NOT NULL,
        policy TEXT NOT NULL,
        card TEXT NOT NULL,
        fx TEXT NOT NULL,
        terms TEXT NOT NULL,
        code_version TEXT NOT NULL,
        PRIMARY KEY (reconciliation_id, issuer, day)
    ) {end}""",
    "CREATE INDEX day_bases_by_day ON day_bases (day, issuer, reconciliation_id)",
    """CREATE TABLE entries (
        id {int} NOT NULL PRIMARY KEY CHECK (id > 0),
        reconciliation_id {int} NOT NULL REFERENCES reconciliations (id),
        issuer TEXT NOT NULL CHECK (issuer <> ''),
        account TEXT NOT NULL CHECK (account <> ''),
        day {day} NOT NULL,
        billing_period TEXT NOT NULL CHECK (length(billing_period) = 7),
        currency TEXT NOT NULL CHECK (length(currency) = 3),
        origin_period TEXT NOT NULL CHECK (length(origin_period) IN (0, 7)),
        cause TEXT NOT NULL CHECK (
            cause IN ('new', 'restated', 'reclass', 'repriced', 'fx', 'software')
        ),
        UNIQUE (
            reconciliation_id, issuer, account, day, billing_period, currency, origin_period, cause
        )
    ) {end}""",
    "CREATE INDEX entries_by_day ON entries (day, issuer)",
    """CREATE TABLE postings (
        entry_id {int} NOT NULL REFERENCES entries (id),
        ordinal {int} NOT NULL CHECK (ordinal >= 0),
        kind TEXT NOT NULL CHECK (
            kind IN (
                'family', 'ad_hoc', 'unattributed', 'credit', 'tax', 'fee', 'seat', 'idle_seat',
                'prepaid', 'breakage', 'accrued', 'accrual', 'rounding', 'fx', 'payable'
            )
        ),
        portfolio TEXT NOT NULL,
        family TEXT NOT NULL,
        workflow TEXT NOT NULL,
        pool TEXT NOT NULL CHECK (pool IN ('', 'exploration', 'production')),
        paid_from TEXT NOT NULL CHECK (paid_from IN ('', 'exploration', 'production')),
        method TEXT NOT NULL CHECK (method <> ''),
        strength TEXT NOT NULL CHECK (strength <> ''),
        amount_nano {int} NOT NULL CHECK (amount_nano <> 0 AND amount_nano {range}),
        is_provisional {flag} NOT NULL,
        CHECK ((kind = 'family') = (family <> '')),
        PRIMARY KEY (entry_id, ordinal),
        UNIQUE (
            entry_id, kind, portfolio, family, workflow, pool, paid_from, method, strength
        )
    ) {end}""",
    """CREATE TABLE chain_heads (
        reconciliation_id {int} NOT NULL PRIMARY KEY REFERENCES reconciliations (id),
        previous TEXT NOT NULL CHECK (length(previous) IN (0, 64)),
        entry_count {int} NOT NULL CHECK (entry_count > 0),
        head TEXT NOT NULL UNIQUE CHECK (length(head) = 64)
    ) {end}""",
    """CREATE TABLE break_observations (
        reconciliation_id {int} NOT NULL REFERENCES reconciliations (id),
        break_id TEXT NOT NULL CHECK (length(break_id) = 16),
        class TEXT NOT NULL CHECK (class <> ''),
        issuer TEXT NOT NULL,
        account TEXT NOT NULL,
        day {day} NOT NULL,
        sku TEXT NOT NULL,
        amount_nano {int} NOT NULL CHECK (amount_nano {range}),
        row_count {int} NOT NULL,
        PRIMARY KEY (reconciliation_id, break_id)
    ) {end}""",
    "CREATE INDEX break_observations_by_break ON break_observations (break_id)",
    """CREATE TABLE work_item_events (
        source TEXT NOT NULL CHECK (source <> ''),
        event_id TEXT NOT NULL CHECK (event_id <> ''),
        item TEXT NOT NULL CHECK (item <> ''),
        event TEXT NOT NULL CHECK (event <> ''),
        occurred_at {instant} NOT NULL,
        observed_at {instant} NOT NULL,
        value TEXT,
        ref TEXT,
        PRIMARY KEY (source, event_id)
    ) {end}""",
    "CREATE INDEX work_item_events_by_item ON work_item_events (item, occurred_at)",
    """CREATE TABLE evidence (
        digest TEXT NOT NULL PRIMARY KEY CHECK (length(digest) = 64),
        kind TEXT NOT NULL CHECK (kind <> ''),
        subject TEXT NOT NULL CHECK (subject <> ''),
        body TEXT NOT NULL,
        recorded_at {instant} NOT NULL
    ) {end}""",
    """CREATE TABLE verdicts (
        id {int} NOT NULL PRIMARY KEY CHECK (id > 0),
        workflow TEXT NOT NULL CHECK (workflow <> ''),
        epoch TEXT NOT NULL,
        verdict TEXT NOT NULL CHECK (verdict <> ''),
        evidence_digest TEXT NOT NULL REFERENCES evidence (digest),
        body TEXT NOT NULL,
        as_of {instant} NOT NULL,
        recorded_at {instant} NOT NULL
    ) {end}""",
    """CREATE TABLE period_acts (
        id {int} NOT NULL PRIMARY KEY CHECK (id > 0),
        billing_period TEXT NOT NULL CHECK (length(billing_period) = 7),
        issuer TEXT NOT NULL,
        act TEXT NOT NULL CHECK (act <> ''),
        body TEXT NOT NULL,
        as_of {instant} NOT NULL,
        recorded_at {instant} NOT NULL
    ) {end}""",
    """CREATE TABLE outbox (
        kind TEXT NOT NULL CHECK (kind <> ''),
        key TEXT NOT NULL CHECK (key <> ''),
        body TEXT NOT NULL,
        receipt TEXT,
        queued_at {instant} NOT NULL,
        sent_at {instant},
        CHECK ((receipt IS NULL) = (sent_at IS NULL)),
        PRIMARY KEY (kind, key)
    ) {end}""",
    """CREATE TABLE throttle (
        host TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        resource TEXT NOT NULL,
        wait_until {instant} NOT NULL,
        PRIMARY KEY (host, fingerprint, resource)
    ) {end}""",
    """CREATE TABLE labels (
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (kind, key)
    ) {end}""",
)

#: A break is current until a later night that measured its day no longer finds it. Order goes
#: by business time: an older night that finishes last does not speak for today.
_VIEWS = (
    """CREATE VIEW current_breaks AS
    WITH seen AS (
        SELECT
            o.*, r.as_of,
            min(r.as_of) OVER (PARTITION BY o.break_id) AS first_seen,
            row_number() OVER (PARTITION BY o.break_id ORDER BY r.as_of DESC, r.id DESC) AS nth
        FROM break_observations o
        JOIN reconciliations r ON r.id = o.reconciliation_id
    )
    SELECT
        break_id, class, issuer, account, day, sku, amount_nano, row_count,
        first_seen, as_of AS last_seen
    FROM seen
    WHERE nth = 1 AND NOT EXISTS (
        SELECT 1 FROM reconciliations r
        WHERE r.window_start <= seen.day AND r.window_end >= seen.day
            AND (r.as_of > seen.as_of OR (r.as_of = seen.as_of AND r.id > seen.reconciliation_id))
            AND NOT EXISTS (
                SELECT 1 FROM held_days h
                WHERE h.reconciliation_id = r.id AND h.issuer = seen.issuer AND h.day = seen.day
            )
    )""",
    """CREATE VIEW current_work_items AS
    SELECT item, event, value, ref, source, occurred_at, observed_at
    FROM (
        SELECT
            *,
            row_number() OVER (
                PARTITION BY item, event ORDER BY occurred_at DESC, observed_at DESC, event_id DESC
            ) AS nth
        FROM work_item_events
    ) AS events
    WHERE nth = 1""",
    """CREATE VIEW booked AS
    SELECT
        e.reconciliation_id, p.entry_id, e.issuer, e.account, e.day, e.billing_period, e.currency,
        e.origin_period, e.cause, p.kind, p.portfolio, p.family, p.workflow, p.pool, p.paid_from,
        p.method, p.strength, p.amount_nano, p.is_provisional
    FROM entries e
    JOIN postings p ON p.entry_id = e.id""",
)


def upgrade() -> None:
    """Make tables, views and the triggers that keep tables append-only."""
    connection = op.get_bind()
    types = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL
    for statement in (*_TABLES, *_VIEWS):
        connection.exec_driver_sql(statement.format(range=_RANGE, **types))
    install_guards(connection)
