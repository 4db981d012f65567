using DevOpsAgent.Kubernetes.Inspection;
using FsCheck;
using FsCheck.Fluent;

namespace DevOpsAgent.Tests.Kubernetes.Inspection;

public sealed class RuleTextTests
{
    [Theory]
    [InlineData("ClientIP(`203.0.113.7`) || ClientIP(`2001:db8::/48`)", "203.0.113.7, 2001:db8::/48", true, false, true)]
    [InlineData("ClientIP(`203.0.113.7`, \"198.51.100.0/24\")", "198.51.100.0/24, 203.0.113.7", true, false, true)]
    [InlineData("Host(`a.test`) && !ClientIP(`203.0.113.7`)", "203.0.113.7", true, true, false)]
    [InlineData("Host(`a.test`) && !(ClientIP(`203.0.113.7`) || ClientIP(`203.0.113.8`))", "203.0.113.7, 203.0.113.8", true, true, false)]
    [InlineData("Host(`a.test`) && !(!(ClientIP(`203.0.113.7`)))", "203.0.113.7", true, false, false)]
    [InlineData("Host(`a.test`) || ClientIP(`203.0.113.7`)", "203.0.113.7", false, false, false)]
    [InlineData("Host(`a.test`) && (Path(`/x`) || ClientIP(`203.0.113.7`))", "203.0.113.7", false, false, false)]
    [InlineData("!(Host(`a.test`) && ClientIP(`203.0.113.7`))", "203.0.113.7", false, true, false)]
    [InlineData("HeaderRegexp(`X-Forwarded-For`, `(?:^|,\\s*)203\\.0\\.113\\.8$`)", "203.0.113.8", true, false, true)]
    [InlineData("Headers(`X-Real-Ip`, `203.0.113.9`)", "203.0.113.9", true, false, true)]
    [InlineData("HostSNI(`*`) && ClientIP(`203.0.113.0/24`)", "203.0.113.0/24", true, false, true)]
    [InlineData("Host(`a.test`)", "", false, false, false)]
    public void Addresses_of_a_rule(string rule, string ranges, bool gate, bool negated, bool only)
    {
        var read = RuleText.Read(rule);
        read.Broken.ShouldBeFalse();
        string.Join(", ", read.Addresses.Ranges).ShouldBe(ranges);
        read.Gate.ShouldBe(gate);
        read.Negated.ShouldBe(negated);
        read.OnlyAddresses.ShouldBe(only);
    }

    [Theory]
    [InlineData("ClientIP(`203.0.113.7`")]
    [InlineData("ClientIP(203.0.113.7)")]
    [InlineData("ClientIP(`203.0.113.7)")]
    [InlineData(")(")]
    [InlineData("((Host(`a`))")]
    [InlineData("Host(`a`) ; drop")]
    public void What_can_not_be_read_is_broken_and_gates_nothing(string rule)
    {
        var read = RuleText.Read(rule);
        read.Broken.ShouldBeTrue();
        read.Gate.ShouldBeFalse();
        read.OnlyAddresses.ShouldBeFalse();
    }

    [Fact]
    public void A_hundred_thousand_parentheses_are_no_recursion() =>
        RuleText.Read(new string('(', 100_000) + "ClientIP(`203.0.113.7`)" + new string(')', 100_000)).OnlyAddresses.ShouldBeTrue();

    [Fact]
    public void No_text_throws() => Prop.ForAll(ArbMap.Default.ArbFor<string?>(), static text =>
    {
        RuleText.Read(text ?? "");
        RuleText.Read("ClientIP(`" + text + "`) && (" + text);
    }).QuickCheckThrowOnFailure();
}
