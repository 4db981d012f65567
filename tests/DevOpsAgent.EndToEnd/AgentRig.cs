using System.Globalization;
using System.Text.Json;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;

namespace DevOpsAgent.EndToEnd;

/// <summary>A directory with a configuration, a log, a database and a watched folder, and the agents that run on them.</summary>
internal sealed class AgentRig : IAsyncDisposable
{
    public const string Threat = "secrets-scan";
    private static readonly HttpClient s_http = new();
    private readonly List<AgentProcess> _agents = [];
    private SqliteStore? _store;

    /// <param name="logs">YAML of the list of logs; null: the log alone.</param>
    /// <param name="blocking">More keys of blocking, each "key: value".</param>
    public AgentRig(string mode = "auto", string? logs = null, string[]? blocking = null, string more = "", bool web = false, bool target = true)
    {
        Folder = Directory.CreateTempSubdirectory("devops-agent-e2e-").FullName;
        Directory.CreateDirectory(Watched);
        File.WriteAllText(Log, "");
        File.WriteAllText(Config, $"""
            mode: {mode}
            logs:
              {(logs is null ? $"- path: {Log}" : logs.ReplaceLineEndings("\n  "))}
            database:
              path: {Database}
            blocking:
              {string.Join("\n  ", [target ? $"directory: {Watched}" : "directory: null", .. blocking ?? []])}
            web:
              serve: {(web ? "true" : "false")}
              listen: 127.0.0.1:0
            {more}
            """);
    }

    public string Folder { get; }
    public string Log => Path.Combine(Folder, "access.log");
    public string Config => Path.Combine(Folder, "config.yaml");
    public string Database => Path.Combine(Folder, "agent.db");
    public string Watched => Path.Combine(Folder, "dynamic");
    public string DenyFile => Path.Combine(Watched, "devops-agent.yaml");
    public static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>What the agent stored, read beside it. Open it only after an agent has made it.</summary>
    public SqliteStore Store => _store ??= new(Database);

    public string Denied => File.Exists(DenyFile) ? File.ReadAllText(DenyFile) : "";

    /// <summary>Starts the service and waits until it follows its logs.</summary>
    public async Task<AgentProcess> StartAsync(params string[] arguments)
    {
        var agent = Launch(arguments);
        await agent.WaitForAsync(" started ");
        return agent;
    }

    public AgentProcess Launch(params string[] arguments)
    {
        var agent = AgentProcess.Start(["--config", Config, .. arguments]);
        _agents.Add(agent);
        return agent;
    }

    /// <summary>A command beside the service, or alone.</summary>
    public Task<(int Exit, string Output, string Errors)> RunAsync(params string[] arguments) => AgentProcess.RunAsync([.. arguments, "--config", Config]);

    public async Task<JsonElement> JsonAsync(params string[] arguments)
    {
        var (exit, output, errors) = await RunAsync([.. arguments, "--json"]);
        exit.ShouldBeLessThan(2, errors);
        return JsonDocument.Parse(output).RootElement;
    }

    public void Append(IEnumerable<string> lines, string? file = null) => File.AppendAllText(file ?? Log, string.Concat(lines.Select(static l => l + "\n")));

    public Incident? Find(string client, string threat = Threat) =>
        Store.ListIncidents(new() { Limit = 500 }).Items.Where(i => i.Subject == client && i.Threat == threat).MaxBy(static i => i.Id);

    public Task<Incident> IncidentAsync(string client, IncidentStatus status, string threat = Threat) => IncidentAsync(client, i => i.Status == status, $"is {status}", threat);

    public Task<Incident> IncidentAsync(string client, Func<Incident, bool> condition, string what, string threat = Threat) =>
        Eventually.Some(() => Find(client, threat) is { } found && condition(found) ? found : null, $"the {threat} of {client} {what}", Describe);

    /// <summary>Waits until the client stands in the deny file.</summary>
    public Task DeniedAsync(string client) => Eventually.True(() => Denied.Contains($"`{client}`", StringComparison.Ordinal), $"{client} is denied", Describe);

    public Task FreeAsync(string client) => Eventually.True(() => !Denied.Contains($"`{client}`", StringComparison.Ordinal), $"{client} is not denied", Describe);

    /// <summary>Waits until the stored position of the log is its end.</summary>
    public Task ReadToEndAsync(string? file = null) => Eventually.True(
        () => new FileInfo(file ?? Log).Length is var length && Store.GetCheckpoints().Any(c => c.Offset == length),
        "the log is read to its end",
        Describe);

    /// <summary>The page's address, from what the agent said when it started.</summary>
    public static Uri PageOf(AgentProcess agent) =>
        new(agent.Errors.Split('\n').First(static l => l.Contains(" page ", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^1]);

    /// <summary>Status and body of an answer.</summary>
    public static async Task<(int Status, string Body)> GetAsync(AgentProcess agent, string path)
    {
        using var answer = await s_http.GetAsync(new Uri(PageOf(agent), path), TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Waits until /readyz answers so; returns what it said.</summary>
    public Task<string> ReadyAsync(AgentProcess agent, int status, string? text = null) => Eventually.Some(
        async () => await GetAsync(agent, "/readyz") is var (s, body) && s == status && body.Contains(text ?? "", StringComparison.Ordinal) ? body : null,
        $"/readyz answers {status} {text}",
        Describe);

    /// <summary>Ends the service as a service manager does.</summary>
    public async Task StopAsync(AgentProcess agent)
    {
        agent.Signal(AgentProcess.SigTerm);
        (await agent.ExitAsync()).ShouldBe(0, agent.Errors);
        _agents.Remove(agent);
        await agent.DisposeAsync();
    }

    /// <summary>Ends it as the kernel does when memory runs out.</summary>
    public async Task KillAsync(AgentProcess agent)
    {
        agent.Signal(AgentProcess.SigKill);
        await agent.ExitAsync();
        _agents.Remove(agent);
        await agent.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in _agents)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(agent.Errors);
            await agent.DisposeAsync();
        }

        _store?.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private string Describe() => string.Join('\n',
        [.. _agents.Select(static a => a.Errors), .. _store?.ListIncidents(new() { Limit = 20 }).Items.Select(static i => string.Create(CultureInfo.InvariantCulture, $"{i.Id} {i.Subject} {i.Threat} {i.Status} matched {i.Evidence.Matched} requests {i.Evidence.Requests} held {i.Recommendation?.Held}")) ?? [],
         .. _store?.GetCheckpoints().Select(static c => string.Create(CultureInfo.InvariantCulture, $"{c.Source} {c.FileId} read to {c.Offset}")) ?? [],
         .. Directory.EnumerateFiles(Folder).Select(static f => string.Create(CultureInfo.InvariantCulture, $"{f} {new FileInfo(f).Length}")), Denied]);
}
