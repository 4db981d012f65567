namespace DevOpsAgent.Store.Sqlite;

/// <summary>The migration that adds the receipt chain.</summary>
internal static class ReceiptsSchema
{
    // What listings filter by is computed from the body: a column of its own could be changed, and hide an entry, without
    // touching what is signed.
    public const string Migration = """
        CREATE TABLE receipts (
            seq         INTEGER PRIMARY KEY,
            kind        TEXT NOT NULL,
            id          TEXT NOT NULL UNIQUE,
            body        BLOB NOT NULL,
            signature   BLOB,
            signed_by   TEXT,
            mac         BLOB,
            at          TEXT GENERATED ALWAYS AS (json_extract(CAST(body AS TEXT), '$.at')) VIRTUAL,
            tool        TEXT GENERATED ALWAYS AS (json_extract(CAST(body AS TEXT), '$.tool')) VIRTUAL,
            agent       TEXT GENERATED ALWAYS AS (json_extract(CAST(body AS TEXT), '$.caller.agent')) VIRTUAL,
            decision    TEXT GENERATED ALWAYS AS (json_extract(CAST(body AS TEXT), '$.decision')) VIRTUAL,
            incident_id INTEGER GENERATED ALWAYS AS (json_extract(CAST(body AS TEXT), '$.incident_id')) VIRTUAL,
            intent      INTEGER GENERATED ALWAYS AS (json_extract(CAST(body AS TEXT), '$.intent')) VIRTUAL
        );
        CREATE UNIQUE INDEX receipts_intent ON receipts (intent) WHERE intent IS NOT NULL;
        CREATE INDEX receipts_incident ON receipts (incident_id, seq) WHERE incident_id IS NOT NULL;
        CREATE INDEX receipts_tool ON receipts (tool, seq);
        CREATE INDEX receipts_agent ON receipts (agent, seq);
        CREATE INDEX receipts_unsigned ON receipts (seq) WHERE signature IS NULL;
        CREATE INDEX receipts_kind ON receipts (kind, seq);
        CREATE TRIGGER receipts_no_update BEFORE UPDATE ON receipts
            WHEN OLD.signature IS NOT NULL OR OLD.seq IS NOT NEW.seq OR OLD.kind IS NOT NEW.kind OR OLD.id IS NOT NEW.id OR OLD.body IS NOT NEW.body
        BEGIN SELECT RAISE(ABORT, 'receipts are append only'); END;
        CREATE TRIGGER receipts_no_delete BEFORE DELETE ON receipts
        BEGIN SELECT RAISE(ABORT, 'receipts are append only'); END;
        """;
}
