namespace DevOpsAgent.RuntimeGuard.Policy;

/// <summary>
/// Which processes a policy is for. All that are given must hold, each by one of its values. None given: the file name of the
/// executable is the policy's name. Never the name that a process gives itself (comm): it may be changed at will.
/// </summary>
internal sealed record Selectors
{
    /// <summary>Absolute paths of executables, exact.</summary>
    public IReadOnlyList<string> Exe { get; init; } = [];

    /// <summary>Paths below the root of the cgroup tree: "/system.slice/traefik.service"; it and all below it.</summary>
    public IReadOnlyList<string> Cgroup { get; init; } = [];

    /// <summary>systemd units: a cgroup path with a component of this name.</summary>
    public IReadOnlyList<string> Unit { get; init; } = [];

    /// <summary>Effective user ids.</summary>
    public IReadOnlyList<int> Uid { get; init; } = [];

    public bool IsDefault => Exe.Count == 0 && Cgroup.Count == 0 && Unit.Count == 0 && Uid.Count == 0;

    /// <param name="exe">Canonical path of the executable.</param>
    /// <param name="cgroup">As /proc/PID/cgroup gives it; empty: unknown.</param>
    public bool Match(string policyName, string exe, string cgroup, int uid)
    {
        if (IsDefault)
        {
            return exe.AsSpan(exe.LastIndexOf('/') + 1).SequenceEqual(policyName);
        }

        return (Exe.Count == 0 || Exe.Contains(exe, StringComparer.Ordinal))
            && (Cgroup.Count == 0 || Cgroup.Any(c => IsAtOrBelow(cgroup, c)))
            && (Unit.Count == 0 || Unit.Any(u => cgroup.Split('/').Contains(u, StringComparer.Ordinal)))
            && (Uid.Count == 0 || Uid.Contains(uid));
    }

    /// <summary>The more is asked, the earlier a policy is taken when several fit.</summary>
    public int Precision => (Exe.Count > 0 ? 8 : 0) + (Cgroup.Count > 0 || Unit.Count > 0 ? 4 : 0) + (Uid.Count > 0 ? 2 : 0) + (IsDefault ? 1 : 0);

    private static bool IsAtOrBelow(string path, string directory) =>
        directory == "/" || path.StartsWith(directory, StringComparison.Ordinal) && (path.Length == directory.Length || path[directory.Length] == '/');
}
