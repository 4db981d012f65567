using System.Text;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Traefik;

/// <summary>
/// A FileTarget is one file of our own in the directory that a Traefik watches. The temporary file stands outside that
/// directory: inside, it would wake Traefik and make the real change wait for two seconds.
/// </summary>
internal sealed class FileTarget : IBlockTarget
{
    /// <summary>Beyond this a file under our name can't be ours (40,000 ranges take about 5 MB).</summary>
    private const long MaxFileBytes = 256L << 20;

    // Error numbers of the system, as IOException.HResult carries them.
    private const int NotPermitted = 1;
    private const int NoAccess = 13;
    private const int NoSpace = 28;
    private const int ReadOnlyFileSystem = 30;
    private const int Quota = 122;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly BlockingConfig _config;
    private readonly TraefikApi? _api;
    private readonly bool _forwarded;
    private readonly string _directory;
    private readonly string _path;
    private readonly string? _parent;

    /// <param name="forwarded">See <see cref="DenyFile.Render"/>.</param>
    /// <exception cref="ConfigException">No directory, or a name that can't stand in the file.</exception>
    public FileTarget(BlockingConfig config, TraefikApi? api, bool forwarded = false)
    {
        Check(config);
        _config = config;
        _api = api;
        _forwarded = forwarded;
        _directory = Path.TrimEndingDirectorySeparator(Path.GetFullPath(config.Directory!));
        _path = Path.Combine(_directory, config.FileName);
        _parent = config.TempDirectory is { } temp ? Path.GetFullPath(temp) : Path.GetDirectoryName(_directory);
    }

    public string Description => $"Traefik file {_path}{(_forwarded ? " (clients behind the balancer by the last entry of X-Forwarded-For)" : "")}";

    public string Render(DenyList list) => DenyFile.Render(list, _config.EntryPoints, _forwarded);

    public async Task<TargetResult> ApplyAsync(DenyList list, CancellationToken cancellationToken)
    {
        string? before;
        string? note;
        try
        {
            var content = Render(list);
            before = Read();
            note = content == (before ?? "") ? null : Change(before, content);
            if (content.Length == 0)
            {
                return new(TargetOutcome.Unconfirmed, before is null || !DenyFile.IsOurs(before) ? $"Nothing to deny; {_path} is not there." : $"Nothing left to deny; {_path} was removed.");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TargetException or NotSupportedException)
        {
            return new(TargetOutcome.Failed, Explain(e));
        }

        var written = $"Written to {_path} and read back{note}{Uncovered(list)}";
        if (_api is null)
        {
            return new(TargetOutcome.Unconfirmed, $"{written}; Traefik was not asked (blocking.traefik_api is not set).");
        }

        ApiAnswer answer;
        try
        {
            answer = await _api.ConfirmAsync(DenyFile.Routers(list, _forwarded), _config.EntryPoints, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            answer = new(ApiState.Unknown, "the agent was stopped before Traefik answered");
        }

        return answer.State switch
        {
            ApiState.Enabled => new(TargetOutcome.Confirmed, $"{written}; Traefik runs it.{(answer.Detail.Length > 0 ? " " + answer.Detail : "")}"),
            ApiState.Refused => new(TargetOutcome.Failed, answer.Detail + Restore(before)),
            _ => new(TargetOutcome.Unconfirmed, $"{written}; not confirmed: {answer.Detail}."),
        };
    }

    public Task<TargetState> InspectAsync(DenyList list, CancellationToken cancellationToken)
    {
        try
        {
            var (actual, expected) = (Read(), Render(list));
            return Task.FromResult(new TargetState(true, Drift(actual, expected)) { Foreign = actual is not null && !DenyFile.IsUntouched(actual) });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TargetException or NotSupportedException)
        {
            return Task.FromResult(new TargetState(false, Explain(e)));
        }
    }

    public bool LooksRight(DenyList list) => Directory.Exists(_directory) && (File.Exists(_path) || list.Ranges.All(r => list.CarveOuts.Any(c => c.Contains(r))));

    private string? Uncovered(DenyList list) => _forwarded && list.Ranges.FirstOrDefault(static r => !ForwardedRule.Covers(r)) is { Address.IsNone: false } range
        ? $"; {range} is denied to direct peers only: behind the balancer IPv6 is matched address by address"
        : null;

    private string? Drift(string? actual, string expected)
    {
        if (actual == expected || (actual is null && expected.Length == 0))
        {
            return null;
        }

        if (actual is null)
        {
            return $"{_path} is missing";
        }

        if (!DenyFile.IsOurs(actual))
        {
            return expected.Length == 0 ? null : $"{_path} was not written by devops-agent";
        }

        return DenyFile.IsUntouched(actual)
            ? $"{_path} is stale: it holds an earlier list"
            : $"{_path} was edited by someone else: {Difference(actual, expected)}";
    }

    /// <summary>The first line that differs, as it is and as it should be; text from the file is cut and made printable.</summary>
    private static string Difference(string actual, string expected)
    {
        using var has = new StringReader(actual);
        using var wants = new StringReader(expected);
        for (var number = 1; ; number++)
        {
            var (left, right) = (has.ReadLine(), wants.ReadLine());
            if (left != right || left is null)
            {
                return $"line {number} has {Show(left)} instead of {Show(right)}";
            }
        }
    }

    private static string Show(string? line) => line is null
        ? "nothing"
        : $"'{string.Concat(line.Trim().Take(100).Select(static c => c is < ' ' or > '~' ? '?' : c))}'";

    /// <summary>Null: nothing stands there. Throws where that can't be told or it is no plain file.</summary>
    private string? Read()
    {
        if (!Directory.Exists(_directory))
        {
            throw new TargetException(File.Exists(_directory)
                ? $"blocking.directory '{_directory}' is a file, not a directory"
                : $"blocking.directory '{_directory}' does not exist: create it, or set it to the directory that Traefik's file provider watches");
        }

        var file = new FileInfo(_path);
        if (Directory.Exists(_path) || file.LinkTarget is not null)
        {
            throw new TargetException($"'{_path}' is a {(file.LinkTarget is null ? "directory" : "link")}, not a file of devops-agent: remove it or set blocking.file_name");
        }

        if (!file.Exists)
        {
            return null;
        }

        if (file.Length > MaxFileBytes)
        {
            throw new TargetException($"'{_path}' has {file.Length} bytes and was not written by devops-agent: move it away or set blocking.file_name");
        }

        try
        {
            return StrictUtf8.GetString(File.ReadAllBytes(_path));
        }
        catch (DecoderFallbackException)
        {
            return "(not UTF-8)";
        }
    }

    /// <summary>Returns a note for the result: empty, or where the temporary file had to be written.</summary>
    private string Change(string? before, string content)
    {
        if (before is not null && !DenyFile.IsOurs(before))
        {
            if (content.Length == 0)
            {
                return "";
            }

            throw new TargetException($"'{_path}' was not written by devops-agent and is left alone: move it away or set blocking.file_name");
        }

        if (content.Length == 0)
        {
            AtomicFile.Remove(_path);
            return "";
        }

        var note = Replace(StrictUtf8.GetBytes(content));
        if (Read() != content)
        {
            throw new TargetException($"'{_path}' does not hold what was just written: is another program writing it?");
        }

        return note;
    }

    private string Replace(byte[] bytes)
    {
        var name = $".{_config.FileName}.tmp";
        if (_parent is not null)
        {
            try
            {
                AtomicFile.Replace(_path, Path.Combine(_parent, name), bytes);
                return "";
            }
            catch (Exception e) when (_config.TempDirectory is null && (e is CrossDeviceException or UnauthorizedAccessException or IOException { HResult: ReadOnlyFileSystem }))
            {
                // A mounted volume, or a directory given to us alone: the watched directory itself is the only place left.
            }
        }

        AtomicFile.Replace(_path, Path.Combine(_directory, name), bytes);
        return $" (through a temporary file inside the directory, so Traefik may take up to 2 s longer; set blocking.temp_directory to a writable directory on the same file system as '{_directory}')";
    }

    private string Restore(string? before)
    {
        try
        {
            if (before is null)
            {
                AtomicFile.Remove(_path);
                return ". The file was removed again.";
            }

            Replace(StrictUtf8.GetBytes(before));
            return ". The file was set back to what it was.";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $". It could not be set back: {Explain(e)}";
        }
    }

    private string Explain(Exception error) => error switch
    {
        TargetException => error.Message + ".",
        CrossDeviceException => $"{error.Message}: set blocking.temp_directory to a directory on the file system of '{_directory}' that Traefik does not watch.",
        IOException { HResult: NoSpace or Quota } => $"The disk under '{_directory}' is full: {error.Message}. What stood before still stands.",
        IOException { HResult: ReadOnlyFileSystem } => $"'{_directory}' is on a read-only file system: {error.Message}. What stood before still stands.",
        UnauthorizedAccessException or IOException { HResult: NoAccess or NotPermitted } => $"'{_directory}' or the temporary file beside it is not writable: {error.Message} Give the user of devops-agent write access, or set blocking.temp_directory. What stood before still stands.",
        _ => $"'{_path}' could not be written: {error.Message}. What stood before still stands.",
    };

    private static void Check(BlockingConfig config)
    {
        var problems = new List<ConfigProblem>();
        void Problem(string message) => problems.Add(new("blocking", 0, 0, message));

        if (string.IsNullOrWhiteSpace(config.Directory))
        {
            Problem("blocking.directory is not set: name the directory that Traefik's file provider watches.");
        }

        if (!DenyFile.IsName(config.FileName) || config.FileName.StartsWith('.') || Path.GetExtension(config.FileName) is not (".yaml" or ".yml"))
        {
            Problem($"blocking.file_name '{config.FileName}' must be a plain name of letters, digits, '_', '-', '.' that ends in .yaml or .yml: Traefik reads no others.");
        }

        if (config.EntryPoints.Count == 0)
        {
            Problem("blocking.entry_points is empty: name the HTTP entry points of Traefik, as [web, websecure]. Without them a TLS router would hang TCP services.");
        }

        foreach (var name in config.EntryPoints.Where(static n => !DenyFile.IsName(n)))
        {
            Problem($"blocking.entry_points has '{name}': a name is made of letters, digits, '_', '-', '.'.");
        }

        if (problems.Count > 0)
        {
            throw new ConfigException(problems);
        }
    }

    /// <summary>The directory or file is not what it must be; the message says what to do.</summary>
    private sealed class TargetException(string message) : Exception(message);
}
