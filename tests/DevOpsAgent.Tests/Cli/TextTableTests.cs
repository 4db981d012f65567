using DevOpsAgent.App.Cli;

namespace DevOpsAgent.Tests.Cli;

public sealed class TextTableTests
{
    private const string IPv6 = "2001:db8:85a3:8d3:1319:8a2e:370:7348";
    private const string Summary = "Asked for 61 secret files in 48 s, got 404 each time.";

    [Theory]
    [InlineData(80)]
    [InlineData(72)]
    public void An_IPv6_address_leaves_the_summary_its_room(int width)
    {
        var lines = Write(width, ("203.0.113.7", Summary), (IPv6, Summary), ("198.51.100.200", "Short."));
        lines.ShouldAllBe(l => l.Length <= width);
        lines.ShouldContain(static l => l.Contains(IPv6), "an address is never cut: it is to be copied");
        lines.Count(static l => l.Contains("Asked for 61")).ShouldBe(2);
        lines.Length.ShouldBe(5, "only the row that does not fit takes two lines");
        var column = lines[0].IndexOf("SUMMARY", StringComparison.Ordinal);
        lines.Where(static l => l.Contains("Asked")).ShouldAllBe(l => l.IndexOf("Asked", StringComparison.Ordinal) == column);
    }

    [Fact]
    public void Colours_take_no_room()
    {
        var table = new TextTable(new("STATUS", Paint: static _ => "31"), new("CLIENT"), new("SUMMARY", Stretch: true));
        table.Add("recommended", "203.0.113.7", Summary);
        var text = new StringWriter();
        table.WriteTo(TestTerminal.Of() with { Out = text, Width = 80, IsScreen = true });
        text.ToString().TrimEnd('\n').Split('\n').Length.ShouldBe(2);
    }

    [Fact]
    public void A_column_without_room_leaves_no_empty_line()
    {
        var path = new string('p', 60);
        var table = new TextTable(new("TIME"), new("PATH"), new("USER AGENT", Stretch: true));
        table.Add("2026-11-21T07:23:28.748Z", "/" + path, "curl/8");
        table.Add("2026-11-21T07:23:29.748Z", "/", "curl/8");
        var text = new StringWriter();
        table.WriteTo(TestTerminal.Of() with { Out = text, Width = 60 });
        text.ToString().TrimEnd('\n').Split('\n').ShouldAllBe(static l => l.Length > 0);
    }

    [Fact]
    public void On_a_wide_screen_nothing_moves()
    {
        var lines = Write(140, ("203.0.113.7", Summary), (IPv6, Summary));
        lines.Length.ShouldBe(3);
        lines.Skip(1).ShouldAllBe(static l => l.EndsWith(Summary, StringComparison.Ordinal));
    }

    private static string[] Write(int width, params (string Client, string Summary)[] rows)
    {
        var table = new TextTable(new("ID", Right: true), new("SEVERITY"), new("STATUS"), new("CLIENT"), new("SEEN", Right: true), new("SUMMARY", Stretch: true));
        for (var i = 0; i < rows.Length; i++)
        {
            table.Add($"{i + 1}", "high", "recommended", rows[i].Client, "4m", rows[i].Summary);
        }

        var text = new StringWriter();
        table.WriteTo(TestTerminal.Of() with { Out = text, Width = width });
        return text.ToString().TrimEnd('\n').Split('\n');
    }
}
