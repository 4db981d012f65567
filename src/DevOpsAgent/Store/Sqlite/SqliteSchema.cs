namespace DevOpsAgent.Store.Sqlite;

/// <summary>
/// The schema as a list of migrations. A released one never changes: append the next. Times are UTC text of fixed width
/// (yyyy-MM-ddTHH:mm:ss.fffffffZ) and sort as text; addresses are 16 bytes, high half first (IPv4 as ::ffff:a.b.c.d), and sort as
/// numbers, so that a CIDR range is one BETWEEN; enums are their lower-case names.
/// </summary>
internal static class SqliteSchema
{
    public static IReadOnlyList<string> Migrations { get; } = [V1, ReceiptsSchema.Migration, BehaviourTable, BlockChanges, InvestigationsSchema.Migration];

    private const string V1 = """
        CREATE TABLE incidents (
            id            INTEGER PRIMARY KEY AUTOINCREMENT,
            ip_address    TEXT NOT NULL,
            threat_type   TEXT NOT NULL,
            severity      TEXT NOT NULL,
            detected_at   TEXT NOT NULL,
            status        TEXT NOT NULL,
            status_at     TEXT NOT NULL,
            updated_at    TEXT NOT NULL,
            is_campaign   INTEGER NOT NULL,
            summary       TEXT NOT NULL,
            recommendation TEXT,
            version       INTEGER NOT NULL,
            search_text   TEXT NOT NULL,
            severity_rank INTEGER NOT NULL GENERATED ALWAYS AS
                (CASE severity WHEN 'low' THEN 0 WHEN 'medium' THEN 1 WHEN 'high' THEN 2 WHEN 'critical' THEN 3 END) VIRTUAL
        );
        CREATE UNIQUE INDEX incidents_open ON incidents (ip_address, threat_type)
            WHERE status IN ('open', 'recommended', 'approved', 'blocked', 'failed');
        CREATE INDEX incidents_newest ON incidents (updated_at DESC, id DESC);
        CREATE INDEX incidents_severe ON incidents (severity_rank DESC, updated_at DESC, id DESC);
        CREATE INDEX incidents_status ON incidents (status, updated_at DESC);

        -- Apart from its row: a search walks all rows, and evidence is most of their bytes.
        CREATE TABLE incident_evidence (
            incident_id INTEGER PRIMARY KEY REFERENCES incidents (id) ON DELETE CASCADE,
            evidence    TEXT NOT NULL
        );

        CREATE TABLE incident_clients (
            incident_id INTEGER NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
            address     BLOB NOT NULL CHECK (length(address) = 16),
            PRIMARY KEY (incident_id, address)
        ) WITHOUT ROWID;
        CREATE INDEX incident_clients_address ON incident_clients (address);

        CREATE TABLE incident_history (
            id          INTEGER PRIMARY KEY AUTOINCREMENT,
            incident_id INTEGER NOT NULL REFERENCES incidents (id) DEFERRABLE INITIALLY DEFERRED,
            from_status TEXT,
            to_status   TEXT NOT NULL,
            at          TEXT NOT NULL,
            by          TEXT NOT NULL,
            origin      TEXT NOT NULL,
            note        TEXT
        );
        CREATE INDEX incident_history_incident ON incident_history (incident_id, id);
        CREATE TRIGGER incident_history_no_update BEFORE UPDATE ON incident_history
        BEGIN SELECT RAISE(ABORT, 'the history of an incident is append only'); END;
        -- Pruning deletes a closed incident first and its history after it.
        CREATE TRIGGER incident_history_no_delete BEFORE DELETE ON incident_history
            WHEN EXISTS (SELECT 1 FROM incidents WHERE id = OLD.incident_id)
        BEGIN SELECT RAISE(ABORT, 'the history of an incident is append only'); END;
        CREATE TRIGGER incidents_no_delete_open BEFORE DELETE ON incidents
            WHEN OLD.status IN ('open', 'recommended', 'approved', 'blocked', 'failed')
        BEGIN SELECT RAISE(ABORT, 'an open incident is not deleted'); END;

        CREATE TABLE blocks (
            id          INTEGER PRIMARY KEY AUTOINCREMENT,
            range       TEXT NOT NULL,
            incident_id INTEGER REFERENCES incidents (id),
            reason      TEXT NOT NULL,
            created_at  TEXT NOT NULL,
            expires_at  TEXT NOT NULL,
            approved_by TEXT NOT NULL,
            status      TEXT NOT NULL,
            updated_at  TEXT NOT NULL,
            offence     INTEGER NOT NULL,
            result      TEXT
        );
        CREATE INDEX blocks_live ON blocks (id) WHERE status IN ('pending', 'active', 'unconfirmed');
        CREATE INDEX blocks_range ON blocks (range, created_at);
        CREATE INDEX blocks_created ON blocks (created_at);
        CREATE INDEX blocks_incident ON blocks (incident_id);

        CREATE TABLE actions (
            id          INTEGER PRIMARY KEY AUTOINCREMENT,
            incident_id INTEGER REFERENCES incidents (id),
            action_type TEXT NOT NULL,
            mode        TEXT NOT NULL,
            applied_at  TEXT,
            approved_by TEXT NOT NULL,
            intended_at TEXT NOT NULL,
            origin      TEXT NOT NULL,
            subject     TEXT NOT NULL,
            result      TEXT,
            undo        TEXT
        );
        CREATE INDEX actions_incident ON actions (incident_id, id);
        CREATE INDEX actions_open ON actions (id) WHERE result IS NULL;

        CREATE TABLE allowlist_ips (
            id          INTEGER PRIMARY KEY AUTOINCREMENT,
            ip_or_cidr  TEXT NOT NULL UNIQUE,
            description TEXT NOT NULL,
            created_at  TEXT NOT NULL,
            expires_at  TEXT,
            resolved    TEXT NOT NULL DEFAULT '[]',
            resolved_at TEXT
        );

        CREATE TABLE checkpoints (
            source    TEXT NOT NULL,
            file_id   TEXT NOT NULL,
            offset    INTEGER NOT NULL,
            head_hash INTEGER NOT NULL,
            at        TEXT NOT NULL,
            PRIMARY KEY (source, file_id)
        ) WITHOUT ROWID;

        CREATE TABLE client_states (
            address   BLOB PRIMARY KEY CHECK (length(address) = 16),
            state     BLOB NOT NULL,
            last_seen INTEGER NOT NULL
        );

        CREATE TABLE settings (
            name  TEXT PRIMARY KEY,
            value TEXT NOT NULL
        ) WITHOUT ROWID;
        """;

    /// <summary>One row per agent identity, its state as ProfileCodec writes it. The version tells two writers of one row apart.</summary>
    private const string BehaviourTable = """
        CREATE TABLE behaviour (
            agent     TEXT PRIMARY KEY,
            state     BLOB NOT NULL,
            version   INTEGER NOT NULL,
            last_seen TEXT NOT NULL
        ) WITHOUT ROWID;
        """;

    /// <summary>Counts every change of a block, whoever makes it: what was read of them holds while the number stays.</summary>
    private const string BlockChanges = """
        CREATE TABLE block_changes (count INTEGER NOT NULL);
        INSERT INTO block_changes VALUES (0);
        CREATE TRIGGER blocks_inserted AFTER INSERT ON blocks BEGIN UPDATE block_changes SET count = count + 1; END;
        CREATE TRIGGER blocks_updated AFTER UPDATE ON blocks BEGIN UPDATE block_changes SET count = count + 1; END;
        CREATE TRIGGER blocks_deleted AFTER DELETE ON blocks BEGIN UPDATE block_changes SET count = count + 1; END;
        """;
}
