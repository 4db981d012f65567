namespace DevOpsAgent.Exec;

/// <summary>
/// The place of one request among those that run, from the moment it is taken: whoever wants to end a session that is only just
/// being started finds it here, and it is ended as soon as it exists.
/// </summary>
internal sealed class SessionSlot(ExecRequest request)
{
    private readonly Lock _gate = new();
    private ExecSession? _session;
    private ExecCause? _early;

    public ExecRequest Request { get; } = request;

    public ExecSession? Session => _session;

    /// <summary>When the place is free again.</summary>
    public TaskCompletionSource Freed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Fill(ExecSession session)
    {
        ExecCause? early;
        lock (_gate)
        {
            _session = session;
            early = _early;
        }

        if (early is { } cause)
        {
            session.End(cause);
        }
    }

    public bool End(ExecCause cause)
    {
        lock (_gate)
        {
            if (_session is null)
            {
                _early ??= cause;
                return true;
            }
        }

        return _session.End(cause);
    }
}
