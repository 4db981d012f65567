using DevOpsAgent.Blocking;

namespace DevOpsAgent.Traefik;

/// <summary>Stands where no directory is configured: shows what would be written and refuses to pretend that it was.</summary>
internal sealed class NoTarget(IReadOnlyList<string> entryPoints, bool forwarded = false) : IBlockTarget
{
    private const string Missing = "No target configured: set blocking.directory to the directory that Traefik's file provider watches, or blocking.kubernetes.way for a cluster; 'devops-agent blocks export' shows what would be written there.";

    public string Description => "no target (neither blocking.directory nor blocking.kubernetes.way is set)";

    public string Render(DenyList list) => DenyFile.Render(list, entryPoints, forwarded);

    public Task<TargetResult> ApplyAsync(DenyList list, CancellationToken cancellationToken) => Task.FromResult(list.Ranges.Count == 0
        ? new TargetResult(TargetOutcome.Unconfirmed, "Nothing to deny and no target configured.")
        : new TargetResult(TargetOutcome.Failed, Missing));

    public Task<TargetState> InspectAsync(DenyList list, CancellationToken cancellationToken) =>
        Task.FromResult(new TargetState(false, list.Ranges.Count == 0 ? null : Missing));
}
