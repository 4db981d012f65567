using DevOpsAgent.Addresses;
using DevOpsAgent.Kubernetes.Blocking;

namespace DevOpsAgent.Tests.Kubernetes.Blocking;

public sealed class ListLinesTests
{
    private static readonly AddressRange[] Two = [AddressRange.Parse("203.0.113.7"), AddressRange.Parse("2001:db8::/64")];

    [Theory]
    [InlineData("")]
    [InlineData("198.51.100.1\n")]
    [InlineData("# from the abuse desk\n198.51.100.0/24 # since march\n\n\n")]
    [InlineData("198.51.100.1")]
    public void A_plain_list_gets_our_lines_and_loses_them_again(string text)
    {
        var with = ListLines.With(text, Two);

        with.Split('\n').ShouldContain("203.0.113.7 # devops-agent");
        with.Split('\n').ShouldContain("2001:db8::/64 # devops-agent");
        ListLines.With(with, Two).ShouldBe(with);
        ListLines.With(with, [Two[1]]).ShouldNotContain("203.0.113.7");
        ListLines.With(with, []).ShouldBe(text);
    }

    [Fact]
    public void A_deny_list_in_yaml_gets_items_after_its_own()
    {
        const string text = """
            http:
              middlewares:
                bad-guys:
                  plugin:
                    denyip:
                      ipDenyList:
                        - 198.51.100.1/32
                        # the next one is a scanner
                        - 198.51.100.2/32
                other:
                  ipAllowList:
                    sourceRange:
                      - 10.0.0.0/8

            """;
        var with = ListLines.With(text, Two);

        with.ShouldContain("            - 198.51.100.2/32\n            - 203.0.113.7/32 # devops-agent\n            - 2001:db8::/64 # devops-agent\n    other:");
        ListLines.With(with, []).ShouldBe(text);
    }

    [Fact]
    public void An_empty_deny_list_gets_its_first_items() =>
        ListLines.With("denylist:\nother: 1\n", [Two[0]]).ShouldBe("denylist:\n  - 203.0.113.7/32 # devops-agent\nother: 1\n");

    [Theory]
    [InlineData("http:\n  middlewares:\n    office:\n      ipAllowList:\n        sourceRange:\n          - 10.0.0.0/8\n", "neither a list")]
    [InlineData("ipDenyList: [198.51.100.1]\n", "neither a list")]
    [InlineData("ipDenyList:\n  - 198.51.100.1\nblocklist:\n  - 198.51.100.2\n", "2 deny lists")]
    [InlineData("{\"deny\": []}", "neither a list")]
    public void What_is_no_deny_list_is_left_alone(string text, string reason) =>
        Should.Throw<LayoutException>(() => ListLines.With(text, Two)).Message.ShouldContain(reason);
}
