using System.Globalization;
using DevOpsAgent.Exec;
using DevOpsAgent.Exec.Remote;
using DevOpsAgent.Guards;

namespace DevOpsAgent.App.ExecService;

/// <summary>Who made a call, as the transport proved it.</summary>
/// <param name="IsOperator">The service's own user or root on this machine: sees and may end every session.</param>
internal sealed record ExecPeer(ExecSender Sender, Caller Caller, bool IsOperator)
{
    public static ExecPeer Local(PeerCredentials peer, string machineId, bool allowed, bool isOperator)
    {
        var user = string.Create(CultureInfo.InvariantCulture, $"uid {peer.Uid}");
        return new(
            new(LocalCaller.AgentId(peer.Uid), machineId, allowed ? SenderStanding.Trusted : SenderStanding.Untrusted),
            new($"exec {user}", user, $"socket {user}", CallerKind.Person),
            isOperator);
    }

    public static ExecPeer Remote(string agentId, string machineId, SenderStanding standing) => new(
        new(agentId, machineId, standing),
        new($"exec agent {agentId}", $"agent {agentId[..Math.Min(16, agentId.Length)]}", $"https machine {machineId[..Math.Min(16, machineId.Length)]}", CallerKind.Person),
        IsOperator: false);
}
