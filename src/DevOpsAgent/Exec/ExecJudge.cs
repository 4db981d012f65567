using DevOpsAgent.Exec.Acl;

namespace DevOpsAgent.Exec;

/// <summary>The checks of a request in their fixed order, as far as they need no knowledge of what runs. Pure.</summary>
internal sealed class ExecJudge(ExecPolicy policy)
{
    /// <summary>Null: permitted so far, and match says by what. Never throws.</summary>
    public ExecRefusal? Refuse(ExecRequest request, out AclMatch? match)
    {
        match = null;
        var sender = request.Sender;
        if (sender.Standing == SenderStanding.Unverified)
        {
            return new(ExecDenial.UnverifiedSender, "It isn't proven who sent this.");
        }

        if (sender.Standing != SenderStanding.Trusted)
        {
            return new(ExecDenial.TrustRejected, "The sender is known and not trusted; 'exec trust add' would.");
        }

        if (policy is not ExecPolicy.Enabled { Acl: var acl })
        {
            return new(ExecDenial.ExecDisabled, Disabled((ExecPolicy.Disabled)policy));
        }

        return RefuseCommand(request) ?? RefuseByAcl(request, acl, out match);
    }

    /// <summary>How long a command of this entry may run.</summary>
    public static TimeSpan Longest(ExecAcl acl, AclEntry entry) =>
        TimeSpan.FromSeconds(Math.Min(entry.MaxDurationSecs ?? acl.Caps.MaxDurationSecs, acl.Caps.MaxDurationSecs));

    private static ExecRefusal? RefuseCommand(ExecRequest request)
    {
        if (request.Argv.Count == 0)
        {
            return new(ExecDenial.ArgvNotAllowed, "There is no command.");
        }

        if (request.Cwd is not null)
        {
            return new(ExecDenial.CwdNotAllowed, "A working directory can't be asked for; it is default_cwd of the ACL.");
        }

        return request.Argv.Any(static token => AclToken.HasMetacharacter(token))
            ? new(ExecDenial.ShellMetacharInArgv, "An argument holds one of ; | & > < ` $, a line break or a zero byte.")
            : null;
    }

    private static ExecRefusal? RefuseByAcl(ExecRequest request, ExecAcl acl, out AclMatch? match)
    {
        match = null;
        var sender = request.Sender;
        if (!acl.Knows(sender.AgentId, sender.MachineId))
        {
            return new(ExecDenial.AgentMachineNotInAcl, "The ACL has no entry for this agent on this machine.");
        }

        if (acl.Match(sender.AgentId, sender.MachineId, request.Argv) is not { } found)
        {
            return new(ExecDenial.ArgvNotAllowed, "No command of the ACL's entries for this agent and machine has this form.");
        }

        if (request.Stdin.Length > acl.Caps.MaxStdinBytes)
        {
            return new(ExecDenial.StdinTooLarge, $"Standard input has {request.Stdin.Length} bytes; {acl.Caps.MaxStdinBytes} are allowed.");
        }

        if (request.Timeout > Longest(acl, found.Entry))
        {
            return new(ExecDenial.TimeoutTooLarge, $"The timeout is {request.Timeout.TotalSeconds:0.###} s; {Longest(acl, found.Entry).TotalSeconds:0} s are allowed. It is not shortened: ask for less.");
        }

        match = found;
        return null;
    }

    private static string Disabled(ExecPolicy.Disabled policy) => policy.Reason switch
    {
        DisabledReason.AclMissing => $"Exec is disabled: there is no ACL at {policy.Path}.",
        DisabledReason.MissingExecSection => $"Exec is disabled: {policy.Path} has no section 'exec'.",
        _ => $"Exec is disabled: 'exec.enabled' in {policy.Path} is not true.",
    };
}
