using System.Globalization;
using System.Text;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.RuntimeGuard;

/// <summary>What a policy says to one event, and by which rule.</summary>
/// <param name="Violation">Null: allowed.</param>
/// <param name="Why">One sentence.</param>
/// <param name="Rule">As written; null where no rule decides.</param>
/// <param name="Line">Of the rule in the file; 0: none.</param>
internal sealed record PolicyAnswer(Violation? Violation, string Why, string? Rule, int Line)
{
    public bool Allowed => Violation is null;

    public static PolicyAnswer To(GuardEngine engine, GuardEvent asked)
    {
        if (engine.Judge(asked) is { } violation)
        {
            return new(violation, violation.Detail, violation.Rule, violation.Line);
        }

        var policy = engine.Policy.ByName[asked.Process].Policy;
        var (denial, rule, line) = asked.Kind switch
        {
            GuardEventKind.File => PlainRules.File(policy, Encoding.UTF8.GetBytes(asked.Subject)),
            GuardEventKind.Exec => PlainRules.Exec(policy, Encoding.UTF8.GetBytes(asked.Subject)),
            GuardEventKind.Connect or GuardEventKind.Listen when NetworkTarget.TryParse((asked.Kind == GuardEventKind.Listen ? "listen " : "connect ") + asked.Subject, out var target) => PlainRules.Network(policy, target),
            _ => default,
        };
        return rule is not null && denial == Denial.None
            ? new(null, $"allowed by '{rule}'", rule, line)
            : new(null, Unruled(policy, asked), null, 0);
    }

    private static string Unruled(ProcessPolicy policy, GuardEvent asked) => asked.Kind switch
    {
        GuardEventKind.Syscall => $"{asked.Subject} is not in blocked_syscalls",
        GuardEventKind.Protect => $"{asked.Subject} is not in protect_from",
        GuardEventKind.File => "not in blocked_files, and there is no allowed_files",
        GuardEventKind.Exec => "there is no allowed_exec",
        GuardEventKind.Memory => policy.MaxMemoryMb == 0 ? "there is no max_memory_mb" : string.Create(CultureInfo.InvariantCulture, $"within {policy.MaxMemoryMb}MB"),
        GuardEventKind.Cpu => policy.MaxCpuPercent == 0 ? "there is no max_cpu_percent" : string.Create(CultureInfo.InvariantCulture, $"within {policy.MaxCpuPercent}%"),
        _ => "allowed",
    };
}
