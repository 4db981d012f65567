using System.Text.Json;
using DevOpsAgent.App.Cli;
using DevOpsAgent.Audit;
using DevOpsAgent.Signing;
using DevOpsAgent.Tests.Audit;

namespace DevOpsAgent.Tests.Cli;

public sealed class AuditCommandTests : IDisposable
{
    private readonly AuditRig _rig = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Verify_says_whole_then_names_the_first_bad_line()
    {
        await FillAsync();
        var (exit, text, _) = await RunAsync("audit", "verify", _rig.Folder);
        (exit, text.Contains(": whole\n")).ShouldBe((ExitCode.Fine, true));
        await ReplaceAsync("/bin/ls", "/bin/rm");
        (exit, text, _) = await RunAsync("audit", "verify", _rig.Folder);
        exit.ShouldBe(ExitCode.FoundOrRefused);
        text.ShouldContain("First bad place: audit.jsonl, line 1, seq 1 (changed)");

        (exit, text, _) = await RunAsync("audit", "verify", _rig.Folder, "--json");
        var json = JsonDocument.Parse(text).RootElement;
        json.GetProperty("status").GetString().ShouldBe("changed");
        json.GetProperty("problem").GetProperty("line").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task Verify_calls_a_torn_tail_no_tampering()
    {
        await FillAsync();
        await File.AppendAllTextAsync(_rig.File("audit.jsonl"), "{\"event\":\"ex", Cancellation);
        var (exit, text, _) = await RunAsync("audit", "verify", _rig.Folder);
        exit.ShouldBe(ExitCode.FoundOrRefused);
        text.ShouldContain("whole up to a torn tail");
        text.ShouldContain("this is no tampering");
    }

    [Fact]
    public async Task Verify_without_a_log_or_keys_says_what_to_do()
    {
        var (exit, _, error) = await RunAsync("audit", "verify", "/nowhere/audit");
        (exit, error.Contains("There is no audit log at /nowhere/audit")).ShouldBe((ExitCode.Dependency, true));
        await _rig.FillAsync(1);
        (exit, _, error) = await RunAsync("audit", "verify", _rig.Folder);
        (exit, error.Contains("--keys DIR")).ShouldBe((ExitCode.Dependency, true));
    }

    [Fact]
    public async Task Show_is_readable_and_safe_for_a_terminal()
    {
        await FillAsync();
        var (exit, text, _) = await RunAsync("audit", "show", _rig.Folder);
        exit.ShouldBe(ExitCode.Fine);
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBe(5);
        lines[0].ShouldContain("/bin/ls 'a b' '\\x1b[2J\\u202e'  (list files; agent aaaaaaaaaaa…");
        lines[2].ShouldContain("code 0 after 12 ms");
        lines[4].ShouldContain("argv_not_allowed: rm -rf /");
        text.ShouldAllBe(static c => c == '\n' || !char.IsControl(c));
    }

    [Theory]
    [InlineData("--denied", "denial")]
    [InlineData("--event exit", "exit")]
    [InlineData("--event exit --denied", "exit denial")]
    [InlineData("--request 00000000000000000000000000000001", "request started exit")]
    [InlineData("--agent aaaa", "request started exit request")]
    [InlineData("--last 2", "request denial")]
    [InlineData("--since 1m", "")]
    [InlineData("--since 2026-01-01", "request started exit request denial")]
    public async Task Show_filters(string options, string expected)
    {
        await FillAsync();
        var terminal = TestTerminal.Of() with { Time = new FakeTime(_rig.Time.GetUtcNow().AddHours(1)) };
        var (_, text, error) = await TestTerminal.RunAsync(terminal, ["audit", "show", _rig.Folder, "--json", .. options.Split(' ')]);
        error.ShouldBeEmpty();
        string.Join(' ', text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static l => JsonDocument.Parse(l).RootElement.GetProperty("event").GetString())).ShouldBe(expected);
    }

    [Fact]
    public async Task Show_json_gives_the_lines_as_they_stand_in_the_file()
    {
        await FillAsync();
        (await RunAsync("audit", "show", _rig.Folder, "--json")).Out.ShouldBe(await File.ReadAllTextAsync(_rig.File("audit.jsonl"), Cancellation));
    }

    [Fact]
    public async Task Show_says_that_changed_lines_were_left_out()
    {
        await FillAsync();
        await ReplaceAsync("a b", "a c");
        var (exit, _, error) = await RunAsync("audit", "show", _rig.Folder);
        exit.ShouldBe(ExitCode.FoundOrRefused);
        error.ShouldContain("1 line left out");
    }

    /// <summary>With the keys of a real ring beside it, as exec has them.</summary>
    private async Task FillAsync()
    {
        using var ring = KeyRing.Open(Path.Combine(_rig.Folder, AuditKeys.Folder), TimeProvider.System);
        using var log = AuditLog.Open(_rig.Config, AuditKeys.Of(ring), _rig.Time);
        await log.AppendAsync(AuditRig.Request(1, "/bin/ls", "a b", "\u001b[2J\u202e"), Cancellation);
        await log.AppendAsync(new AuditEvent.Started(AuditRig.Id(1), 42), Cancellation);
        await log.AppendAsync(new AuditEvent.Exit(AuditRig.Id(1), 0, null, 12, 3, 0, false), Cancellation);
        await log.AppendAsync(AuditRig.Request(2), Cancellation);
        await log.AppendAsync(AuditRig.Denial("argv_not_allowed", "rm", "-rf", "/"), Cancellation);
    }

    private async Task ReplaceAsync(string from, string to)
    {
        var text = await File.ReadAllTextAsync(_rig.File("audit.jsonl"), Cancellation);
        await File.WriteAllTextAsync(_rig.File("audit.jsonl"), text.Replace(from, to), Cancellation);
    }

    private static Task<(int Exit, string Out, string Error)> RunAsync(params string[] arguments) => TestTerminal.RunAsync(TestTerminal.Of(), arguments);
}
