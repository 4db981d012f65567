using DevOpsAgent.Exec.Acl;
using DevOpsAgent.Guards;

namespace DevOpsAgent.Exec;

/// <summary>Lets run what the exec ACL allows, and counts and audits what it doesn't.</summary>
internal sealed class ExecAclGuard(ExecSessions sessions) : IGuard
{
    public string Name => "exec_acl";

    public bool Advisory => false;

    public bool Judges(Tool tool) => tool is Tool<ExecRequest>;

    public async ValueTask<GuardDecision> EvaluateAsync(GuardContext context, CancellationToken cancellationToken)
    {
        if (context.Request is not ExecRequest request)
        {
            return GuardDecision.Deny("no_exec_request", "This is not a request to run a command.");
        }

        if (await sessions.AdmitAsync(request, cancellationToken) is { } refusal)
        {
            return GuardDecision.Deny(refusal.Reason.Wire(), refusal.Text);
        }

        var match = (sessions.Policy as ExecPolicy.Enabled)?.Acl.Match(request.Sender.AgentId, request.Sender.MachineId, request.Argv);
        return GuardDecision.Allow with
        {
            Evidence =
            [
                new(Name, "entry", match?.Entry.Description ?? ""),
                new(Name, "program", match?.Command.Program.Path ?? ""),
            ],
        };
    }
}
