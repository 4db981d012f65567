using System.Globalization;
using DevOpsAgent.Guards;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.RuntimeGuard.Alerts;

/// <summary>Lets the guard act on a process only where the policy in force asks for it: mode enforce, and a process that is under that policy; never on init or on the guard itself.</summary>
internal sealed class ResponseGuard(GuardEngine engine) : IGuard
{
    public string Name => "guard_policy";

    public bool Advisory => false;

    public bool IsQuick => true;

    public bool Judges(Tool tool) => tool is ProcessTool or SetGuardModeTool;

    public ValueTask<GuardDecision> EvaluateAsync(GuardContext context, CancellationToken cancellationToken) => new(context.Request switch
    {
        ProcessRequest request => Judge(request, context.Tool),
        GuardModeRequest { Process: { } process } when !engine.Policy.ByName.ContainsKey(process) => GuardDecision.Deny("no_such_process", $"the policy has no process '{process}'"),
        GuardModeRequest => GuardDecision.Allow,
        _ => GuardDecision.Deny("unknown_request", "This is nothing that the guard does."),
    });

    private GuardDecision Judge(ProcessRequest request, Tool tool)
    {
        if (request.Pid <= 0)
        {
            return GuardDecision.Deny("no_process", "Which process did it is not known.");
        }

        if (request.Pid == 1 || request.Pid == Environment.ProcessId)
        {
            return GuardDecision.Deny("never", string.Create(CultureInfo.InvariantCulture, $"Process {request.Pid} is {(request.Pid == 1 ? "init" : "the guard itself")}, which is never acted on."));
        }

        if (request.IsLimit)
        {
            return GuardDecision.Allow; // the backend asked the policy a moment ago
        }

        if (!engine.Policy.ByName.TryGetValue(request.Process, out var rules))
        {
            return GuardDecision.Deny("no_such_process", $"The policy has no process '{request.Process}' any more.");
        }

        if (rules.Mode != GuardMode.Enforce)
        {
            return GuardDecision.Deny("not_enforced", $"The mode of {request.Process} is {rules.Mode.Word()}: it is told, and nothing is done.");
        }

        var alerts = engine.Policy.Policy.Alerts;
        return alerts.OnViolation.Concat(alerts.OnCritical).Concat(alerts.Breaker.OnOpen ?? []).Any(a => a == tool.Name || (a == "isolate_network" && tool.Name == "kill_process"))
            ? GuardDecision.Allow
            : GuardDecision.Deny("not_asked_for", $"The policy's alerts don't ask for {tool.Name} any more.");
    }
}
