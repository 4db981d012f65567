using System.Text;

namespace DevOpsAgent.Incidents;

/// <summary>A row and the line of the file on which it begins, from 1.</summary>
internal sealed record CsvRow(int Line, IReadOnlyList<string> Cells);

/// <summary>A row that can't be used. Line counts from 1.</summary>
internal sealed record CsvProblem(int Line, string Message)
{
    public override string ToString() => $"line {Line}: {Message}";
}

/// <summary>CSV as RFC 4180 has it: quoted cells with doubled quotes, line breaks inside them, CRLF or LF, a byte order mark.</summary>
internal static class Csv
{
    /// <summary>Rows, blank lines left out. Never throws.</summary>
    public static IReadOnlyList<CsvRow> Read(string text, List<CsvProblem> problems)
    {
        var rows = new List<CsvRow>();
        var at = text.StartsWith('\uFEFF') ? 1 : 0;
        var line = 1;
        while (at < text.Length)
        {
            var start = line;
            var cells = new List<string>();
            do
            {
                cells.Add(ReadCell(text, ref at, ref line, start, problems));
            }
            while (Take(text, ref at, ','));

            if (at < text.Length && !Take(text, ref at, '\r') & !Take(text, ref at, '\n'))
            {
                problems.Add(new(start, "Text follows a closing quote: double the quotes inside a cell."));
                at = text.IndexOf('\n', at) is var end and >= 0 ? end + 1 : text.Length;
                cells.Clear();
            }

            line++;
            if (cells.Count > 1 || (cells.Count == 1 && cells[0].Length > 0))
            {
                rows.Add(new(start, cells));
            }
        }

        return rows;
    }

    public static void WriteRow(StringBuilder csv, IEnumerable<string> cells) => csv.AppendJoin(',', cells.Select(Quoted)).Append("\r\n");

    private static string ReadCell(string text, ref int at, ref int line, int start, List<CsvProblem> problems)
    {
        if (!Take(text, ref at, '"'))
        {
            var from = at;
            at = text.AsSpan(at).IndexOfAny(",\r\n") is var length and >= 0 ? at + length : text.Length;
            return text[from..at];
        }

        var cell = new StringBuilder();
        while (at < text.Length)
        {
            var c = text[at++];
            if (c == '"' && !Take(text, ref at, '"'))
            {
                return cell.ToString();
            }

            line += c == '\n' ? 1 : 0;
            cell.Append(c);
        }

        problems.Add(new(start, "A quote is opened and never closed."));
        return cell.ToString();
    }

    private static bool Take(string text, ref int at, char expected)
    {
        if (at >= text.Length || text[at] != expected)
        {
            return false;
        }

        at++;
        return true;
    }

    private static string Quoted(string cell) =>
        cell.AsSpan().IndexOfAny("\",\r\n") >= 0 || cell.StartsWith('\uFEFF') ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell;
}
