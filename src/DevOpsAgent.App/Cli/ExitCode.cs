namespace DevOpsAgent.App.Cli;

/// <summary>What the program's exit code says. Scripts depend on these numbers.</summary>
internal static class ExitCode
{
    public const int Fine = 0;

    /// <summary>Something was found, or a request was refused or had no effect.</summary>
    public const int FoundOrRefused = 1;

    /// <summary>Wrong usage or configuration: the same call will fail again.</summary>
    public const int Usage = 2;

    /// <summary>Something that is needed is down or broken: database, disk, log, port.</summary>
    public const int Dependency = 3;

    /// <summary>Stopped by Ctrl-C before it was done (128 + SIGINT).</summary>
    public const int Interrupted = 130;
}
