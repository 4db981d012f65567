using System.Globalization;
using DevOpsAgent.Guards;

namespace DevOpsAgent.RuntimeGuard.Alerts;

/// <summary>Takes the network from a process that broke its policy, where the backend can.</summary>
/// <param name="isolation">Null: the backend can't.</param>
internal sealed class IsolateNetworkTool(INetworkIsolation? isolation, string backend) : ProcessTool
{
    public override string Name => "isolate_network";

    public override string Description => "Takes the network from a process that broke its policy in mode enforce, where the backend can";

    protected override ToolResult Act(Permit<ProcessRequest> permit)
    {
        var request = permit.Take();
        var refusal = isolation is null ? $"the backend {backend} can't take the network from a running process" : isolation.TryIsolate(request.Process, request.Pid);
        return refusal is null
            ? new(true, string.Create(CultureInfo.InvariantCulture, $"Process {request.Pid} and its children can reach nothing new any more; what is connected stays so."))
            : new(false, $"Not isolated: {refusal}.");
    }
}
