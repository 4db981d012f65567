using System.Text.Json;
using DevOpsAgent.Addresses;
using DevOpsAgent.App.Cli;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.Configuration;

namespace DevOpsAgent.Tests.Cli;

/// <summary>What a person decides at a terminal, from the command to the file in Traefik's directory. No agent runs unless a test says so.</summary>
public sealed class DecisionCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _database;
    private readonly string _target;

    public DecisionCommandTests()
    {
        _database = Path.Combine(_folder.Path, "agent.db");
        _target = Path.Combine(_folder.Path, "dynamic", "devops-agent.yaml");
        Directory.CreateDirectory(Path.GetDirectoryName(_target)!);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Approve_writes_the_file_and_undo_removes_it()
    {
        var id = Recommend("203.0.113.7");
        var (exit, text, error) = await Run("incidents", "approve", $"{id}", "--by", "ada");
        exit.ShouldBe(ExitCode.Fine, error);
        text.ShouldContain($"Incident {id}: 203.0.113.7 denied until ");
        text.ShouldContain("(unconfirmed)");
        text.ShouldContain(_target);
        text.ShouldContain($"Undo: devops-agent incidents undo {id}\n");
        File.ReadAllText(_target).ShouldContain("ClientIP(`203.0.113.7`)");

        (await Run("incidents", "undo", $"{id}", "--by", "ada")).Exit.ShouldBe(ExitCode.Fine);
        File.Exists(_target).ShouldBeFalse();
        using var store = new SqliteStore(_database);
        store.GetIncident(id)!.Status.ShouldBe(IncidentStatus.Recommended);
        store.GetHistory(id).ShouldContain(static c => c.To == IncidentStatus.Approved && c.By == "ada" && c.Origin.StartsWith("cli"));
    }

    [Fact]
    public async Task Approving_twice_is_fine_and_says_so()
    {
        var id = Recommend("203.0.113.7");
        await Run("incidents", "approve", $"{id}", "--by", "ada");
        var (exit, text, _) = await Run("incidents", "approve", $"{id}", "--by", "bob");
        exit.ShouldBe(ExitCode.Fine);
        text.ShouldContain("already approved by ada");
    }

    [Fact]
    public async Task Of_several_each_gets_its_answer_and_the_worst_decides_the_exit_code()
    {
        var id = Recommend("203.0.113.7");
        var (exit, text, error) = await Run("incidents", "approve", $"{id}", "4711", "--by", "ada");
        exit.ShouldBe(ExitCode.FoundOrRefused);
        text.ShouldContain("203.0.113.7 denied");
        error.ShouldContain("There is no incident 4711.");
    }

    [Fact]
    public async Task A_target_that_can_not_be_written_is_said_and_nothing_is_denied()
    {
        var id = Recommend("203.0.113.7");
        var terminal = Terminal(("DEVOPS_AGENT_BLOCKING_DIRECTORY", Path.Combine(_folder.Path, "missing")));
        var (exit, text, error) = await TestTerminal.RunAsync(terminal, "incidents", "approve", $"{id}", "--by", "ada");
        exit.ShouldBe(ExitCode.Dependency);
        text.ShouldBeEmpty();
        error.ShouldContain("nothing is denied");
    }

    [Fact]
    public async Task Reject_closes_and_keeps_the_note()
    {
        var id = Recommend("203.0.113.7");
        (await Run("incidents", "reject", $"{id}", "--note", "our scanner", "--by", "ada")).Exit.ShouldBe(ExitCode.Fine);
        using var store = new SqliteStore(_database);
        store.GetHistory(id)[^1].Note.ShouldBe("our scanner");
    }

    /// <summary>The attack: a local user signs as the program, so that a block by hand looks like one of mode auto.</summary>
    [Theory]
    [InlineData("auto")]
    [InlineData("Service")]
    [InlineData("ada\u001b[2J")]
    [InlineData("")]
    public async Task A_name_that_is_not_a_persons_is_refused(string name) =>
        (await Run("incidents", "approve", "1", "--by", name)).Exit.ShouldBe(ExitCode.Usage);

    [Fact]
    public async Task Listing_shows_hostile_text_as_text_within_80_columns()
    {
        Recommend("203.0.113.7", "/\u001b[2J\u202e.env " + new string('x', 200));
        var (exit, text, _) = await Run("incidents", "list");
        exit.ShouldBe(ExitCode.Fine);
        text.ShouldContain("/\\x1b[2J\\u202e.env");
        text.ShouldNotContain("\u001b");
        text.Split('\n').ShouldAllBe(static l => SafeText.Columns(l) <= 80);

        Recommend("2001:db8:1111:2222:3333:4444:5555:6666", "short");
        var wide = (await Run("incidents", "list")).Out;
        wide.ShouldContain("2001:db8:1111:2222:3333:4444:5555:6666");
        wide.Split('\n').ShouldAllBe(static l => SafeText.Columns(l) <= 80);
    }

    [Fact]
    public async Task Json_is_the_contract_of_the_api()
    {
        var id = Recommend("203.0.113.7", "\u001b[2J");
        var list = (await Run("incidents", "list", "-o", "json")).Out;
        list.ShouldNotContain("\u001b");
        var item = JsonDocument.Parse(list).RootElement.GetProperty("items")[0];
        item.GetProperty("ip_address").GetString().ShouldBe("203.0.113.7");
        item.GetProperty("status").GetString().ShouldBe("recommended");
        var detail = JsonDocument.Parse((await Run("incidents", "show", $"{id}", "--json")).Out).RootElement;
        detail.GetProperty("recommendation").GetProperty("ranges")[0].GetString().ShouldBe("203.0.113.7/32");
    }

    [Fact]
    public async Task Show_says_what_would_be_done_and_how_to_decide()
    {
        var id = Recommend("203.0.113.7");
        var text = (await Run("incidents", "show", $"{id}")).Out;
        text.ShouldContain("Recommended by rule secret-files: block 203.0.113.7/32 for 4h");
        text.ShouldContain($"Next: devops-agent incidents approve {id}");
    }

    [Fact]
    public async Task Without_a_database_a_listing_says_where_it_looked()
    {
        var (exit, _, error) = await Run("incidents", "list");
        exit.ShouldBe(ExitCode.Dependency);
        error.ShouldContain(_database);
        File.Exists(_database).ShouldBeFalse();
    }

    [Fact]
    public async Task Blocks_by_hand_pass_the_same_checks()
    {
        var (exit, text, error) = await Run("blocks", "add", "203.0.113.9", "10.0.0.1", "203.0.0.0/8", "--by", "ada", "--ttl", "1h");
        exit.ShouldBe(ExitCode.FoundOrRefused);
        text.ShouldContain("Block 1: 203.0.113.9 denied until");
        error.ShouldContain("10.0.0.1 is not a public address");
        error.ShouldContain("203.0.0.0/8 is larger than");
        (await Run("blocks", "list")).Out.ShouldContain("203.0.113.9  unconfirmed");
        (await Run("blocks", "export")).Out.ShouldBe(File.ReadAllText(_target));
    }

    [Fact]
    public async Task In_mode_disabled_nothing_is_denied_whoever_asks()
    {
        (await Run("mode", "set", "disabled")).Exit.ShouldBe(ExitCode.Fine);
        (await Run("mode", "show")).Out.ShouldContain("disabled (set at run time");
        var (exit, _, error) = await Run("blocks", "add", "203.0.113.9", "--by", "ada");
        exit.ShouldBe(ExitCode.FoundOrRefused);
        error.ShouldContain("Mode disabled");
    }

    [Fact]
    public async Task Removing_an_incidents_last_block_puts_it_back_into_review()
    {
        var id = Recommend("203.0.113.7");
        await Run("incidents", "approve", $"{id}", "--by", "ada");
        var (exit, text, error) = await Run("blocks", "remove", "203.0.113.0/24", "--by", "ada");
        exit.ShouldBe(ExitCode.Fine, error);
        text.ShouldContain("203.0.113.7 is open again.");
        File.Exists(_target).ShouldBeFalse();
        using var store = new SqliteStore(_database);
        store.GetIncident(id)!.Status.ShouldBe(IncidentStatus.Recommended);
    }

    [Theory]
    [InlineData("blocks remove 99", ExitCode.FoundOrRefused)]
    [InlineData("blocks remove nonsense", ExitCode.Usage)]
    [InlineData("blocks add nonsense", ExitCode.Usage)]
    [InlineData("blocks add 203.0.113.9 --ttl -1h", ExitCode.Usage)]
    [InlineData("allowlist add not..a..name", ExitCode.FoundOrRefused)]
    [InlineData("allowlist remove 203.0.113.7", ExitCode.FoundOrRefused)]
    [InlineData("allowlist check nonsense", ExitCode.Usage)]
    [InlineData("mode set sometimes", ExitCode.Usage)]
    [InlineData("incidents list --limit 0", ExitCode.Usage)]
    [InlineData("incidents show 99", ExitCode.FoundOrRefused)]
    [InlineData("rules show secret-fils", ExitCode.Usage)]
    [InlineData("explain nonsense", ExitCode.Usage)]
    public async Task Wrong_input_has_its_exit_code_and_words(string arguments, int expected)
    {
        new SqliteStore(_database).Dispose();
        var (exit, _, error) = await Run(arguments.Split(' '));
        exit.ShouldBe(expected, error);
        error.ShouldNotBeNullOrWhiteSpace();
        error.ShouldNotContain("defect");
    }

    [Fact]
    public async Task An_allowlist_entry_ends_the_block_and_its_incident()
    {
        var id = Recommend("203.0.113.7");
        await Run("incidents", "approve", $"{id}", "--by", "ada");
        var (exit, text, error) = await Run("allowlist", "add", "203.0.113.0/24", "-d", "office", "--by", "ada");
        exit.ShouldBe(ExitCode.Fine, error);
        text.ShouldContain("1 block ended.");
        File.Exists(_target).ShouldBeFalse();
        (await Run("allowlist", "check", "203.0.113.7")).Exit.ShouldBe(ExitCode.Fine);
        (await Run("allowlist", "check", "203.0.114.7")).Exit.ShouldBe(ExitCode.FoundOrRefused);
    }

    [Fact]
    public async Task The_allowlist_goes_out_and_in_as_csv()
    {
        await Run("allowlist", "add", "203.0.113.0/24", "-d", "office, main", "--by", "ada");
        var csv = (await Run("allowlist", "export")).Out;
        await Run("allowlist", "remove", "203.0.113.0/24");
        var (exit, text, error) = await Run("allowlist", "import", _folder.Write("list.csv", csv), "--by", "ada");
        exit.ShouldBe(ExitCode.Fine, error);
        text.ShouldStartWith("1 added");
        (await Run("allowlist", "import", _folder.Write("bad.csv", csv + "not a name,x\n"), "--by", "ada")).Error.ShouldContain("bad.csv:3: ");
    }

    [Fact]
    public async Task Where_an_agent_runs_a_decision_is_handed_over_to_it()
    {
        var id = Recommend("203.0.113.7");
        using var agent = AgentLock.Take(_database);
        var approving = Run("incidents", "approve", $"{id}", "--by", "ada");
        using var store = new SqliteStore(_database);
        while (store.GetIncident(id)!.Status != IncidentStatus.Approved && !approving.IsCompleted)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        File.Exists(_target).ShouldBeFalse();
        store.AddAction(new() { IncidentId = id, ActionType = "block", Mode = Mode.Review, IntendedAt = TimeProvider.System.GetUtcNow(), ApprovedBy = "ada", Origin = "cli", Subject = "203.0.113.7/32" });
        store.TryTransition(id, [IncidentStatus.Approved], new() { IncidentId = id, From = null, To = IncidentStatus.Failed, At = TimeProvider.System.GetUtcNow(), By = "service", Origin = "service", Note = "Disk full." }, null, out _).ShouldBeTrue();
        var (exit, _, error) = await approving;
        exit.ShouldBe(ExitCode.Dependency);
        error.ShouldContain("nothing is denied: Disk full.");
    }

    private Task<(int Exit, string Out, string Error)> Run(params string[] arguments) => TestTerminal.RunAsync(Terminal(), arguments);

    private Terminal Terminal(params (string, string)[] more) => TestTerminal.Of([
        .. more,
        ("DEVOPS_AGENT_DATABASE_PATH", _database), ("USER", "tester"),
        .. more.Any(static m => m.Item1 == "DEVOPS_AGENT_BLOCKING_DIRECTORY") ? (IEnumerable<(string, string)>)[] : [("DEVOPS_AGENT_BLOCKING_DIRECTORY", Path.GetDirectoryName(_target)!)]]);

    private long Recommend(string client, string summary = "Asked for 9 secret files.")
    {
        using var store = new SqliteStore(_database);
        var now = TimeProvider.System.GetUtcNow();
        var address = ClientAddress.Parse(client);
        return store.Commit(new()
        {
            Incidents =
            [
                new(new()
                {
                    Subject = client,
                    Clients = [address],
                    Threat = "secrets-scan",
                    Severity = Severity.High,
                    Status = IncidentStatus.Recommended,
                    DetectedAt = now,
                    UpdatedAt = now,
                    Summary = summary,
                    Evidence = new() { FirstSeen = now, LastSeen = now, Requests = 9, Matched = 9 },
                    Recommendation = new()
                    {
                        Action = RuleAction.Block,
                        Ranges = [AddressRange.Single(address)],
                        Why = summary,
                        Where = "Traefik file",
                        Ttl = TimeSpan.FromHours(4),
                        ProposedBy = "rule secret-files",
                        Change = "+ ClientIP(`203.0.113.7`)\n",
                    },
                }, new() { IncidentId = 0, From = null, To = IncidentStatus.Recommended, At = now, By = "rule", Origin = "service" }),
            ],
        })[0].Id;
    }
}
