using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Guards;
using DevOpsAgent.Incidents;
using DevOpsAgent.Tests.Traefik;
using DevOpsAgent.Traefik;

namespace DevOpsAgent.Tests.Blocking;

/// <summary>Everything that a block needs: a store in memory, a real directory, a clock moved by hand.</summary>
internal sealed class BlockWorld : IAsyncDisposable
{
    private readonly TempFolder _folder = new();

    public BlockWorld(Func<BlockingConfig, BlockingConfig>? change = null)
    {
        var config = new BlockingConfig { Directory = _folder.Watched };
        Config = change?.Invoke(config) ?? config;
        Never = new(() => Own, () => Proxies, () => Allowlist);
        Target = new FileTarget(Config, null);
        Blocker = Start();
    }

    public FakeStore Store { get; } = new();
    public ManualTime Time { get; } = new();
    public BlockingConfig Config { get; }
    public NeverBlocked Never { get; }
    public IBlockTarget Target { get; }
    public GatedBlocker Blocker { get; private set; }
    public Mode Mode { get; set; } = Mode.Auto;
    public List<BlockEvent> Events { get; } = [];
    public List<AddressRange> Own { get; } = [AddressRange.Parse("192.0.2.1")];
    public List<AddressRange> Proxies { get; } = [AddressRange.Parse("192.0.2.128/25")];
    public List<AddressRange> Allowlist { get; } = [];
    public string File => _folder.File;
    public string Root => _folder.Root;
    public string Content
    {
        get
        {
            try
            {
                return System.IO.File.ReadAllText(File);
            }
            catch (IOException)
            {
                // Not there: the blocker may take it away at any moment.
                return "";
            }
        }
    }


    /// <summary>What the file denies of these.</summary>
    public bool Denies(string address)
    {
        if (Content.Length == 0)
        {
            return false;
        }

        var routers = (Dictionary<object, object>)DenyFileTests.Read(Content)["routers"];
        var asked = 0;
        return RuleLanguage.Parse((string)((Dictionary<object, object>)routers["devops-agent-deny"])["rule"]).Matches(ClientAddress.Parse(address), ref asked);
    }

    /// <summary>A new process on the same store and directory.</summary>
    public GatedBlocker Start(IBlockTarget? target = null) => Blocker = new(Store, Never, target ?? Target, Config, Time, e =>
    {
        lock (Events)
        {
            Events.Add(e);
        }
    }, () => Mode);

    public void Incident(long id, params string[] clients) => Store.Put(new()
    {
        Id = id,
        Subject = clients[0],
        Clients = [.. clients.Select(ClientAddress.Parse)],
        Threat = "secrets-scan",
        Severity = Severity.High,
        Status = IncidentStatus.Recommended,
        DetectedAt = Time.GetUtcNow(),
        UpdatedAt = Time.GetUtcNow(),
        Summary = "Asked for secrets.",
        Evidence = new() { Requests = 60, Matched = 60 },
    });

    public BlockRequest ByHand(string range) => new()
    {
        Range = AddressRange.Parse(range),
        Reason = "seen in another log",
        Ttl = TimeSpan.FromHours(4),
        By = "ann",
        Origin = "cli uid 1000",
        Mode = Mode.Review,
    };

    public BlockRequest Auto(string range, long incident) => ByHand(range) with { IncidentId = incident, By = "auto", Origin = "service", Mode = Mode.Auto };

    public async Task<BlockAnswer> BlockAsync(BlockRequest request) => (await Settle(Blocker.BlockAsync([request])))[0];

    /// <summary>Lets the two seconds between writes pass where the work waits for them.</summary>
    public async Task<T> Settle<T>(Task<T> work)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!work.IsCompleted)
        {
            limit.Token.ThrowIfCancellationRequested();
            if (Time.Waiting > 0)
            {
                Time.Advance(WriteThrottle.Quiet);
            }

            await Task.Yield();
        }

        return await work;
    }

    public async ValueTask DisposeAsync()
    {
        await Blocker.DisposeAsync();
        _folder.Dispose();
    }
}
