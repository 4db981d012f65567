using System.Diagnostics;
using System.Globalization;
using System.Text;
using DevOpsAgent.Exec;
using DevOpsAgent.Exec.Acl;
using DevOpsAgent.Guards;

namespace DevOpsAgent.Tests.Exec;

/// <summary>Real processes under an ACL in a folder of its own. Each script is a file there, allowed with the argument &lt;INT&gt; or without.</summary>
internal sealed class ExecRig : IAsyncDisposable
{
    public static readonly string Agent = new('a', 64);
    public static readonly string Machine = new('b', 64);

    private readonly List<string> _commands = [];
    private ExecSessions? _sessions;

    public ExecRig()
    {
        Directory.CreateDirectory(Folder);
    }

    public string Folder { get; } = Path.Combine(Path.GetTempPath(), $"exec-{Guid.NewGuid():N}");

    public string AclPath => Path.Combine(Folder, "acl.yaml");

    public RecordingAudit Audit { get; } = new();

    public FakeTime Time { get; } = new();

    public ApprovingGateway Gateway { get; } = new();

    /// <summary>Lines of the section exec: "max_stdout_bytes: 10".</summary>
    public List<string> Settings { get; } = [];

    public ExecSessions Sessions
    {
        get
        {
            if (_sessions is null)
            {
                _sessions = new(LoadAcl(), Audit, Time);
                _sessions.OpenTo(Gateway);
            }

            return _sessions;
        }
    }

    public ExecRig Set(string line)
    {
        Settings.Add(line);
        return this;
    }

    /// <summary>Allows an argv as written in YAML.</summary>
    public ExecRig Allow(string argv)
    {
        _commands.Add(argv);
        return this;
    }

    /// <summary>A shell script of this body, allowed alone. Returns its path.</summary>
    public string Script(string body, string name = "script")
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, $"#!/bin/sh\n{body}\n");
        Mode(path, 0b111_101_101);
        _commands.Add($"[{path}]");
        return path;
    }

    public ExecPolicy LoadAcl()
    {
        var text = new StringBuilder("exec:\n  enabled: true\n");
        foreach (var line in Settings)
        {
            text.Append("  ").Append(line).Append('\n');
        }

        text.Append(CultureInfo.InvariantCulture, $"  allow:\n    - description: ops\n      agent_id: {Agent}\n      machine_id: {Machine}\n      commands:\n");
        foreach (var argv in _commands)
        {
            text.Append(CultureInfo.InvariantCulture, $"        - argv: {argv}\n");
        }

        File.WriteAllText(AclPath, text.ToString());
        return ExecAclReader.Load(AclPath, Time);
    }

    public static void Mode(string path, int mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, (UnixFileMode)mode);
        }
    }

    public static ExecRequest Request(params string[] argv) => new()
    {
        RequestId = ExecRequestId.New(),
        Sender = new(Agent, Machine, SenderStanding.Trusted),
        Argv = argv,
    };

    public Task<ExecRefusal?> AdmitAsync(ExecRequest request) => Sessions.AdmitAsync(request).AsTask();

    public Task<ExecStart> StartAsync(ExecRequest request) => Sessions.StartAsync(Gateway.Approve(request));

    public async Task<ExecSession> RunningAsync(ExecRequest request) => (await StartAsync(request)).ShouldBeOfType<ExecStart.Running>().Session;

    public async Task<ExecRefusal> DeniedAsync(ExecRequest request) => (await StartAsync(request)).ShouldBeOfType<ExecStart.Denied>().Refusal;

    /// <summary>Runs it to its end and gives what it wrote.</summary>
    public async Task<(ExecExit Exit, string Stdout, string Stderr)> RunAsync(ExecRequest request)
    {
        var session = await RunningAsync(request);
        var (events, _) = await CollectAsync(session);
        return (await session.Completion.WaitAsync(Patience), Text(events, ExecStream.Stdout), Text(events, ExecStream.Stderr));
    }

    /// <summary>Far beyond what any test takes, so that a hang fails instead of hanging the suite.</summary>
    public static TimeSpan Patience => TimeSpan.FromSeconds(30);

    public static async Task<(IReadOnlyList<ExecEvent> Events, ExecExit Exit)> CollectAsync(ExecSession session)
    {
        using var enough = new CancellationTokenSource(Patience);
        var events = new List<ExecEvent>();
        await foreach (var e in session.Events.ReadAllAsync(enough.Token))
        {
            events.Add(e);
        }

        return (events, await session.Completion);
    }

    /// <summary>Reads on until an output holds the text: then the command has come so far.</summary>
    public static async Task UntilAsync(ExecSession session, string text)
    {
        using var enough = new CancellationTokenSource(Patience);
        var seen = new StringBuilder();
        while (!seen.ToString().Contains(text, StringComparison.Ordinal))
        {
            if (await session.Events.ReadAsync(enough.Token) is ExecEvent.Output output)
            {
                seen.Append(Encoding.UTF8.GetString(output.Bytes.Span));
            }
        }
    }

    /// <summary>Waits for something that another thread or process is just doing.</summary>
    public static async Task EventuallyAsync(Func<bool> holds)
    {
        var clock = Stopwatch.StartNew();
        while (!holds())
        {
            clock.Elapsed.ShouldBeLessThan(Patience);
            await Task.Yield();
        }
    }

    /// <summary>A zombie doesn't count.</summary>
    public static bool IsAlive(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    public static string Text(IEnumerable<ExecEvent> events, ExecStream stream) => string.Concat(events.OfType<ExecEvent.Output>()
        .Where(o => o.Stream == stream).Select(static o => Encoding.UTF8.GetString(o.Bytes.Span)));

    public async ValueTask DisposeAsync()
    {
        if (_sessions is not null)
        {
            await _sessions.DisposeAsync().AsTask().WaitAsync(Patience);
            (_sessions.Policy as ExecPolicy.Enabled)?.Acl.Dispose();
        }

        Directory.Delete(Folder, recursive: true);
    }
}

internal static class Waiting
{
    /// <summary>Within <see cref="ExecRig.Patience"/>, or the test fails.</summary>
    public static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(ExecRig.Patience);

    public static Task Soon(this Task task) => task.WaitAsync(ExecRig.Patience);
}

/// <summary>Permits everything.</summary>
internal sealed class ApprovingGateway : Permit<ExecRequest>.Issuer
{
    public ApprovedCommand Approve(ExecRequest request) => ApprovedCommand.From(Issue(this, 1, request));

    public Permit<ExecRequest> Permit(ExecRequest request) => Issue(this, 1, request);
}
