using DevOpsAgent.Configuration;
using DevOpsAgent.Store;

namespace DevOpsAgent.Logs.Sources;

/// <summary>Follows each file that a path with * in its last part matches; looks for new ones once a second.</summary>
internal sealed class LogGlob : ILogSource
{
    public static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    /// <summary>A file whose name is gone and that was read to its end is forgotten after this.</summary>
    public static readonly TimeSpan ForgetGone = TimeSpan.FromMinutes(1);

    private readonly LogConfig _config;
    private readonly Dictionary<string, LogCheckpoint> _checkpoints;
    private readonly HashSet<string> _others;
    private readonly TimeProvider _time;
    private Match[] _matches = [];
    private long? _lookedAt;
    private int _next;

    private sealed record Match(string Path, FileFollower Follower)
    {
        public long? GoneSince { get; set; }
    }

    /// <param name="others">Paths that are followed on their own.</param>
    public LogGlob(LogConfig config, IEnumerable<LogCheckpoint> checkpoints, IEnumerable<string> others, TimeProvider time)
    {
        (_config, _time) = (config, time);
        _others = new(others, StringComparer.Ordinal);
        _checkpoints = checkpoints.GroupBy(c => c.Source, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
    }

    public bool Ended => false;

    public bool NeedsPolling => true;

    public static bool IsGlob(string path) => path.Contains('*', StringComparison.Ordinal);

    public void Report(ICollection<SourceStatus> into)
    {
        var matches = Volatile.Read(ref _matches);
        foreach (var match in matches)
        {
            match.Follower.Report(into);
        }

        if (matches.Length == 0)
        {
            var (state, advice) = IsGlob(Folder)
                ? (SourceState.Error, $"{_config.Path}: a * can stand only in the last part of the path. Name each folder as a log of its own.")
                : (SourceState.Waiting, $"No file matches {_config.Path} (yet): reading starts when one appears. Check the path.");
            into.Add(new(_config.Path, state, advice, 0, 0, null, 0, 0, 0, null));
        }
    }

    public LineBlock? TryRead()
    {
        if (_lookedAt is not { } looked || _time.GetElapsedTime(looked) >= LookAgain)
        {
            Refresh();
        }

        for (var i = 0; i < _matches.Length; i++)
        {
            _next = (_next + 1) % _matches.Length;
            if (_matches[_next].Follower.TryRead() is { } block)
            {
                return block;
            }
        }

        return null;
    }

    public void Dispose()
    {
        foreach (var match in _matches)
        {
            match.Follower.Dispose();
        }
    }

    private string Folder => Path.GetDirectoryName(_config.Path) ?? "";

    private void Refresh()
    {
        var first = _lookedAt is null;
        var now = _time.GetTimestamp();
        _lookedAt = now;
        var kept = _matches.Where(m => !IsForgotten(m, now)).ToList();
        var changed = kept.Count != _matches.Length;
        var names = IsGlob(Folder) ? [] : LogGeneration.Files(Folder, Path.GetFileName(_config.Path)).Order(StringComparer.Ordinal).ToList();
        if (first)
        {
            // A log whose name is missing just now, between a rotation's rename and the new file, is still followed.
            names.AddRange(_checkpoints.Keys.Where(c => IsMatch(c) && !names.Contains(c, StringComparer.Ordinal)));
        }

        foreach (var path in names)
        {
            if (!kept.Exists(m => m.Path == path) && !_others.Contains(path) && !IsRotated(path, names, kept))
            {
                var follower = new FileFollower(_config, path, first ? _checkpoints.GetValueOrDefault(path) : null, !first || _config.FromStart, _time);
                kept.Add(new(path, follower));
                changed = true;
            }
        }

        if (changed)
        {
            Volatile.Write(ref _matches, [.. kept]);
        }
    }

    /// <summary>access.log* also matches access.log.1: that is read as the past of access.log, not once more.</summary>
    private static bool IsRotated(string path, List<string> names, List<Match> kept) =>
        names.Concat(kept.Select(m => m.Path)).Any(other =>
            Path.GetDirectoryName(other) == Path.GetDirectoryName(path)
            && RotatedName.TryParse(Path.GetFileName(other), Path.GetFileName(path), out _));

    private bool IsMatch(string path) =>
        Path.GetDirectoryName(path) == Folder
        && System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(Path.GetFileName(_config.Path), Path.GetFileName(path), ignoreCase: false);

    private bool IsForgotten(Match match, long now)
    {
        match.GoneSince = match.Follower.IsGone ? match.GoneSince ?? now : null;
        if (match.GoneSince is not { } since || _time.GetElapsedTime(since, now) < ForgetGone)
        {
            return false;
        }

        match.Follower.Dispose();
        return true;
    }
}
