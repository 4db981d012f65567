using System.Text.Json;
using DevOpsAgent.Audit;
using DevOpsAgent.Configuration;
using DevOpsAgent.Signing;

namespace DevOpsAgent.Tests.Audit;

/// <summary>A log in a folder of its own, with a key and a clock that a test moves.</summary>
internal sealed class AuditRig : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("devops-agent-audit-").FullName;
    private readonly KeyRing _ring = KeyRing.InMemory(TimeProvider.System);

    public AuditRig() => Config = new() { Directory = Path.Combine(_root, "nested", "audit") };

    public AuditConfig Config { get; set; }

    public FakeTime Time { get; } = new();

    public KeyRing Ring => _ring;

    public AuditKeys Keys => AuditKeys.Of(_ring);

    public string Folder => Config.Directory;

    public AuditLog Open() => AuditLog.Open(Config, Keys, Time);

    public string File(string name) => Path.Combine(Folder, name);

    public string[] Lines(string name = "audit.jsonl") => System.IO.File.ReadAllText(File(name)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public JsonElement[] Events(string name = "audit.jsonl") => [.. Lines(name).Select(static l => JsonDocument.Parse(l).RootElement)];

    public string[] Closed() => [.. SegmentName.ListClosed(Folder).Select(static s => Path.GetFileName(s.Path))];

    public Verification Verify(string? path = null) => new AuditVerifier(Keys.TryFindPublic).Verify(path ?? Folder, CancellationToken.None);

    /// <summary>A log of so many requests, closed again.</summary>
    public async Task FillAsync(int lines)
    {
        using var log = Open();
        await FillAsync(log, lines);
    }

    public static async Task FillAsync(AuditLog log, int lines)
    {
        for (var i = 0; i < lines; i++)
        {
            await log.AppendAsync(Request(i), CancellationToken.None);
        }
    }

    public static string Id(int n) => n.ToString("x32", System.Globalization.CultureInfo.InvariantCulture);

    public static AuditEvent.Request Request(int n, params string[] argv) =>
        new(Id(n), new string('a', 64), new string('b', 64), argv.Length > 0 ? argv : ["/usr/bin/ls", "-la"], "list files", 100, 30_000) { StdinSha256 = new string('c', 64) };

    public static AuditEvent.Denial Denial(string reason, params string[] argv) => new(Id(9), null, null, argv, reason);

    public void Dispose()
    {
        _ring.Dispose();
        Directory.Delete(_root, recursive: true);
    }
}
