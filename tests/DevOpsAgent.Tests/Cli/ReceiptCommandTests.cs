using System.Text.Json;
using DevOpsAgent.App.Cli;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Signing;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.Configuration;
using DevOpsAgent.Tests.Guards.Receipts;
using Microsoft.Data.Sqlite;
using Decision = DevOpsAgent.Guards.Receipts.Decision;

namespace DevOpsAgent.Tests.Cli;

/// <summary>The commands over a database that a journal wrote, and over one that somebody changed.</summary>
public sealed class ReceiptCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Database => Path.Combine(_folder.Path, "agent.db");

    private string Keys => Path.Combine(_folder.Path, "keys");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Listing_fits_80_columns_and_hostile_text_stays_text()
    {
        Write(journal =>
        {
            journal.Call();
            var intent = SampleCall.Intent(tool: "exec", incident: null) with { Caller = Caller.Person("ada\u001b[2J", "cli uid 1000") };
            journal.End([SampleCall.Receipt(journal.Begin([intent])[0], intent, Decision.Deny, "exec_acl.not_in_acl", "No entry permits \u202e this.\n" + new string('x', 200))]);
            journal.Begin([SampleCall.Intent()]);
        });
        var (exit, text, error) = await Run("receipts", "list");
        exit.ShouldBe(ExitCode.Fine, error);
        var lines = text.TrimEnd('\n').Split('\n');
        lines.Length.ShouldBe(4);
        lines.ShouldAllBe(static l => l.Length <= 80);
        lines[1].ShouldContain("open");
        lines[2].ShouldContain("exec_acl.not_in_acl");
        text.ShouldNotContain("\u001b");
        text.ShouldNotContain("\u202e");
    }

    [Fact]
    public async Task Filters_narrow_the_listing()
    {
        Write(static journal =>
        {
            journal.Call();
            journal.Call(SampleCall.Intent(tool: "exec", incident: 9, agent: "model m"), Decision.Deny);
        });
        (await Seqs("--tool", "exec")).ShouldBe([4]);
        (await Seqs("--agent", "model m")).ShouldBe([4]);
        (await Seqs("--incident", "7")).ShouldBe([2]);
        (await Seqs("--decision", "deny")).ShouldBe([4]);
        (await Seqs("--since", "2026-11-21T10:00:00Z")).ShouldBeEmpty();
        (await Seqs("--limit", "1")).ShouldBe([4]);
        (await Run("receipts", "list", "--since", "yesterday")).Exit.ShouldBe(ExitCode.Usage);
    }

    [Fact]
    public async Task Show_says_everything_by_number_and_by_id()
    {
        var id = "";
        Write(journal => id = journal.Call().Id);
        var (exit, text, error) = await Run("receipts", "show", "2");
        exit.ShouldBe(ExitCode.Fine, error);
        foreach (var part in (string[])["Receipt 2: block_client, allow", "service, from service", "blocks_in_interval", "12 of 50", "call_rate z 3.1", id, "valid, by key", "203.0.113.7/32"])
        {
            text.ShouldContain(part);
        }

        (await Run("receipts", "show", id)).Out.ShouldBe(text);
        using var json = JsonDocument.Parse((await Run("receipts", "show", "2", "--json")).Out);
        json.RootElement.GetProperty("signature_state").GetString().ShouldBe("valid");
        json.RootElement.GetProperty("receipt").GetProperty("parameters").GetProperty("ttl").GetString().ShouldBe("4h");
        (await Run("receipts", "show", "3")).Out.ShouldContain("entries 1 to 2 (2)");
        (await Run("receipts", "show", "99")).Exit.ShouldBe(ExitCode.FoundOrRefused);
        (await Run("receipts", "show", "x")).Exit.ShouldBe(ExitCode.Usage);
    }

    [Fact]
    public async Task Verify_of_an_untouched_database()
    {
        (await Run("receipts", "verify")).Exit.ShouldBe(ExitCode.Dependency); // no database yet
        Write(static journal => journal.Call());
        var (exit, text, error) = await Run("receipts", "verify");
        exit.ShouldBe(ExitCode.Fine, error);
        text.ShouldStartWith("All as it was written: 3 entries, 1 receipts, 1 checkpoints.");
        text.ShouldNotContain("Note:");
    }

    [Theory]
    [InlineData("UPDATE receipts SET body = CAST(replace(CAST(body AS TEXT), '203.0.113.7', '203.0.113.8') AS BLOB) WHERE seq = 2", 2, "changed")]
    [InlineData("UPDATE receipts SET body = CAST(x'00' AS BLOB) || body WHERE seq = 2", 2, "changed", true)]
    [InlineData("DELETE FROM receipts WHERE seq = 4", 4, "missing")]
    [InlineData("DELETE FROM receipts WHERE seq > 3", 4, "cut")]
    [InlineData("DELETE FROM receipts", 1, "cut")]
    [InlineData("UPDATE receipts SET seq = seq + 100 WHERE seq > 2", 3, "missing")]
    [InlineData("UPDATE receipts SET kind = 'something' WHERE seq = 3", 3, "order")]
    [InlineData("UPDATE receipts SET signature = NULL, signed_by = NULL WHERE seq = 2", 2, "unsigned")]
    [InlineData("UPDATE receipts SET signature = 'text' WHERE seq = 2", 2, "wrong_signature")]
    [InlineData("UPDATE receipts SET signed_by = replace(signed_by, substr(signed_by, 1, 4), 'zzzz') WHERE seq = 2", 2, "foreign_key")]
    public async Task Verify_names_what_somebody_changed_in_the_file(string sql, long seq, string code, bool refusedByTheDatabase = false)
    {
        Write(static journal =>
        {
            journal.Call();
            journal.Call();
        });
        try
        {
            Execute("DROP TRIGGER receipts_no_update; DROP TRIGGER receipts_no_delete; " + sql);
            refusedByTheDatabase.ShouldBeFalse();
        }
        catch (SqliteException) when (refusedByTheDatabase)
        {
            return; // what is no JSON doesn't get past the indexes
        }

        var (exit, text, _) = await Run("receipts", "verify", "--json");
        exit.ShouldBe(ExitCode.FoundOrRefused);
        using var json = JsonDocument.Parse(text);
        var fault = json.RootElement.GetProperty("fault");
        (fault.GetProperty("seq").GetInt64(), fault.GetProperty("code").GetString()).ShouldBe((seq, code));
        (await Run("receipts", "list")).Exit.ShouldBe(ExitCode.Fine);
        (await Run("receipts", "show", "2")).Exit.ShouldBeOneOf(ExitCode.Fine, ExitCode.FoundOrRefused);
    }

    [Fact]
    public void The_database_itself_refuses_to_change_receipts()
    {
        Write(static journal => journal.Call());
        Should.Throw<SqliteException>(() => Execute("DELETE FROM receipts WHERE seq = 1")).Message.ShouldContain("append only");
        Should.Throw<SqliteException>(() => Execute("UPDATE receipts SET signature = NULL WHERE seq = 1")).Message.ShouldContain("append only");
    }

    [Fact]
    public async Task Verify_notices_an_older_copy_of_the_database()
    {
        Write(static journal => journal.Call());
        var copy = File.ReadAllBytes(Database);
        Write(static journal => journal.Call());
        foreach (var file in Directory.GetFiles(_folder.Path, "agent.db*"))
        {
            File.Delete(file);
        }

        File.WriteAllBytes(Database, copy);
        (await Run("receipts", "verify")).Exit.ShouldBe(ExitCode.FoundOrRefused);

        // And still when it went on from there, to more entries than before.
        Write(static journal =>
        {
            for (var i = 0; i < 4; i++)
            {
                journal.Call(SampleCall.Intent(incident: 8));
                journal.Flush();
                journal.Problem.ShouldNotBeNull().ShouldContain("rolled back");
            }
        });
        var (exit, text, _) = await Run("receipts", "verify");
        exit.ShouldBe(ExitCode.FoundOrRefused);
        text.ShouldContain("rolled back");
    }

    [Fact]
    public async Task Verify_without_the_keys_proves_nothing()
    {
        Write(static journal => journal.Call());
        Directory.Delete(Keys, recursive: true);
        (await Run("receipts", "verify")).Exit.ShouldBe(ExitCode.FoundOrRefused);
        Directory.Exists(Keys).ShouldBeFalse();
    }

    private void Write(Action<ReceiptJournal> work)
    {
        using var store = new SqliteStore(Database);
        using var keys = KeyRing.Open(Keys, TimeProvider.System);
        using var journal = new ReceiptJournal(store.Receipts, keys, TimeProvider.System, ReceiptAnchor.Of(Keys, Database));
        work(journal);
    }

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private async Task<long[]> Seqs(params string[] filters)
    {
        var (exit, text, error) = await Run(["receipts", "list", "--json", .. filters]);
        exit.ShouldBe(ExitCode.Fine, error);
        using var json = JsonDocument.Parse(text);
        return [.. json.RootElement.GetProperty("items").EnumerateArray().Select(static i => i.GetProperty("seq").GetInt64())];
    }

    private Task<(int Exit, string Out, string Error)> Run(params string[] arguments) =>
        TestTerminal.RunAsync(TestTerminal.Of(("DEVOPS_AGENT_DATABASE_PATH", Database)), arguments);
}
