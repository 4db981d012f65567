using System.CommandLine;
using DevOpsAgent.Configuration;
using DevOpsAgent.Logs;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.Logs.Sources;
using DevOpsAgent.LogStore;
using DevOpsAgent.LogStore.Disk;
using DevOpsAgent.LogStore.Ingest;
using DevOpsAgent.Service;

namespace DevOpsAgent.App.Cli.LogCommands;

/// <summary>The logs that a command looks into: files read into memory, or a store on disk.</summary>
internal sealed class OpenLogs : IDisposable
{
    private readonly LogStoreDirectory? _directory;

    private OpenLogs(IndexCatalog catalog, LogStoreDirectory? directory)
    {
        Catalog = catalog;
        _directory = directory;
    }

    public IndexCatalog Catalog { get; }

    public static Option<string?> StoreOption() => new("--store") { Description = "Folder of a log store", HelpName = "folder" };

    /// <summary>With a folder: what lies there, and the files on top of it. Without: the files alone.</summary>
    /// <exception cref="CommandException">Nothing to look into, or it can't be opened.</exception>
    public static OpenLogs Open(AgentConfig config, string? folder, Terminal terminal, CancellationToken cancellation)
    {
        var files = config.Logs.Where(static l => l.Path != "-").ToList();
        if (folder is null && files.Count == 0)
        {
            throw CommandException.Usage("There is no log to look into.", "Name a file with --log, or the folder of a store with --store.");
        }

        if (folder is not null && files.Count == 0 && !System.IO.Directory.Exists(folder))
        {
            throw CommandException.Usage($"There is no store in {folder}.", $"Make one: devops-agent logs ingest --log FILE --store {folder}");
        }

        var directory = folder is null ? null : Directory(folder, terminal);
        var opened = new OpenLogs(directory?.Catalog ?? new(), directory);
        try
        {
            foreach (var log in files)
            {
                opened.Read(log, terminal, cancellation);
            }

            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    private static LogStoreDirectory Directory(string folder, Terminal terminal)
    {
        try
        {
            var directory = new LogStoreDirectory(folder, new(), terminal.Time);
            foreach (var problem in directory.Problems)
            {
                terminal.Error.WriteLine(SafeText.Of(problem));
            }

            return directory;
        }
        catch (Exception e) when (e is StoreDamagedException or IOException or UnauthorizedAccessException)
        {
            throw CommandException.Dependency(e.Message, "Where the service has it open, ask at its --es-listen address; else name another folder with --store.");
        }
    }

    private void Read(LogConfig log, Terminal terminal, CancellationToken cancellation)
    {
        var ingest = new LogIngest(Catalog, _directory, LogStoreFeed.IndexPrefix, new ClientResolver(log.TrustedProxies));
        using var pipeline = new IngestPipeline(ingest);
        foreach (var file in LogFiles.Paths(log.Path))
        {
            if (!FileReader.TryOpen(file, out var reader, out var problem))
            {
                throw CommandException.Dependency(problem, "Name a readable access log with --log.");
            }

            using (reader)
            {
                while (reader.TryReadNext(out var block))
                {
                    cancellation.ThrowIfCancellationRequested();
                    using (block)
                    {
                        Add(pipeline, block.Bytes.Span);
                    }
                }

                if (reader.Problem is { } trouble)
                {
                    terminal.Error.WriteLine(SafeText.Of(trouble));
                }
            }
        }

        Refusable(pipeline.Complete);
        if (ingest.Skipped > 0)
        {
            terminal.Error.WriteLine($"{log.Path}: {ingest.Skipped} of {ingest.Lines} lines are no requests and were left out");
        }
    }

    private static void Add(IngestPipeline pipeline, ReadOnlySpan<byte> lines)
    {
        try
        {
            pipeline.Add(lines);
        }
        catch (DslException e)
        {
            throw Full(e);
        }
    }

    private static void Refusable(Action complete)
    {
        try
        {
            complete();
        }
        catch (DslException e)
        {
            throw Full(e);
        }
    }

    private static CommandException Full(Exception e) => CommandException.Dependency(e.Message, "Free some space on the store's disk.");

    /// <summary>Brings what was read to the disk.</summary>
    public void Flush()
    {
        try
        {
            _directory?.Flush();
        }
        catch (IOException e)
        {
            throw Full(e);
        }
    }

    public void Dispose()
    {
        if (_directory is not null)
        {
            _directory.Dispose();
        }
        else
        {
            Catalog.Dispose();
        }
    }
}
