using DevOpsAgent.Guards;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.RuntimeGuard.Alerts;

/// <summary>What the guard does about a violation besides telling it: kills, takes the network. Each through the gateway, with a receipt. For one thread.</summary>
internal sealed class GuardResponder(Gateway gateway, KillProcessTool kill, IsolateNetworkTool isolate, bool canIsolate, TimeProvider time)
{
    /// <summary>The same is not done to the same process again so soon: one that breaks ten rules at once is killed once.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private const int MaxRemembered = 4_096;

    private readonly Dictionary<(int Pid, string Tool), long> _done = [];

    /// <summary>Asks for what the policy wants. In mode alert and audit: nothing.</summary>
    public async Task<IReadOnlyList<AlertResponse>> ActAsync(Violation violation, IReadOnlyList<string> actions, CancellationToken cancellationToken)
    {
        if (violation.PolicyMode != GuardMode.Enforce.Word())
        {
            return [];
        }

        var responses = new List<AlertResponse>();
        if (actions.Contains("isolate_network", StringComparer.Ordinal) && IsDue(violation.Pid, isolate.Name))
        {
            responses.Add(await CallAsync(isolate, violation, cancellationToken));
        }

        // Where the network can't be taken from it, it doesn't live on with one.
        var wanted = actions.Contains("kill_process", StringComparer.Ordinal) || (actions.Contains("isolate_network", StringComparer.Ordinal) && !canIsolate);
        if (wanted && violation.Action != "killed" && IsDue(violation.Pid, kill.Name))
        {
            responses.Add(await CallAsync(kill, violation, cancellationToken));
        }

        return responses;
    }

    private async Task<AlertResponse> CallAsync(ProcessTool tool, Violation violation, CancellationToken cancellationToken)
    {
        var request = new ProcessRequest(violation.Pid, violation.ProcessName, violation.Detail, violation.Timestamp);
        var answer = await gateway.CallAsync(tool, request, CallerOf(violation.ProcessName), incidentId: null, cancellationToken);
        return new(tool.Name, answer.Result is { Succeeded: true }, answer.Text, answer.Intent);
    }

    /// <summary>By policy: one that is broken a thousand times a second must not use up the calls of the others.</summary>
    public static Caller CallerOf(string process) => new($"guard {process}", "policy", "guard", CallerKind.Service);

    private bool IsDue(int pid, string tool)
    {
        var now = time.GetTimestamp();
        if (_done.TryGetValue((pid, tool), out var last) && time.GetElapsedTime(last, now) < Pause)
        {
            return false;
        }

        if (_done.Count >= MaxRemembered)
        {
            foreach (var old in _done.Where(d => time.GetElapsedTime(d.Value, now) >= Pause).Select(static d => d.Key).ToList())
            {
                _done.Remove(old);
            }

            if (_done.Count >= MaxRemembered)
            {
                _done.Clear();
            }
        }

        _done[(pid, tool)] = now;
        return true;
    }
}
