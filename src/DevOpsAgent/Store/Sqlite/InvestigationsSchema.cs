namespace DevOpsAgent.Store.Sqlite;

/// <summary>The migration that adds what the language model was asked and said.</summary>
internal static class InvestigationsSchema
{
    public const string Migration = """
        CREATE TABLE investigations (
            id          INTEGER PRIMARY KEY AUTOINCREMENT,
            incident_id INTEGER REFERENCES incidents (id) ON DELETE CASCADE,
            run         TEXT NOT NULL UNIQUE,
            started_at  TEXT NOT NULL,
            ended_how   TEXT NOT NULL,
            body        TEXT NOT NULL
        );
        CREATE INDEX investigations_incident ON investigations (incident_id, id);

        -- Texts are redacted and go after guardrails.retention; the receipts keep their hashes.
        CREATE TABLE model_exchanges (
            id            INTEGER PRIMARY KEY AUTOINCREMENT,
            run           TEXT NOT NULL,
            turn          INTEGER NOT NULL,
            incident_id   INTEGER,
            at            TEXT NOT NULL,
            model         TEXT NOT NULL,
            prompt_sha256 TEXT NOT NULL,
            prompt_from   INTEGER NOT NULL,
            prompt        TEXT NOT NULL,
            answer_sha256 TEXT NOT NULL,
            answer        TEXT NOT NULL,
            tokens_in     INTEGER NOT NULL,
            tokens_out    INTEGER NOT NULL,
            cost          REAL NOT NULL,
            decision      TEXT NOT NULL,
            intent        INTEGER
        );
        CREATE INDEX model_exchanges_run ON model_exchanges (run, turn);
        CREATE INDEX model_exchanges_at ON model_exchanges (at);
        """;
}
