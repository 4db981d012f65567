using System.Threading.Channels;

namespace DevOpsAgent.Exec;

/// <summary>One running command.</summary>
internal sealed class ExecSession
{
    /// <summary>The most that one Output event holds.</summary>
    public const int ChunkBytes = 16 << 10;

    public required ExecRequestId RequestId { get; init; }
    public required ExecSender Sender { get; init; }
    public required string? MatchedAcl { get; init; }
    public required IReadOnlyList<string> Argv { get; init; }
    public required int Pid { get; init; }
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>
    /// Started, Output and Warning as they come, Exited last, then the end. A reader that is slow slows the command; one that
    /// stopped reading loses what is still in the pipes when the session ends.
    /// </summary>
    public required ChannelReader<ExecEvent> Events { get; init; }

    /// <summary>Done when the command and its group are gone, its slot is free and the exit is in the audit log. Never faults.</summary>
    public required Task<ExecExit> Completion { get; init; }
}
