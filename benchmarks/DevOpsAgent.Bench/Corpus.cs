using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;

namespace DevOpsAgent.Bench;

/// <summary>
/// Logs of a wished size, made by repeating a real recording: each repetition gets its own clients (one bijection of the
/// address space per repetition) and goes on in time where the one before ended. Nothing else in a line changes.
/// </summary>
internal static partial class Corpus
{
    public static string Json(BenchOptions options) => Make(options, "json", Path.Combine(options.Samples, "recording-a", "access.jsonl.gz"), VaryJson);

    public static string Clf(BenchOptions options) => Make(options, "clf", Path.Combine(options.Samples, "clf", "access.log"), VaryClf);

    private static string Make(BenchOptions options, string kind, string recording, Func<string, int, string> vary)
    {
        var file = Path.Combine(options.Cache, $"{kind}-{options.Lines}.log");
        if (File.Exists(file))
        {
            return file;
        }

        Console.Error.WriteLine($"making {file}");
        using var input = File.OpenRead(recording);
        using var stream = recording.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(input, CompressionMode.Decompress) : (Stream)input;
        var lines = new List<string>();
        using (var reader = new StreamReader(stream, Encoding.Latin1))
        {
            while (reader.ReadLine() is { } line)
            {
                lines.Add(line);
            }
        }

        using (var output = new StreamWriter(file + ".part", append: false, Encoding.Latin1, 1 << 20))
        {
            output.NewLine = "\n";
            for (var i = 0; i < options.Lines; i++)
            {
                output.WriteLine(vary(lines[i % lines.Count], i / lines.Count));
            }
        }

        File.Move(file + ".part", file);
        return file;
    }

    private static string VaryJson(string line, int round)
    {
        if (round == 0)
        {
            return line;
        }

        line = Address().Replace(line, m => m.Groups[1].Value + Other(m.Groups[2].Value, round), 2);
        return Time().Replace(line, m => m.Groups[1].Value + Later(m.Groups[2].Value, round));
    }

    private static string VaryClf(string line, int round)
    {
        if (round == 0)
        {
            return line;
        }

        var space = line.IndexOf(' ', StringComparison.Ordinal);
        line = Other(line[..space], round) + line[space..];
        return ClfTime().Replace(line, m =>
        {
            var time = DateTimeOffset.ParseExact(m.Groups[1].Value, "dd/MMM/yyyy:HH:mm:ss", null).AddMinutes(22 * round);
            return $"[{time:dd/MMM/yyyy:HH:mm:ss} +0000]";
        }, 1);
    }

    private static string Other(string address, int round)
    {
        if (address.Contains(':', StringComparison.Ordinal))
        {
            return address.Replace("2001:db8:", $"2001:{0x1000 + round:x}:", StringComparison.Ordinal);
        }

        var parts = address.Split('.');
        return $"{(int.Parse(parts[0]) + round) % 200 + 11}.{parts[1]}.{(int.Parse(parts[2]) + 7 * round) % 256}.{parts[3]}";
    }

    private static string Later(string time, int round)
    {
        // 2026-11-21T07:22:55.334755647Z: nine digits don't fit a DateTime, so the fraction is carried over as text.
        var start = DateTimeOffset.Parse(time[..19] + "Z", null).AddMinutes(22 * round);
        return start.ToString("yyyy-MM-ddTHH:mm:ss", null) + time[19..];
    }

    [GeneratedRegex("""("Client(?:Addr|Host)":"\[?)([0-9a-f.:]*?)(?=\]?:\d+"|")""")]
    private static partial Regex Address();

    [GeneratedRegex("""("(?:StartUTC|StartLocal|time)":")([^"]{20,35})(?=")""")]
    private static partial Regex Time();

    [GeneratedRegex(@"\[([^ \]]+) \+0000\]")]
    private static partial Regex ClfTime();
}
