namespace DevOpsAgent.RuntimeGuard.Policy;

/// <summary>
/// A policy asked rule by rule, in the order of the file: the meaning of a policy in the fewest words. It finds the rule that
/// a violation names, and is what <see cref="ProcessRules"/>, and any matcher in a kernel, is held against.
/// </summary>
internal static class PlainRules
{
    public static (Denial Denial, string? Rule, int Line) File(ProcessPolicy policy, ReadOnlySpan<byte> path)
    {
        Span<byte> canonical = stackalloc byte[FilePath.MaxBytes];
        if (!FilePath.TryCanonical(path, canonical, out var length))
        {
            return (policy.AllowedFiles.Count + policy.BlockedFiles.Count > 0 ? Denial.Unresolvable : Denial.None, null, 0);
        }

        return Path(policy.BlockedFiles, policy.AllowedFiles.Count > 0 ? policy.AllowedFiles : null, canonical[..length]);
    }

    public static (Denial Denial, string? Rule, int Line) Exec(ProcessPolicy policy, ReadOnlySpan<byte> path)
    {
        Span<byte> canonical = stackalloc byte[FilePath.MaxBytes];
        if (!FilePath.TryCanonical(path, canonical, out var length))
        {
            return (policy.AllowedExec is not null || policy.AllowedFiles.Count + policy.BlockedFiles.Count > 0 ? Denial.Unresolvable : Denial.None, null, 0);
        }

        return Path(policy.BlockedFiles, policy.AllowedExec, canonical[..length]);
    }

    public static (Denial Denial, string? Rule, int Line) Network(ProcessPolicy policy, NetworkTarget target)
    {
        if (policy.AllowedNetwork.Count == 0)
        {
            return (Denial.NoNetwork, null, 0);
        }

        if (Find(policy.BlockedNetwork, target) is { } blocked)
        {
            return (Denial.Blocked, blocked.Text, blocked.Line);
        }

        // [::] is every IPv4 address too.
        if (target is { Direction: NetworkDirection.Listen, Address.IsNone: true } && Find(policy.BlockedNetwork, target with { Address = Addresses.ClientAddress.FromIPv4(0) }) is { } mapped)
        {
            return (Denial.Blocked, mapped.Text, mapped.Line);
        }

        return Find(policy.AllowedNetwork, target) is { } allowed ? (Denial.None, allowed.Text, allowed.Line) : (Denial.Unauthorized, null, 0);
    }

    /// <summary>The rule that names a system call.</summary>
    public static PolicyRule<string>? Call(IReadOnlyList<PolicyRule<string>> rules, string syscall) =>
        rules.FirstOrDefault(r => string.Equals(r.Text, syscall, StringComparison.OrdinalIgnoreCase)
            || Syscalls.TryNumber(r.Text, out var a) && a >= 0 && Syscalls.TryNumber(syscall, out var b) && a == b);

    private static (Denial, string?, int) Path(IReadOnlyList<PolicyRule<PathPattern>> blocked, IReadOnlyList<PolicyRule<PathPattern>>? allowed, ReadOnlySpan<byte> path)
    {
        if (Find(blocked, path) is { } deny)
        {
            return (Denial.Blocked, deny.Text, deny.Line);
        }

        if (allowed is null)
        {
            return (Denial.None, null, 0);
        }

        return Find(allowed, path) is { } allow ? (Denial.None, allow.Text, allow.Line) : (Denial.Unauthorized, null, 0);
    }

    private static PolicyRule<PathPattern>? Find(IReadOnlyList<PolicyRule<PathPattern>> rules, ReadOnlySpan<byte> path)
    {
        foreach (var rule in rules)
        {
            foreach (var pattern in rule.Values)
            {
                if (pattern.Matches(path))
                {
                    return rule;
                }
            }
        }

        return null;
    }

    private static PolicyRule<NetworkEntry>? Find(IReadOnlyList<PolicyRule<NetworkEntry>> rules, NetworkTarget target) =>
        rules.FirstOrDefault(r => r.Values.Any(e => e.Matches(target.Compared, target.Port, target.Direction)));
}
