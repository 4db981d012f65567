using System.Globalization;
using System.Text.Json;
using DevOpsAgent.Guards.Receipts;

namespace DevOpsAgent.Guards.Behaviour;

/// <summary>Whose baseline is to be forgotten.</summary>
/// <param name="Agent">As "person ada"; null: everybody's.</param>
internal sealed record ResetBehaviourRequest(string? Agent);

/// <summary>Forgets baselines. What is done from then on becomes usual: a way to make an attack look normal, hence a person's, with a receipt.</summary>
internal sealed class ResetBehaviourTool(IBehaviourStore store) : Tool<ResetBehaviourRequest>
{
    public override string Name => "reset_behaviour";

    public override string Description => "Forgets what is usual for one caller of tools, or for all";

    public override ToolSchema Schema { get; } = new([new("agent", FieldType.Text, "Whose baseline, as 'person ada'; without it everybody's") { Required = false }]);

    public override bool HasEffect => true;

    public override bool PersonOnly => true;

    public override void Write(ResetBehaviourRequest request, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        if (request.Agent is { } agent)
        {
            writer.WriteString("agent", agent);
        }

        writer.WriteEndObject();
    }

    public override ResetBehaviourRequest Bind(JsonElement parameters, Caller caller) => new(parameters.TryGetProperty("agent", out var agent) ? agent.GetString() : null);

    internal override Task<IReadOnlyList<ToolResult>> RunAsync(IReadOnlyList<Permit<ResetBehaviourRequest>> permits, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ToolResult>>([.. permits.Select(Reset)]);

    private ToolResult Reset(Permit<ResetBehaviourRequest> permit)
    {
        var agent = permit.Take().Agent;
        var gone = store.Reset(agent);
        return gone == 0 && agent is not null
            ? new(false, $"Nothing is known of an agent '{agent}'.")
            : new(true, string.Create(CultureInfo.InvariantCulture, $"Baselines forgotten: {gone}.")) { Value = gone };
    }
}
