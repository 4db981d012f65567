namespace DevOpsAgent.LogStore.Disk;

/// <summary>A file of the store that can't be what was written: torn, changed, or of a newer version.</summary>
internal sealed class StoreDamagedException : Exception
{
    public StoreDamagedException(string message)
        : base(message)
    {
    }

    /// <summary>Written by a newer version of this program: not damaged, and never touched.</summary>
    public bool IsNewer { get; init; }
}
