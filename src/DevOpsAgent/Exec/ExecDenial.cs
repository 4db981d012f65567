using System.Text;

namespace DevOpsAgent.Exec;

/// <summary>Why a request was not carried out. In the order of the checks: the first that fails is the reason.</summary>
internal enum ExecDenial
{
    UnverifiedSender,
    TrustRejected,
    ExecDisabled,

    /// <summary>Empty argv has this reason too, and is looked at before the directory.</summary>
    CwdNotAllowed,
    ShellMetacharInArgv,
    AgentMachineNotInAcl,
    ArgvNotAllowed,
    StdinTooLarge,
    TimeoutTooLarge,
    ConcurrencyLimitReached,

    /// <summary>The id was used before; a second session under it could not be told from the first.</summary>
    RequestIdReused,

    /// <summary>Exec is being shut down.</summary>
    ShuttingDown,

    /// <summary>The request couldn't be made durable in the audit log, so nothing was started.</summary>
    AuditFailed,

    /// <summary>The file changed since the ACL was loaded, or the system refused to start it.</summary>
    SpawnFailed,

    /// <summary>A frame that can't be read; counted by the transport.</summary>
    MalformedFrame,
}

/// <summary>A refusal with the words for people.</summary>
/// <param name="Text">What, and what to do.</param>
internal sealed record ExecRefusal(ExecDenial Reason, string Text);

internal static class ExecNames
{
    /// <summary>"argv_not_allowed", as in the audit log and in diagnostics.</summary>
    public static string Wire(this ExecDenial reason) => Snake(reason.ToString());

    /// <summary>"lease_expired", as in the audit log.</summary>
    public static string Wire(this ExecCause cause) => Snake(cause.ToString());

    /// <summary>"stdout_cap_hit", as in the audit log.</summary>
    public static string Wire(this ExecWarningKind kind) => Snake(kind.ToString());

    private static string Snake(string name)
    {
        var text = new StringBuilder(name.Length + 4);
        foreach (var c in name)
        {
            if (char.IsAsciiLetterUpper(c) && text.Length > 0)
            {
                text.Append('_');
            }

            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }
}
