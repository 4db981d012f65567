using DevOpsAgent.Incidents;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.Store;
using DevOpsAgent.Tests.Guards;

namespace DevOpsAgent.Tests.Incidents;

public sealed class AllowlistDeskTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly SqliteStore _store;
    private readonly AllowlistDesk _desk;

    public AllowlistDeskTests()
    {
        _store = new(_directory.File("agent.db"));
        _desk = new(_store, new StillClock());
    }

    public void Dispose()
    {
        _store.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Adding_may_be_repeated_in_any_spelling()
    {
        var first = _desk.Add("203.0.113.7/32", " ours ", null);
        (first.Result, first.Entry!.Value, first.Entry.Description, first.Entry.CreatedAt).ShouldBe((AllowlistResult.Added, "203.0.113.7", "ours", Sample.Start));
        _desk.Add("::ffff:203.0.113.7", "ours", null).Result.ShouldBe(AllowlistResult.AlreadyThere);
        var changed = _desk.Add("203.0.113.7", "theirs", Sample.Start.AddDays(1));
        (changed.Result, changed.Entry!.Id).ShouldBe((AllowlistResult.Changed, first.Entry.Id));
        _store.GetAllowlist().ShouldHaveSingleItem().Description.ShouldBe("theirs");
    }

    [Fact]
    public void What_is_wrong_is_refused_and_nothing_stored()
    {
        Refused(_desk.Add("10.0.0.77/24", "", null), "host bits");
        Refused(_desk.Add("10.0.0.77", new string('x', 501), null), "500");
        Refused(_desk.Add("10.0.0.77", "two\nlines", null), "line breaks");
        Refused(_desk.Add("10.0.0.77", "", Sample.Start), "in the past");
        _store.GetAllowlist().ShouldBeEmpty();
        _desk.Add("0.0.0.0/0", null, null, force: true).Result.ShouldBe(AllowlistResult.Added);
    }

    [Fact]
    public void Removing_by_id_or_value()
    {
        var id = _desk.Add("203.0.113.7", "", null).Entry!.Id;
        _desk.Remove("203.0.113.7/32").Result.ShouldBe(AllowlistResult.Removed);
        _desk.Remove(id).Result.ShouldBe(AllowlistResult.NotFound);
        _desk.Remove("no such thing").Result.ShouldBe(AllowlistResult.NotFound);
    }

    [Fact]
    public void An_import_is_all_or_nothing_unless_told_otherwise()
    {
        _desk.Add("203.0.113.1", "old", null);
        _desk.Add("203.0.113.2", "same", null);
        const string csv = "ip_or_cidr,description\r\n203.0.113.1,new\r\n203.0.113.2,same\r\n203.0.113.3,third\r\n10.0.0.1/8,bad\r\n";
        var refused = _desk.Import(csv, partial: false);
        refused.Problems.ShouldHaveSingleItem().ToString().ShouldStartWith("line 5: '10.0.0.1/8' has host bits set");
        _store.GetAllowlist().Count.ShouldBe(2);

        var partial = _desk.Import(csv, partial: true);
        (partial.Added, partial.Changed, partial.AlreadyThere, partial.Problems.Count).ShouldBe((1, 1, 1, 1));
        partial.Entries.Select(static e => (e.Value, e.Description)).ShouldBe([("203.0.113.1", "new"), ("203.0.113.2", "same"), ("203.0.113.3", "third")], ignoreOrder: true);
        partial.Entries.ShouldAllBe(static e => e.Id > 0);
        _desk.Import(csv, partial: true).AlreadyThere.ShouldBe(3);
    }

    [Fact]
    public void An_export_imports_into_an_empty_allowlist_as_it_was()
    {
        _desk.Add("203.0.113.0/24", "=HYPERLINK(\"http://evil/\",\"x\")", Sample.Start.AddDays(1));
        _desk.Add("monitor.example", "plain, with comma", null);
        var csv = _desk.Export();
        var before = _store.GetAllowlist().Select(static e => e with { Id = 0, Resolved = [] }).ToList();
        foreach (var entry in _store.GetAllowlist())
        {
            _desk.Remove(entry.Id);
        }

        _desk.Import(csv, partial: false).Added.ShouldBe(2);
        _store.GetAllowlist().Select(static e => (e.Value, e.Description, e.CreatedAt, e.ExpiresAt))
            .ShouldBe(before.Select(static e => (e.Value, e.Description, e.CreatedAt, e.ExpiresAt)));
    }

    private static void Refused(AllowlistOutcome outcome, string why)
    {
        outcome.Result.ShouldBe(AllowlistResult.Refused);
        outcome.Message.ShouldContain(why);
    }
}
