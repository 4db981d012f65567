using System.Text.Json;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Signing;

namespace DevOpsAgent.Tests.Guards;

/// <summary>Permits for tests of what demands one: got as everybody gets them, from a gateway, whose one guard allows all.</summary>
internal static class Permits
{
    public static Permit<T> Of<T>(T request)
        where T : class => Gate<T>.Press(request);

    private static class Gate<T>
        where T : class
    {
        private static readonly Catch s_tool = new();
        private static readonly ReceiptJournal s_journal = new(new MemoryReceiptStore(), KeyRing.InMemory(TimeProvider.System), TimeProvider.System);
        private static readonly Gateway s_gateway = new(s_journal, new([new AllowAll()], PromotionRules.None, TimeSpan.FromSeconds(20), TimeProvider.System), [s_tool], new string('0', 64), TimeProvider.System);

        public static Permit<T> Press(T request)
        {
            // One at a time: the tool holds the last permit only.
            lock (s_tool)
            {
                s_gateway.CallAsync(s_tool, request, Caller.Service, null, CancellationToken.None).GetAwaiter().GetResult().Decision.ShouldBe(Decision.Allow);
                return s_tool.Caught!;
            }
        }

        private sealed class Catch : Tool<T>
        {
            public Permit<T>? Caught { get; private set; }

            public override string Name => "catch";

            public override string Description => "";

            public override ToolSchema Schema { get; } = new([]);

            public override bool HasEffect => true;

            public override void Write(T request, Utf8JsonWriter writer)
            {
                writer.WriteStartObject();
                writer.WriteEndObject();
            }

            public override T Bind(JsonElement parameters, Caller caller) => throw new NotSupportedException();

            internal override Task<IReadOnlyList<ToolResult>> RunAsync(IReadOnlyList<Permit<T>> permits, CancellationToken cancellationToken)
            {
                Caught = permits[0];
                return Task.FromResult<IReadOnlyList<ToolResult>>([new(true, "")]);
            }
        }
    }

    private sealed class AllowAll : IGuard
    {
        public string Name => "all";

        public bool Advisory => false;

        public bool Judges(Tool tool) => true;

        public ValueTask<GuardDecision> EvaluateAsync(GuardContext context, CancellationToken cancellationToken) => new(GuardDecision.Allow);
    }
}
