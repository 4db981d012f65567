using System.Globalization;
using System.Text;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.App.Web;

/// <summary>
/// The allowlist as CSV (RFC 4180): ip_or_cidr,description,expires_at. A header line is optional; the last two columns
/// may be absent; lines that start with # are comments.
/// </summary>
internal static class AllowlistCsv
{
    public const string Header = "ip_or_cidr,description,expires_at";
    private const int MaxRows = 10_000;

    public static string Write(IEnumerable<AllowlistEntry> entries)
    {
        var text = new StringBuilder(Header).Append("\r\n");
        foreach (var e in entries)
        {
            text.Append(e.Value).Append(',').Append(Quote(e.Description)).Append(',')
                .Append(e.ExpiresAt?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)).Append("\r\n");
        }

        return text.ToString();
    }

    /// <summary>One row per line: an entry, or why the line gives none. Never throws.</summary>
    public static IEnumerable<(int Line, AllowlistEntry? Entry, string? Problem)> Read(string text, DateTimeOffset now)
    {
        var number = 0;
        var rows = 0;
        foreach (var line in text.TrimStart('\uFEFF').Split('\n'))
        {
            number++;
            var row = line.TrimEnd('\r');
            if (string.IsNullOrWhiteSpace(row) || row[0] == '#' || row.StartsWith("ip_or_cidr", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            if (++rows > MaxRows)
            {
                yield return (number, null, $"More than {MaxRows:N0} rows: split the file.");
                yield break;
            }

            yield return Parse(row, now) switch
            {
                (null, var problem) => (number, null, problem),
                (var entry, _) => (number, entry, null),
            };
        }
    }

    private static (AllowlistEntry? Entry, string? Problem) Parse(string row, DateTimeOffset now)
    {
        if (!TrySplit(row, out var fields))
        {
            return (null, "A quote is not closed, or a quoted text spans lines.");
        }

        if (!AllowlistValue.TryCanonical(fields[0], out var value))
        {
            return (null, $"'{BlocksApi.Short(fields[0])}' is not an address, a CIDR range or a DNS name.");
        }

        var description = fields.Count > 1 ? fields[1].Trim() : "";
        if (description.Length > 500 || description.Any(char.IsControl))
        {
            return (null, "The description is longer than 500 characters or has control characters.");
        }

        DateTimeOffset? expires = null;
        if (fields.Count > 2 && fields[2].Trim() is { Length: > 0 } when)
        {
            if (!DateTimeOffset.TryParse(when, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at))
            {
                return (null, $"'{BlocksApi.Short(when)}' is not a time: write 2026-12-31T00:00:00Z.");
            }

            if (at <= now)
            {
                return (null, "It has expired already.");
            }

            expires = at;
        }

        return (new() { Value = value, Description = description, CreatedAt = now, ExpiresAt = expires }, null);
    }

    private static bool TrySplit(string row, out List<string> fields)
    {
        fields = [];
        var field = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < row.Length; i++)
        {
            var c = row[i];
            if (quoted && c == '"' && i + 1 < row.Length && row[i + 1] == '"')
            {
                field.Append('"');
                i++;
            }
            else if (c == '"')
            {
                quoted = !quoted;
            }
            else if (c == ',' && !quoted)
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else
            {
                field.Append(c);
            }
        }

        fields.Add(field.ToString());
        return !quoted;
    }

    // A spreadsheet runs a cell that starts with = + - @ as a formula: such text is quoted and led by a space, which Read trims.
    private static string Quote(string text) =>
        text.Length > 0 && "=+-@".Contains(text[0], StringComparison.Ordinal) ? "\" " + text.Replace("\"", "\"\"", StringComparison.Ordinal) + "\""
        : text.AsSpan().ContainsAny(",\"") ? "\"" + text.Replace("\"", "\"\"", StringComparison.Ordinal) + "\""
        : text;
}
