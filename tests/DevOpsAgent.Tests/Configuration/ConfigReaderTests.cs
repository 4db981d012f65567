using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Tests.Configuration;

public sealed class ConfigReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Each row: which of file, environment and flag say something, and whose word counts.</summary>
    [Theory]
    [InlineData(null, null, null, "4h", "default")]
    [InlineData("1h", null, null, "1h", "file")]
    [InlineData(null, "2h", null, "2h", "DEVOPS_AGENT_BLOCKING_TTL")]
    [InlineData("1h", "2h", null, "2h", "DEVOPS_AGENT_BLOCKING_TTL")]
    [InlineData(null, null, "3h", "3h", "--ttl")]
    [InlineData("1h", null, "3h", "3h", "--ttl")]
    [InlineData(null, "2h", "3h", "3h", "--ttl")]
    [InlineData("1h", "2h", "3h", "3h", "--ttl")]
    public void The_later_source_wins(string? file, string? variable, string? flag, string expected, string origin)
    {
        var path = file is null ? null : _folder.Write("config.yaml", $"blocking:\n  ttl: {file}\n");
        var loaded = ConfigReader.Load(new()
        {
            File = path,
            Environment = variable is null ? Variables() : Variables(("DEVOPS_AGENT_BLOCKING_TTL", variable)),
            Flags = flag is null ? [] : [new("--ttl", "blocking.ttl", [flag])],
        });
        DurationText.Of(loaded.Config.Blocking.Ttl).ShouldBe(expected);
        (loaded.Origins.GetValueOrDefault("blocking.ttl")?.ToString() ?? "default").ShouldBe(origin == "file" ? path + ":2" : origin);
    }

    [Theory]
    [MemberData(nameof(AllKeys))]
    public void Every_key_can_be_set_by_its_variable(string path)
    {
        var key = ConfigKeys.All.Find(path)!;
        var value = key.Show(new AgentConfig()) is { } shown && !key.IsList ? shown.ToString() : "";
        var loaded = ConfigReader.Load(new() { Environment = Variables((EnvironmentOverrides.NameOf(path), path == "blocking.entry_points" ? "web" : value)) });
        loaded.Origins[path].Source.ShouldBe(EnvironmentOverrides.NameOf(path));
    }

    public static TheoryData<string> AllKeys() => [.. ConfigKeys.All.Keys.Select(static k => k.Path)];

    [Fact]
    public void Problems_of_file_environment_and_flags_come_at_once()
    {
        var file = _folder.Write("config.yaml", "mode: x\nmodel: y\n");
        var problems = Problems(new()
        {
            File = file,
            Environment = Variables(("DEVOPS_AGENT_WEB_LISTEN", "z")),
            Flags = [new("--mode", "mode", ["w"])],
        });
        problems.Select(static p => p.File).ShouldBe([file, file, "DEVOPS_AGENT_WEB_LISTEN", "--mode"]);
    }

    [Fact]
    public void A_log_flag_keeps_the_options_that_the_file_gives_that_log()
    {
        var file = _folder.Write("config.yaml", "logs:\n  - path: a.log\n    trust_clf: true\n  - path: b.log\n    trust_clf: true\n");
        var logs = ConfigReader.Load(new() { File = file, Flags = [new("--log", "logs", ["a.log", "c.log"])] }).Config.Logs;
        logs.Select(static l => (l.Path, l.TrustClf)).ShouldBe([("a.log", true), ("c.log", false)]);
    }

    [Fact]
    public void A_variable_of_a_variable_is_not_expanded_again()
    {
        var file = _folder.Write("config.yaml", "llm:\n  model: ${A}\n");
        ConfigReader.Load(new() { File = file, Environment = Variables(("A", "${SECRET}"), ("SECRET", "x")) }).Config.Llm.Model.ShouldBe("${SECRET}");
    }

    [Fact]
    public void A_missing_file_says_so() =>
        Problems(new() { File = "/no/such/config.yaml" }).ShouldHaveSingleItem().ToString().ShouldStartWith("/no/such/config.yaml: does not exist");

    [Fact]
    public void A_directory_says_so() =>
        Problems(new() { File = _folder.Path }).ShouldHaveSingleItem().Message.ShouldStartWith("is a directory");

    [Fact]
    public void An_endless_file_is_not_read_whole() =>
        Problems(new() { File = "/dev/zero" }).ShouldHaveSingleItem().Message.ShouldStartWith("is larger than 1 MiB");

    [Fact]
    public void A_log_taken_for_the_configuration_does_not_flood_the_screen()
    {
        var file = _folder.Write("config.yaml", string.Concat(Enumerable.Range(0, 5000).Select(static i => $"key{i}: 1\n")));
        var problems = Problems(new() { File = file });
        problems.Count.ShouldBe(101);
        problems[^1].Message.ShouldStartWith("4900 more problems");
    }

    /// <summary>What <c>config show</c> prints is a configuration: it loads to the same values (secrets excepted).</summary>
    [Fact]
    public void What_is_shown_loads_again()
    {
        var config = new AgentConfig
        {
            Mode = Mode.Auto,
            Logs = [new() { Path = "-" }, new() { Path = "/a b/${x}*.log", TrustClf = true, TrustedProxies = [AddressRange.Parse("::1")] }],
            Llm = new() { Model = "a: b # c", Provider = "true", Temperature = 1.5 },
            Database = new() { Path = "1e3", Retention = TimeSpan.FromMilliseconds(90_061_001) },
            Blocking = new() { Directory = "null", EntryPoints = ["web"], TempDirectory = "\u001b[2J\n\"'" },
            Detection = new() { MaxMemory = 1_500_001, Rules = ["~", "[x]"] },
        };
        var text = ConfigText.Of(config, new Dictionary<string, ConfigOrigin>(StringComparer.Ordinal));
        var loaded = ConfigReader.Load(new() { File = _folder.Write("config.yaml", text) });
        ConfigText.Of(loaded.Config, new Dictionary<string, ConfigOrigin>(StringComparer.Ordinal)).ShouldBe(text);
        loaded.Config.Llm.ShouldBe(config.Llm);
        loaded.Config.Blocking.TempDirectory.ShouldBe(config.Blocking.TempDirectory);
        loaded.Config.Logs[1].Path.ShouldBe(config.Logs[1].Path);
        loaded.Config.Database.ShouldBe(config.Database);
    }

    [Fact]
    public void Nothing_shown_holds_a_secret()
    {
        var config = new AgentConfig
        {
            Llm = new() { ApiKey = new("hunter2"), Url = "https://hunter2@llm/x?key=hunter2" },
            Elasticsearch = new() { Url = "https://ada:hunter2@es:9200/?a=1&api_token=hunter2#f", Password = new("hunter2") },
            Blocking = new() { TraefikApi = new("http://ada:hunter2@127.0.0.1:8080") },
            Detection = new() { Rules = ["https://ada:hun/ter2@x/hunter2@rules"] },
        };
        ConfigText.Of(config, new Dictionary<string, ConfigOrigin>(StringComparer.Ordinal)).ShouldNotContain("hunter2");
        config.ToString().ShouldNotContain("ApiKey = hunter2");
    }

    private static IReadOnlyList<ConfigProblem> Problems(ConfigRequest request) =>
        Should.Throw<ConfigException>(() => ConfigReader.Load(request)).Problems;

    private static Dictionary<string, string> Variables(params (string Name, string Value)[] variables) =>
        variables.ToDictionary(static v => v.Name, static v => v.Value, StringComparer.Ordinal);
}
