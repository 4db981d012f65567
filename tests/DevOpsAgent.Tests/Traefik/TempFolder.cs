namespace DevOpsAgent.Tests.Traefik;

/// <summary>A real directory "edge" with a subdirectory "dynamic", as a Traefik would watch; gone at the end.</summary>
internal sealed class TempFolder : IDisposable
{
    public TempFolder()
    {
        Root = Directory.CreateTempSubdirectory("deny-test-").FullName;
        Watched = Path.Combine(Root, "dynamic");
        Directory.CreateDirectory(Watched);
    }

    public string Root { get; }

    public string Watched { get; }

    public string File => Path.Combine(Watched, "devops-agent.yaml");

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
