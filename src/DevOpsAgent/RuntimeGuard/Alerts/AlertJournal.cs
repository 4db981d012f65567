using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace DevOpsAgent.RuntimeGuard.Alerts;

/// <summary>
/// The journal keeps alerts until those who are told have read them: lines of JSON in segments of a directory, the oldest
/// removed when there is more than <c>runtime_guard.alerts.keep</c>. What was appended is on the disk; a disk that can't be written
/// leaves the newest in memory, and they are told all the same. Safe from several threads; one process per directory.
/// </summary>
internal sealed class AlertJournal : IDisposable
{
    /// <summary>The newest alerts, kept in memory: readers that are not behind never touch the disk.</summary>
    private const int MaxInMemory = 2_000;

    private const int Segments = 8;

    private readonly string _directory;
    private readonly long _segmentSize;
    private readonly Action<string, string> _say;
    private readonly Lock _gate = new();
    private readonly LinkedList<Alert> _newest = [];
    private readonly List<(long First, string File)> _segments = [];
    private FileStream? _file;
    private long _last;
    private bool _full; // the open segment
    private TaskCompletionSource _appended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private AlertJournal(string directory, long keep, string id, Action<string, string> say) =>
        (_directory, _segmentSize, Id, _say) = (directory, Math.Max(8192, keep / Segments), id, say);

    /// <summary>32 hex digits, made when the directory was begun.</summary>
    public string Id { get; }

    /// <summary>Number of the newest alert; 0: none yet.</summary>
    public long Last => Interlocked.Read(ref _last);

    /// <summary>Why alerts are kept in memory only; null: they are on the disk.</summary>
    public string? Problem { get; private set; }

    /// <exception cref="IOException">The directory can't be used.</exception>
    /// <exception cref="UnauthorizedAccessException">As above.</exception>
    /// <param name="say">Label and sentence, for the person who reads the service's log.</param>
    public static AlertJournal Open(string directory, long keep, Action<string, string> say)
    {
        var journal = new AlertJournal(directory, keep, IdOf(Path.Combine(directory, "journal.id")), say);
        foreach (var file in Directory.EnumerateFiles(directory, "alerts-*.jsonl"))
        {
            if (long.TryParse(Path.GetFileNameWithoutExtension(file)["alerts-".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var first))
            {
                journal._segments.Add((first, file));
            }
        }

        journal._segments.Sort();
        if (journal._segments.Count > 0)
        {
            journal.Continue(journal._segments[^1]);
        }

        return journal;
    }

    /// <summary>Gives numbers and keeps. Never throws for the disk: <see cref="Problem"/> says what is wrong with it.</summary>
    public IReadOnlyList<Alert> Append(IReadOnlyList<Alert> alerts)
    {
        if (alerts.Count == 0)
        {
            return alerts;
        }

        TaskCompletionSource told;
        List<Alert> numbered;
        lock (_gate)
        {
            numbered = [.. alerts.Select((a, i) => a with { Seq = _last + 1 + i })];
            Write(numbered);
            foreach (var alert in numbered)
            {
                _newest.AddLast(alert);
            }

            while (_newest.Count > MaxInMemory)
            {
                _newest.RemoveFirst();
            }

            Interlocked.Exchange(ref _last, numbered[^1].Seq);
            (told, _appended) = (_appended, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        told.SetResult();
        return numbered;
    }

    /// <summary>Alerts after a number, oldest first.</summary>
    /// <param name="journal">Whose number that is; another journal's counts as none. Null: this one's.</param>
    public AlertPage Read(long after, int limit, string? journal = null)
    {
        var known = journal is null || journal == Id;
        after = known ? Math.Clamp(after, 0, Last) : 0;
        List<(long First, string File)> segments;
        lock (_gate)
        {
            if (after >= _last || _newest.First is { } first && first.Value.Seq <= after + 1)
            {
                return Page(after, [.. _newest.SkipWhile(a => a.Seq <= after).Take(limit)], known);
            }

            segments = [.. _segments];
        }

        var from = Math.Max(0, segments.FindLastIndex(s => s.First <= after + 1));
        var read = new List<Alert>();
        for (var i = from; i < segments.Count && read.Count < limit; i++)
        {
            read.AddRange(Lines(segments[i].File).Where(a => a.Seq > after).Take(limit - read.Count));
        }

        if (read.Count == 0)
        {
            lock (_gate)
            {
                read = [.. _newest.SkipWhile(a => a.Seq <= after).Take(limit)];
            }
        }

        return Page(after, read, known);
    }

    /// <summary>Until there is an alert after this number.</summary>
    public Task WaitAsync(long after, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return _last > after ? Task.CompletedTask : _appended.Task.WaitAsync(cancellationToken);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _file?.Dispose();
            _file = null;
        }
    }

    /// <summary>Numbers may be missing on the disk, where it could not be written for a while: that is what is lost.</summary>
    private AlertPage Page(long after, IReadOnlyList<Alert> alerts, bool known)
    {
        var next = alerts.Count == 0 ? after : alerts[^1].Seq;
        return new(Id, alerts, next, known ? next - after - alerts.Count : 0);
    }

    private void Write(List<Alert> alerts)
    {
        try
        {
            if (_file is null || _full)
            {
                Begin(alerts[0].Seq);
            }

            var lines = new MemoryStream();
            foreach (var alert in alerts)
            {
                JsonSerializer.Serialize(lines, alert, AlertJson.Default.Alert);
                lines.WriteByte((byte)'\n');
            }

            _file!.Write(lines.GetBuffer(), 0, (int)lines.Length);
            _file.Flush(flushToDisk: true);
            _full = _file.Length >= _segmentSize;
            if (Problem is not null)
            {
                Problem = null;
                _say("guard", $"alerts are written to {_directory} again");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Part of a line may stand there: what follows goes to a file of its own.
            _full = true;
            if (Problem is null)
            {
                Problem = e.Message;
                _say("warning", $"alerts can't be written to {_directory}: {e.Message} The newest {MaxInMemory} are kept in memory, and told all the same.");
            }
        }
    }

    private void Begin(long first)
    {
        _file?.Dispose();
        _file = null;
        var path = Path.Combine(_directory, string.Create(CultureInfo.InvariantCulture, $"alerts-{first:D16}.jsonl"));
        _file = new(path, Private(FileMode.Create));
        _segments.Add((first, path));
        _full = false;
        while (_segments.Count > Segments)
        {
            File.Delete(_segments[0].File);
            _segments.RemoveAt(0);
        }
    }

    /// <summary>Goes on after the last whole line: a kill in the middle of a write leaves half a line.</summary>
    private void Continue((long First, string File) segment)
    {
        var bytes = File.ReadAllBytes(segment.File);
        var whole = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        Interlocked.Exchange(ref _last, segment.First - 1);
        foreach (var alert in Lines(segment.File))
        {
            Interlocked.Exchange(ref _last, Math.Max(_last, alert.Seq));
            _newest.AddLast(alert);
        }

        while (_newest.Count > MaxInMemory)
        {
            _newest.RemoveFirst();
        }

        _file = new(segment.File, Private(FileMode.Open));
        _file.SetLength(whole);
        _file.Seek(0, SeekOrigin.End);
        _full = whole >= _segmentSize;
    }

    private static IEnumerable<Alert> Lines(string file)
    {
        byte[] bytes;
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            bytes = new byte[stream.Length];
            bytes = bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
        }
        catch (IOException)
        {
            yield break; // removed meanwhile: counted as lost
        }

        for (var at = 0; Array.IndexOf(bytes, (byte)'\n', at) is >= 0 and var end; at = end + 1)
        {
            if (Parse(bytes.AsSpan(at, end - at)) is { } alert)
            {
                yield return alert;
            }
        }
    }

    private static Alert? Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, AlertJson.Default.Alert);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string IdOf(string file)
    {
        if (File.Exists(file) && File.ReadAllText(file) is { Length: 32 } id && id.All(char.IsAsciiHexDigitLower))
        {
            return id;
        }

        var fresh = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        using var stream = new FileStream(file, Private(FileMode.Create));
        stream.Write(Encoding.ASCII.GetBytes(fresh));
        stream.Flush(flushToDisk: true);
        return fresh;
    }

    /// <summary>File names and addresses of guarded processes are nobody else's business.</summary>
    private static FileStreamOptions Private(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.Read | FileShare.Delete, BufferSize = 0 };
        if (!OperatingSystem.IsWindows() && mode != FileMode.Open)
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }
}
