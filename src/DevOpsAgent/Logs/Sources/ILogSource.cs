namespace DevOpsAgent.Logs.Sources;

/// <summary>A file that is followed, a set of files that match a glob, or standard input. Used from one thread, except Report.</summary>
internal interface ILogSource : IDisposable
{
    /// <summary>True: nothing will ever come any more.</summary>
    bool Ended { get; }

    /// <summary>True: must be asked again after a while; false: it calls when there is something.</summary>
    bool NeedsPolling { get; }

    /// <summary>The next block if there is one now. Never waits, never throws for what a file can do. Ends the life of the block before.</summary>
    LineBlock? TryRead();

    void Report(ICollection<SourceStatus> into);
}
