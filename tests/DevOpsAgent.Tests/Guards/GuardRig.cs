using System.Text.Json;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Signing;
using DevOpsAgent.Store;

namespace DevOpsAgent.Tests.Guards;

internal sealed record NoteRequest(string Text);

/// <summary>A tool whose effect is a list of texts.</summary>
internal sealed class NoteTool : Tool<NoteRequest>
{
    public List<string> Notes { get; } = [];

    /// <summary>What happens instead of the effect.</summary>
    public Func<IReadOnlyList<Permit<NoteRequest>>, Task<IReadOnlyList<ToolResult>>>? Instead { get; set; }

    public override string Name => "note";

    public override string Description => "Notes a text";

    public override ToolSchema Schema { get; } = new(
    [
        new("count", FieldType.Integer, "How often") { Required = false, Min = 1, Max = 9 },
        new("kind", FieldType.Choice, "Which") { Required = false, Values = ["a", "b"] },
        new("password", FieldType.Text, "Never shown") { Required = false, Secret = true },
        new("range", FieldType.AddressRange, "Where") { Required = false },
        new("tags", FieldType.TextList, "Words") { Required = false, Max = 2, MaxLength = 5 },
        new("text", FieldType.Text, "What to note") { MaxLength = 20 },
        new("ttl", FieldType.Duration, "How long") { Required = false },
        new("until", FieldType.Time, "Until when") { Required = false },
        new("yes", FieldType.Boolean, "Whether") { Required = false },
    ]);

    public override bool HasEffect => true;

    public override void Write(NoteRequest request, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("text", request.Text);
        writer.WriteEndObject();
    }

    public override NoteRequest Bind(JsonElement parameters, Caller caller) => new(parameters.GetProperty("text").GetString()!);

    public override bool? Stands(Intent intent) => Notes.Exists(n => intent.Parameters.Contains(n, StringComparison.Ordinal));

    internal override Task<IReadOnlyList<ToolResult>> RunAsync(IReadOnlyList<Permit<NoteRequest>> permits, CancellationToken cancellationToken)
    {
        if (Instead is { } instead)
        {
            return instead(permits);
        }

        Notes.AddRange(permits.Select(static p => p.Take().Text));
        return Task.FromResult<IReadOnlyList<ToolResult>>([.. permits.Select(static _ => new ToolResult(true, "noted"))]);
    }
}

/// <summary>A guard that says what a test wants.</summary>
internal sealed class SayingGuard(string name, Func<GuardContext, GuardDecision> say, bool advisory = false, bool quick = false) : IGuard
{
    public int Asked { get; private set; }

    public string Name => name;

    public bool Advisory => advisory;

    public bool IsQuick => quick;

    public bool Judges(Tool tool) => true;

    public ValueTask<GuardDecision> EvaluateAsync(GuardContext context, CancellationToken cancellationToken)
    {
        Asked++;
        return new(say(context));
    }
}

/// <summary>A gateway in memory with one tool and the guards of a test.</summary>
internal sealed class GuardRig : IDisposable
{
    private readonly KeyRing _keys = KeyRing.InMemory(TimeProvider.System);
    private readonly FailingStore _store;

    public GuardRig(TimeSpan limit, PromotionRules promotions, params IGuard[] guards)
    {
        _store = new(Receipts);
        Journal = new(_store, _keys, TimeProvider.System);
        Gateway = new(Journal, new(guards, promotions, limit, TimeProvider.System), [Tool], new string('a', 64), TimeProvider.System);
    }

    public GuardRig(params IGuard[] guards)
        : this(TimeSpan.FromSeconds(30), PromotionRules.None, guards)
    {
    }

    public NoteTool Tool { get; } = new();
    public MemoryReceiptStore Receipts { get; } = new();
    public ReceiptJournal Journal { get; }
    public Gateway Gateway { get; }

    /// <summary>Appends that work before the store fails.</summary>
    public int StoreFailsAfter { set => _store.Left = value; }

    public static IGuard Allows(string name = "allows") => new SayingGuard(name, static _ => GuardDecision.Allow);

    public Task<CallAnswer> NoteAsync(string text = "hello", CancellationToken? cancellationToken = null) =>
        Gateway.CallAsync(Tool, new(text), Caller.Person("ann", "test"), 7, cancellationToken ?? TestContext.Current.CancellationToken);

    public IReadOnlyList<Receipt> AllReceipts() => [.. Receipts.Read(1).Where(static e => e.Kind == EntryKind.Receipt).Select(static e => EntryReader.TryRead(e.Body, out var body) ? body.Receipt! : throw new InvalidOperationException("unreadable"))];

    public void Dispose()
    {
        _store.Left = int.MaxValue;
        Journal.Dispose();
        _keys.Dispose();
    }

    private sealed class FailingStore(IReceiptStore inner) : IReceiptStore
    {
        public int Left { get; set; } = int.MaxValue;

        public IReadOnlyList<ChainEntry> Append(Func<long, string, IReadOnlyList<ChainEntry>> make) =>
            Left-- > 0 ? inner.Append(make) : throw new StoreException("the disk is full", StoreFault.Full);

        public void Sign(IReadOnlyList<ChainEntry> signed) => inner.Sign(signed);
        public ChainEntry? Get(long seq) => inner.Get(seq);
        public ChainEntry? Find(string id) => inner.Find(id);
        public IEnumerable<ChainEntry> Read(long from) => inner.Read(from);
        public IReadOnlyList<ChainEntry> List(ReceiptQuery query, out int total) => inner.List(query, out total);
        public IReadOnlyList<ChainEntry> OpenIntents() => inner.OpenIntents();
        public IReadOnlyList<ChainEntry> Unsigned(int limit) => inner.Unsigned(limit);
    }
}
