using System.Text;
using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Service;

namespace DevOpsAgent.Tests.Service;

public sealed class ReplayReportTests
{
    [Fact]
    public void Each_client_is_judged_by_its_label()
    {
        var labels = ReplayLabels.Read("labels.json", """
            [{"ip": "203.0.113.1", "expect": "block"}, {"ip": "203.0.113.2", "expect": "block", "what": "quiet"},
             {"ip": "203.0.113.3", "expect": "ignore"}, {"ip": "203.0.113.4", "expect": "ignore"}, {"ip": "203.0.113.5", "expect": "ignore"},
             {"ip": "203.0.113.6", "expect": "review"}, {"ip": "203.0.113.7", "expect": "review"}]
            """u8);
        Incident[] incidents =
        [
            Of("203.0.113.1", Severity.High, RuleAction.Block, 9),
            Of("203.0.113.1", Severity.High, RuleAction.Block, 30),
            Of("203.0.113.3", Severity.High, RuleAction.Block, 5),
            Of("203.0.113.4", Severity.Medium, RuleAction.Review, 0),
            Of("203.0.113.5", Severity.Low, null, 0),
            Of("203.0.113.6", Severity.Low, null, 0),
            Of("203.0.113.99", Severity.High, RuleAction.Block, 1),
        ];
        var report = ReplayReport.Of(labels, incidents, 100, 2, 0.5);
        report.Clients.ShouldBe(7);
        (report.ExpectedBlock, report.Found, report.Recall).ShouldBe((2, 1, 0.5));
        report.MissedClients.ShouldBe(["203.0.113.2"]);
        (report.FalseBlocks, report.FalseBlockClients.Single()).ShouldBe((1, "203.0.113.3"));
        report.NoisyClients.ShouldBe(["203.0.113.3", "203.0.113.4"]);
        report.ReviewRecall.ShouldBe(0.5);
        report.MedianRequestsToDetect.ShouldBe(9);
    }

    [Theory]
    [InlineData("{}", "must be a JSON array")]
    [InlineData("[{\"ip\": \"x\", \"expect\": \"block\"}]", "entry 0: ip 'x' is not an address")]
    [InlineData("[{\"ip\": \"203.0.113.1\", \"expect\": \"deny\"}]", "entry 0 (203.0.113.1): expect 'deny' is not block, review or ignore")]
    [InlineData("[{\"ip\": \"203.0.113.1\", \"expect\": \"2\"}]", "is not block, review or ignore")]
    [InlineData("[{\"ip\": \"203.0.113.1\", \"expect\": \"block\"}, {\"ip\": \"203.0.113.1\", \"expect\": \"ignore\"}]", "labelled twice")]
    [InlineData("[\n{", "labels.json:2:")]
    [InlineData("[3]", "entry 0: ip '' is not an address")]
    public void Wrong_labels_say_which_entry_and_why(string json, string said) =>
        Should.Throw<ConfigException>(() => ReplayLabels.Read("labels.json", Encoding.UTF8.GetBytes(json))).Message.ShouldContain(said);

    private static Incident Of(string client, Severity severity, RuleAction? action, long at) => new()
    {
        Subject = client,
        Clients = [ClientAddress.Parse(client)],
        Threat = "secrets-scan",
        Severity = severity,
        Status = IncidentStatus.Open,
        DetectedAt = default,
        UpdatedAt = default,
        Summary = "",
        Evidence = new()
        {
            Rules =
            [
                new() { RuleId = "low", Title = "", Fired = true, Action = RuleAction.Record, FiredAtRequest = 1, Conditions = [] },
                new() { RuleId = "block", Title = "", Fired = at > 0, Action = RuleAction.Block, FiredAtRequest = at, Conditions = [] },
            ],
        },
        Recommendation = action is { } a ? new() { Action = a, Ranges = [], Why = "", Where = "", Ttl = default, ProposedBy = "", Change = "" } : null,
    };
}
