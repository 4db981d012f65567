namespace DevOpsAgent.Exec.Remote;

/// <summary>
/// Who is trusted now. The file is read again when it changed, so that a withdrawn trust ends without a restart. A file that is
/// missing, open to others or not valid trusts nobody.
/// </summary>
/// <param name="report">Told once of each problem with the file, and of its end (null).</param>
internal sealed class TrustStore(string path, Action<string?> report)
{
    private readonly Lock _gate = new();
    private Trusted _current = new(default, [], null);
    private bool _read;

    public bool IsTrusted(PeerKind kind, string id) => Current().Keys.Contains((kind, id));

    /// <summary>Entries of this kind; zero while the file can't be used.</summary>
    public int Count(PeerKind kind) => Current().Keys.Count(k => k.Kind == kind);

    private Trusted Current()
    {
        lock (_gate)
        {
            var stamp = Stamp();
            if (_read && stamp == _current.Stamp)
            {
                return _current;
            }

            var next = Load(stamp);
            if (next.Problem != _current.Problem)
            {
                report(next.Problem);
            }

            (_current, _read) = (next, true);
            return next;
        }
    }

    private Trusted Load((DateTime, long, bool, UnixFileMode) stamp)
    {
        if (!File.Exists(path))
        {
            return new(stamp, [], $"There is no trust file at {path}, so no machine and no agent is trusted. Add one: devops-agent exec trust add FILE");
        }

        try
        {
            return new(stamp, [.. TrustFile.Read(path).Select(static e => (e.Kind, e.Key.Id))], null);
        }
        catch (IdentityException e)
        {
            return new(stamp, [], e.Message);
        }
    }

    // Every change replaces the file, which gives it a new time; editors that write in place change the time or the length.
    private (DateTime, long, bool, UnixFileMode) Stamp()
    {
        var info = new FileInfo(path);
        return info.Exists ? (info.LastWriteTimeUtc, info.Length, true, OperatingSystem.IsWindows() ? default : info.UnixFileMode) : default;
    }

    private sealed record Trusted((DateTime, long, bool, UnixFileMode) Stamp, HashSet<(PeerKind Kind, string Id)> Keys, string? Problem);
}
