using System.Text;
using DevOpsAgent.Incidents;
using FsCheck;
using FsCheck.Fluent;

namespace DevOpsAgent.Tests.Incidents;

public sealed class AllowlistCsvTests
{
    [Fact]
    public void The_columns_and_their_form() => AllowlistCsv.Write([Sample.Entry("203.0.113.7", Sample.Start.AddDays(1)) with { Description = "a \"quoted\", one" }, Sample.Entry("x.example")])
        .ShouldBe(
            "ip_or_cidr,description,created_at,expires_at\r\n" +
            "203.0.113.7,\"a \"\"quoted\"\", one\",2026-03-01T12:00:00.0000000Z,2026-03-02T12:00:00.0000000Z\r\n" +
            "x.example,,2026-03-01T12:00:00.0000000Z,\r\n");

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+1", "'+1")]
    [InlineData("-1", "'-1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("'=1", "''=1")]
    [InlineData("fine=1", "fine=1")]
    public void A_spreadsheet_runs_nothing(string description, string cell)
    {
        var csv = AllowlistCsv.Write([Sample.Entry("x.example") with { Description = description }]);
        csv.ShouldContain($"x.example,{cell},");
        Read(csv).ShouldHaveSingleItem().Description.ShouldBe(description);
    }

    [Fact]
    public void Byte_order_mark_line_ends_order_of_columns_and_blank_lines()
    {
        var rows = Read("\uFEFFDescription , IP_OR_CIDR\n\"two \"\"words\"\"\",203.0.113.7\r\n\r\n,203.0.113.8");
        rows.Select(static e => (e.Value, e.Description, e.CreatedAt)).ShouldBe([("203.0.113.7", "two \"words\"", Sample.Start), ("203.0.113.8", "", Sample.Start)]);
        Read("203.0.113.7\n203.0.113.8,no header,,2026-12-01\n").Select(static e => e.ExpiresAt).ShouldBe([null, new DateTimeOffset(2026, 12, 1, 0, 0, 0, TimeSpan.Zero)]);
        Read("").ShouldBeEmpty();
    }

    [Theory]
    [InlineData("203.0.113.7,a,b,c,d", "line 1: 5 cells")]
    [InlineData("203.0.113.7\n203.0.113.7/32", "line 2: 203.0.113.7 stands on line 1 already")]
    [InlineData("203.0.113.7,x,,tomorrow", "line 1: 'tomorrow' is not a time")]
    [InlineData("ip_or_cidr,comment\n203.0.113.7,x", "line 1: There is no column 'comment'")]
    [InlineData("\"203.0.113.7", "line 1: A quote is opened and never closed")]
    [InlineData("\"203.0.113.7\"x\n203.0.113.8", "line 1: Text follows a closing quote")]
    [InlineData("203.0.113.8,\"two\nlines\"\nnot an address", "line 1: The description has control")]
    [InlineData("203.0.113.8\n\"\n\n\"\nnot an address", "line 5: 'not an address' is neither")]
    [InlineData("0.0.0.0/0", "line 1: '0.0.0.0/0' is every address")]
    public void What_is_wrong_is_told_with_its_line(string csv, string problem) =>
        AllowlistCsv.Read(csv, Sample.Start, force: false).Problems.Select(static p => p.ToString()).ShouldContain(p => p.StartsWith(problem, StringComparison.Ordinal));

    [Fact]
    public void Any_cells_read_back()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>[]>(), cells =>
        {
            // A line with nothing on it is no row.
            string[] sent = ["x", .. cells.Select(static c => c.Get)];
            var csv = new StringBuilder();
            Csv.WriteRow(csv, sent);
            Csv.WriteRow(csv, sent);
            var problems = new List<CsvProblem>();
            var rows = Csv.Read(csv.ToString(), problems);
            return problems.Count == 0 && rows.Count == 2 && rows.All(r => r.Cells.SequenceEqual(sent, StringComparer.Ordinal));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Any_entry_reads_back()
    {
        var entries =
            from words in Gen.Elements("=", "+", "-", "@", "'", "\"", ",", " ", "ü", "\uFEFF", "x", "''", "\u2028").ListOf()
            from second in Gen.Choose(0, 100_000_000)
            from expires in Gen.Elements<int?>(null, 0, 5_000_000)
            select Sample.Entry("203.0.113.7", expires is { } e ? Sample.Start.AddSeconds(e) : null) with { Description = string.Concat(words), CreatedAt = Sample.Start.AddTicks(second) };
        Prop.ForAll(entries.ToArbitrary(), entry =>
        {
            var read = AllowlistCsv.Read(AllowlistCsv.Write([entry]), Sample.Start, force: false);
            return read.Problems.Count == 0 && read.Entries is [var one] && one with { Resolved = entry.Resolved } == entry;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void No_text_throws() => Prop.ForAll(
        Gen.Elements("\"", ",", "\n", "\r", "'", "=", "203.0.113.7", "ip_or_cidr", "\0", "2026").ListOf().ToArbitrary(),
        parts => AllowlistCsv.Read(string.Concat(parts), Sample.Start, force: false).Entries.Count <= parts.Count).QuickCheckThrowOnFailure();

    private static IReadOnlyList<AllowlistEntry> Read(string csv)
    {
        var rows = AllowlistCsv.Read(csv, Sample.Start, force: false);
        rows.Problems.ShouldBeEmpty();
        return rows.Entries;
    }
}
