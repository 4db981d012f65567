using System.Text;

namespace DevOpsAgent.App.Cli;

/// <summary>
/// A column of a <see cref="TextTable"/>. One of them, the last, may stretch: it gets what the others leave, and is cut there. Where that
/// is next to nothing the widest of the others is narrowed; a row that doesn't fit has its last cell on a line below.
/// </summary>
/// <param name="Paint">A cell's colour as SGR number ("31"), null for none.</param>
internal sealed record Column(string Header, bool Right = false, bool Stretch = false, Func<string, string?>? Paint = null);

/// <summary>Rows in aligned columns that fit the terminal's width. Cells may come from logs: all are made safe.</summary>
internal sealed class TextTable(params Column[] columns)
{
    /// <summary>A sentence cut to less says nothing.</summary>
    private const int LeastStretch = 24;

    /// <summary>An IPv4 address.</summary>
    private const int LeastNarrowed = 15;

    private readonly List<string[]> _rows = [];

    public void Add(params string[] cells) => _rows.Add([.. cells.Select(SafeText.Of)]);

    public void WriteTo(Terminal terminal)
    {
        var widths = columns.Select((c, i) => _rows.Select(r => SafeText.Columns(r[i])).Append(c.Header.Length).Max()).ToArray();
        var stretch = Array.FindIndex(columns, static c => c.Stretch);
        if (stretch >= 0)
        {
            var rest = terminal.Width - widths.Where((_, i) => i != stretch).Sum() - 2 * (columns.Length - 1);
            var missing = Math.Min(LeastStretch, widths[stretch]) - rest;
            if (missing > 0)
            {
                var widest = Array.IndexOf(widths, widths.Where((_, i) => i != stretch).Max());
                var narrowed = Math.Clamp(widths[widest] - missing, Math.Min(LeastNarrowed, widths[widest]), widths[widest]);
                rest += widths[widest] - narrowed;
                widths[widest] = narrowed;
            }

            widths[stretch] = Math.Clamp(rest, 0, widths[stretch]);
        }

        var text = new StringBuilder();
        Append(text, [.. columns.Select(static c => c.Header)], widths, colour: false);
        foreach (var row in _rows)
        {
            Append(text, row, widths, terminal.Colour);
        }

        terminal.Out.Write(text.ToString());
    }

    private void Append(StringBuilder text, string[] row, int[] widths, bool colour)
    {
        var line = new StringBuilder();
        var used = 0; // columns of the screen: the line also holds colours
        for (var i = 0; i < columns.Length; i++)
        {
            var cell = !columns[i].Stretch ? row[i] : widths[i] < 2 ? "" : SafeText.Cut(row[i], widths[i]);
            var pad = new string(' ', Math.Max(0, widths[i] - SafeText.Columns(cell)));
            var start = widths.Take(i).Sum() + 2 * (i - 1);
            if (columns[i].Stretch && used > start && cell.Length > 0)
            {
                text.Append(line.ToString().TrimEnd()).Append('\n');
                line.Clear().Append(' ', start);
            }

            var painted = colour && columns[i].Paint?.Invoke(row[i]) is { } code ? $"\u001b[{code}m{cell}\u001b[0m" : cell;
            used += (i == 0 ? 0 : 2) + SafeText.Columns(cell) + pad.Length;
            line.Append(i == 0 ? "" : "  ").Append(columns[i].Right ? pad + painted : painted + pad);
        }

        text.Append(line.ToString().TrimEnd()).Append('\n');
    }
}
