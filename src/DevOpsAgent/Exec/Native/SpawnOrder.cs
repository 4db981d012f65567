namespace DevOpsAgent.Exec.Native;

/// <summary>What is to be started, ready for the system: nothing in it is looked up any more.</summary>
/// <param name="Path">What is executed; "/proc/self/fd/17" for a pinned file.</param>
/// <param name="Argv">With the command's own name first.</param>
/// <param name="Environment">"NAME=value"; the agent's own is not passed on.</param>
/// <param name="Directory">Descriptor of the working directory.</param>
/// <param name="HasStdin">False: standard input is /dev/null.</param>
internal sealed record SpawnOrder(
    string Path, IReadOnlyList<string> Argv, IReadOnlyList<string> Environment, int Directory, bool HasStdin, IReadOnlyList<ProcessLimit> Limits)
{
    /// <summary>Asked right before the start: why not to start it; null for nothing.</summary>
    public required Func<string?> Check { get; init; }

    /// <summary>Asked again after it: the system opened the file by its name.</summary>
    public bool CheckAfter { get; init; }
}

/// <summary>A resource limit, hard and soft.</summary>
internal readonly record struct ProcessLimit(LimitedResource Resource, ulong Value);

/// <summary>The kernel's numbers (RLIMIT_*), the same on x86-64 and arm64.</summary>
internal enum LimitedResource
{
    CpuSeconds = 0,
    FileBytes = 1,
    CoreBytes = 4,
    Processes = 6,
    OpenFiles = 7,
    AddressSpaceBytes = 9,
}

/// <summary>The system refused to start it; the message says why and what to do.</summary>
internal sealed class SpawnException(string message) : Exception(message);
