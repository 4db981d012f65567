namespace DevOpsAgent.Exec;

/// <summary>What came of starting a command: a running session or a refusal, never both.</summary>
internal abstract record ExecStart
{
    private ExecStart()
    {
    }

    internal sealed record Running(ExecSession Session) : ExecStart;

    internal sealed record Denied(ExecRefusal Refusal) : ExecStart;
}
