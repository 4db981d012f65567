namespace DevOpsAgent.Exec;

/// <summary>What somebody asks Exec to run. Nothing in it is trusted before <see cref="ExecJudge"/> allowed it.</summary>
internal sealed record ExecRequest
{
    private readonly TimeSpan _timeout;

    public required ExecRequestId RequestId { get; init; }

    public required ExecSender Sender { get; init; }

    /// <summary>The command and its arguments. What is run is the file that the ACL pinned, never what PATH finds now.</summary>
    public required IReadOnlyList<string> Argv { get; init; }

    public ReadOnlyMemory<byte> Stdin { get; init; }

    /// <summary>After it the command is killed. Zero: as long as its ACL entry permits. A longer one is denied, not shortened.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below zero.</exception>
    public TimeSpan Timeout
    {
        get => _timeout;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            _timeout = value;
        }
    }

    /// <summary>Where the asker wants it to run. Always denied: the directory is the ACL's default_cwd.</summary>
    public string? Cwd { get; init; }

    /// <summary>The session ends unless <see cref="ExecSessions.RenewLease"/> is called within this time. Null: no lease.</summary>
    public TimeSpan? Lease { get; init; }

    /// <summary>The connection that it came over, for <see cref="ExecSessions.Disconnect"/>. Null: none that could break.</summary>
    public string? Connection { get; init; }

    /// <summary>Told of the session as soon as it runs; whoever sets it reads the session's events. Null: the tool collects the output.</summary>
    public Action<ExecSession>? OnStarted { get; init; }
}

/// <summary>Who sent a request, and how far that is proven.</summary>
/// <param name="AgentId">SHA-256 of the agent's public key, 64 lower-case hex digits.</param>
/// <param name="MachineId">SHA-256 of the machine's public key, 64 lower-case hex digits.</param>
internal sealed record ExecSender(string AgentId, string MachineId, SenderStanding Standing);

/// <summary>What is known of a sender. Set by the transport, never from what the request says.</summary>
internal enum SenderStanding
{
    /// <summary>A signature, a peer credential or a machine that doesn't fit.</summary>
    Unverified,

    /// <summary>It is who it says, but nobody trusts it.</summary>
    Untrusted,

    Trusted,
}
