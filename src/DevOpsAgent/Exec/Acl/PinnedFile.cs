namespace DevOpsAgent.Exec.Acl;

internal sealed class PinnedFile : IDisposable
{
    public required string Path { get; init; }

    public void Dispose()
    {
    }
}

internal sealed class PinnedDirectory : IDisposable
{
    public required string Path { get; init; }

    public void Dispose()
    {
    }
}
