using System.Reflection;
using System.Text.RegularExpressions;
using DevOpsAgent.App.Web;

namespace DevOpsAgent.Tests.Web;

/// <summary>The page's sources, read from the program itself: no way for a log line to become markup, nothing from elsewhere, no giant.</summary>
public sealed class PageSourceTests
{
    public static TheoryData<string> Files => [.. Names];

    private static Assembly App => typeof(StaticFiles).Assembly;

    private static IEnumerable<string> Names => App.GetManifestResourceNames().Where(static n => n.StartsWith("wwwroot/", StringComparison.Ordinal));

    [Fact]
    public void The_page_is_embedded() => Names.ShouldContain(static n => n == "wwwroot/index.html");

    [Theory]
    [MemberData(nameof(Files))]
    public void No_text_can_become_markup_or_code(string name)
    {
        var text = Read(name);
        foreach (var sink in (string[])["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser", "createContextualFragment", "eval(", "new Function", "setHTMLUnsafe", "srcdoc", "javascript:"])
        {
            text.ShouldNotContain(sink, Case.Insensitive);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Nothing_is_loaded_from_another_host(string name) =>
        Regex.Matches(Read(name), @"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1))
            .Select(static m => m.Value).Where(static u => u != "http://www.w3.org").ShouldBeEmpty();

    [Theory]
    [MemberData(nameof(Files))]
    public void No_file_is_a_giant(string name) => Read(name).Split('\n').Length.ShouldBeLessThan(400);

    [Fact]
    public void The_document_has_nothing_inline()
    {
        var html = Read("wwwroot/index.html");
        Regex.IsMatch(html, @"<script(?![^>]*\bsrc=)|<style|\son[a-z]+=|\sstyle=", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)).ShouldBeFalse();
    }

    private static string Read(string name)
    {
        using var reader = new StreamReader(App.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
