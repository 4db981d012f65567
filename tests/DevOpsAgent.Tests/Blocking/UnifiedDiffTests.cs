using DevOpsAgent.Blocking;
using FsCheck;
using FsCheck.Fluent;

namespace DevOpsAgent.Tests.Blocking;

public sealed class UnifiedDiffTests
{
    [Fact]
    public void One_added_line_stands_in_its_context() => UnifiedDiff.Between("a\nb\nc\nd\ne\nf\ng\n", "a\nb\nc\nd\nX\ne\nf\ng\n", "deny.yaml").ShouldBe("""
        --- deny.yaml
        +++ deny.yaml
        @@ -2,6 +2,7 @@
         b
         c
         d
        +X
         e
         f
         g

        """);

    [Fact]
    public void A_new_and_a_removed_file_come_from_and_go_to_nothing()
    {
        UnifiedDiff.Between("", "a\nb\n", "deny.yaml").ShouldBe("--- /dev/null\n+++ deny.yaml\n@@ -0,0 +1,2 @@\n+a\n+b\n");
        UnifiedDiff.Between("a\nb\n", "", "deny.yaml").ShouldBe("--- deny.yaml\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n");
        UnifiedDiff.Between("a\n", "a\n", "deny.yaml").ShouldBe("");
    }

    [Fact]
    public void Property_the_diff_turns_the_one_into_the_other()
    {
        var texts = from n in Gen.Choose(0, 40) from lines in Gen.ListOf(Gen.Elements("a", "b", "c", "d", "e"), n) select string.Concat(lines.Select(static l => l + "\n"));
        Prop.ForAll(Gen.Zip(texts, texts).ToArbitrary(), static x => Patch(x.Item1, UnifiedDiff.Between(x.Item1, x.Item2, "f")) == x.Item2).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_large_change_is_bounded()
    {
        var before = string.Concat(Enumerable.Range(0, 50_000).Select(static i => $"line {i}\n"));
        var scattered = string.Concat(Enumerable.Range(0, 50_000).Select(static i => i % 200 == 0 ? $"new {i}\n" : $"line {i}\n"));
        UnifiedDiff.Between(before, scattered, "f").ShouldContain("too many lines change to show: 50000 lines before");
        UnifiedDiff.Between("", before, "f").Split('\n').Length.ShouldBeLessThan(210);
        var one = UnifiedDiff.Between(before, before.Replace("line 49000\n", "", StringComparison.Ordinal), "f");
        one.ShouldContain("\n-line 49000\n");
        one.Split('\n').Length.ShouldBe(11);
    }

    /// <summary>Applies a unified diff as the patch program does, checking that what it removes and keeps is there.</summary>
    internal static string Patch(string before, string diff)
    {
        if (diff.Length == 0)
        {
            return before;
        }

        var left = before.Length == 0 ? [] : before.TrimEnd('\n').Split('\n');
        var result = new List<string>();
        var at = 0;
        foreach (var line in diff.TrimEnd('\n').Split('\n').Skip(2))
        {
            if (line.StartsWith("@@ -", StringComparison.Ordinal))
            {
                var numbers = line.Split(' ')[1].TrimStart('-').Split(',');
                var start = int.Parse(numbers[0]) - (numbers[1] == "0" ? 0 : 1);
                result.AddRange(left[at..start]);
                at = start;
            }
            else if (line[0] == '+')
            {
                result.Add(line[1..]);
            }
            else
            {
                line[1..].ShouldBe(left[at++]);
                if (line[0] == ' ')
                {
                    result.Add(line[1..]);
                }
            }
        }

        result.AddRange(left[at..]);
        return string.Concat(result.Select(static l => l + "\n"));
    }
}
