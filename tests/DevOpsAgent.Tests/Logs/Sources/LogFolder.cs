using System.IO.Compression;
using System.Text;
using DevOpsAgent.Configuration;
using DevOpsAgent.Logs;
using DevOpsAgent.Logs.Sources;
using DevOpsAgent.Store;

namespace DevOpsAgent.Tests.Logs.Sources;

/// <summary>A temporary folder with a log, what Traefik and logrotate do to it, and a reader that remembers where it is.</summary>
internal sealed class LogFolder : IDisposable
{
    private FileFollower? _follower;

    public LogFolder() => Folder = Directory.CreateTempSubdirectory("log-").FullName;

    public string Folder { get; }

    public FakeTime Time { get; } = new();

    public string Log => At("access.log");

    public LogConfig Config { get; set; } = new() { Path = "set below" };

    /// <summary>As the store would keep it after the last block.</summary>
    public LogCheckpoint? Checkpoint { get; set; }

    public FileFollower Follower => _follower ??= new(Config with { Path = Log }, Log, Checkpoint, Config.FromStart, Time);

    public SourceStatus Status
    {
        get
        {
            var all = new List<SourceStatus>();
            Follower.Report(all);
            return all.ShouldHaveSingleItem();
        }
    }

    public string At(string name) => Path.Join(Folder, name);

    public void Append(string text) => AppendTo("access.log", text);

    public void AppendTo(string name, string text)
    {
        using var stream = new FileStream(At(name), FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        stream.Write(Encoding.Latin1.GetBytes(text));
    }

    public void Rename(string from, string to) => File.Move(At(from), At(to), overwrite: true);

    /// <summary>As logrotate's copytruncate does it.</summary>
    public void CopyTruncate(string to)
    {
        File.Copy(Log, At(to), overwrite: true);
        Truncate();
    }

    public void Truncate()
    {
        using var stream = new FileStream(Log, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        stream.SetLength(0);
    }

    /// <summary>As gzip does it: a new file with the old time, then the old one goes.</summary>
    public void Compress(string name)
    {
        File.WriteAllBytes(At(name + ".gz"), Gzip(File.ReadAllText(At(name), Encoding.Latin1)));
        File.SetLastWriteTimeUtc(At(name + ".gz"), File.GetLastWriteTimeUtc(At(name)));
        File.Delete(At(name));
    }

    public static byte[] Gzip(string text)
    {
        using var into = new MemoryStream();
        using (var gzip = new GZipStream(into, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(Encoding.Latin1.GetBytes(text));
        }

        return into.ToArray();
    }

    /// <summary>One block, as text; null: there is none now.</summary>
    public string? Next()
    {
        if (Follower.TryRead() is not { } block)
        {
            return null;
        }

        Checkpoint = new(block.Source, block.FileId, block.EndOffset, block.HeadHash, DateTimeOffset.UtcNow);
        return Encoding.Latin1.GetString(block.Bytes.Span);
    }

    /// <summary>All that can be read now.</summary>
    public string Drain()
    {
        var text = new StringBuilder();
        while (Next() is { } block)
        {
            text.Append(block);
        }

        return text.ToString();
    }

    /// <summary>The program ends; the next read starts from the checkpoint.</summary>
    public void Restart()
    {
        _follower?.Dispose();
        _follower = null;
    }

    public void Dispose()
    {
        Restart();
        Directory.Delete(Folder, recursive: true);
    }
}
