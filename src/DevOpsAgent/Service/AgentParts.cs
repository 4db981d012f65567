using System.Net;
using DevOpsAgent.Addresses;
using DevOpsAgent.Agent;
using DevOpsAgent.Agent.Tools;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Behaviour;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Incidents;
using DevOpsAgent.Kubernetes;
using DevOpsAgent.Kubernetes.Blocking;
using DevOpsAgent.Kubernetes.Client;
using DevOpsAgent.Kubernetes.Inspection;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.Signing;
using DevOpsAgent.Store;
using DevOpsAgent.Traefik;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Service;

/// <summary>What decides and what acts, put together from the configuration: the service has these parts, and so has a command that acts where no service runs.</summary>
internal sealed class AgentParts : IAsyncDisposable
{
    private readonly TraefikApi? _api;
    private IChatClient? _model;

    /// <param name="keys">Sign the receipts; disposed with the parts.</param>
    /// <param name="onBlock">Called from the writing thread.</param>
    /// <param name="agent">Null: this process is the agent. Else waits for the one that is, see <see cref="Blocking.Blocker"/>.</param>
    /// <exception cref="ConfigException">The target's settings can't be used.</exception>
    public AgentParts(
        AgentConfig config, IStore store, IReceiptStore receipts, KeyRing keys, TimeProvider time, Action<BlockEvent> onBlock, Func<IReadOnlyList<long>, CancellationToken, Task>? agent = null)
    {
        (Store, Receipts, Keys) = (store, receipts, keys);
        Journal = new(receipts, keys, time, keys.Directory is { } directory ? ReceiptAnchor.Of(directory, config.Database.Path) : null);
        Behaviour = new(config.Behaviour, store.Behaviour, time);
        Journal.Recorded = Behaviour.Record;
        Mode = new(store, config.Mode);
        Incidents = new(store, time, config.Blocking.MaxTtl);
        Entries = new(store, time);
        Allowlist = new(time, ResolveAsync);
        Allowlist.Load(store.GetAllowlist());
        var own = (IReadOnlyList<AddressRange>)[.. NeverBlocked.OfThisMachine(), .. config.Blocking.Own];
        var proxies = (IReadOnlyList<AddressRange>)[.. config.Logs.SelectMany(static l => l.TrustedProxies), .. config.Elasticsearch.TrustedProxies];
        var never = new NeverBlocked(() => own, () => proxies, () => AllowedAt(time.GetUtcNow()));
        _api = config.Blocking.HasTarget() && config.Blocking.TraefikApi is { } root ? new(root, time) : null;
        Target = TargetOf(config, _api, time);

        var guards = new GuardSet(config, store, never, () => Mode.Current, time, new BehaviourGuard(Behaviour));
        Blocker = new(store, never, Target, config.Blocking, time, guards.Preview.Refusal, onBlock, agent);
        var tools = new EffectTools(new(Blocker, config.Blocking), new(Blocker, store), new(Incidents, store), new(Entries, store), new(Entries, store), new(Entries), new(Mode), new(store.Behaviour));
        AskModel = new(() => _model, time);
        IReadOnlyList<Tool> all =
        [
            .. tools.All, new QueryLogsTool(Logs, QueryLimits.Model), new CheckAllowlistTool(Allowlist, time), new GetIncidentTool(store.GetIncident), new ProposeBlockTool(config.Blocking), AskModel,
            new InspectPatternsTool(() => KubernetesApi.Connect(config.Kubernetes, time), config.Blocking.Kubernetes.ConfigMap),
        ];
        Gateway = new(Journal, guards.Pipeline(config.Guards, time), all, PolicyHash.Of(config, guards.All), time);
        Effects = new(Gateway, tools, time, onBlock);
        OpenIntents = new(Journal, all, time);
        Responder = new(store, Effects, time);
    }

    /// <summary>What query_logs searches.</summary>
    public LogSearchSlot Logs { get; } = new();

    /// <summary>The one way to the model.</summary>
    public AskModelTool AskModel { get; }

    public IStore Store { get; }
    public IReceiptStore Receipts { get; }
    public KeyRing Keys { get; }
    public ReceiptJournal Journal { get; }

    /// <summary>Fed with every receipt, asked before every call.</summary>
    public BehaviourProfiles Behaviour { get; }
    public ModeSwitch Mode { get; }
    public IncidentDesk Incidents { get; }
    public AllowlistDesk Entries { get; }
    public Allowlist Allowlist { get; }
    public IBlockTarget Target { get; }
    public Blocker Blocker { get; }
    public Gateway Gateway { get; }

    /// <summary>The way to change anything.</summary>
    public Effects Effects { get; }
    public OpenIntents OpenIntents { get; }
    public Responder Responder { get; }

    /// <exception cref="ConfigException">The target's settings can't be used.</exception>
    public static IBlockTarget TargetOf(AgentConfig config, TraefikApi? api, TimeProvider time)
    {
        var forwarded = config.TrustsProxies();
        if (config.Blocking.Kubernetes.Way != "off")
        {
            try
            {
                return ClusterTarget.Of(KubernetesApi.Connect(config.Kubernetes, time), config, api, forwarded, time);
            }
            catch (KubernetesException e)
            {
                throw new ConfigException([new("kubernetes", 0, 0, e.Message)]);
            }
        }

        return config.Blocking.Directory is null ? new NoTarget(config.Blocking.EntryPoints, forwarded) : new FileTarget(config.Blocking, api, forwarded);
    }

    /// <summary>The model at work for somebody. The client is disposed with the parts.</summary>
    /// <param name="name">The model's, for people and receipts.</param>
    /// <param name="asker">The service, or a person.</param>
    public ModelAgent AgentOf(IChatClient client, string name, AgentConfig config, Caller asker, TimeProvider time)
    {
        _model = client;
        return new(new(Gateway, AskModel, Store.Investigations, name, asker, config, time) { Logs = () => Logs.Search });
    }

    public async ValueTask DisposeAsync()
    {
        _model?.Dispose();
        await Blocker.DisposeAsync();
        Responder.Dispose();
        if (Target is IAsyncDisposable target)
        {
            await target.DisposeAsync();
        }

        _api?.Dispose();
        Journal.Dispose();
        Behaviour.Dispose();
        Keys.Dispose();
    }

    private IReadOnlyList<AddressRange> AllowedAt(DateTimeOffset now) =>
        [.. Allowlist.Entries.Where(e => e.ExpiresAt is not { } end || end > now).SelectMany(DevOpsAgent.Incidents.Allowlist.RangesOf)];

    private static async Task<IReadOnlyList<ClientAddress>> ResolveAsync(string name, CancellationToken cancellationToken) =>
        [.. (await Dns.GetHostAddressesAsync(name, cancellationToken)).Select(ClientAddress.From)];
}
