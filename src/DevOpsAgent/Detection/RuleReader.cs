using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

using YamlNode = YamlDotNet.RepresentationModel.YamlNode;

namespace DevOpsAgent.Detection;

/// <summary>Reads rules from YAML. Every mistake becomes a problem with file, line and column; rules without one are returned. Never throws.</summary>
internal sealed class RuleReader(string file, PatternLists lists, ICollection<ConfigProblem> problems)
{
    private const double MaxEvents = 10_000;
    private const double MaxDistinct = 1_000;
    private static readonly string[] RuleKeys =
        ["id", "version", "title", "threat", "severity", "action", "mode", "ttl", "within", "when", "except", "campaign"];

    private static readonly string[] ConditionKeys = ["where", "count", "at_least", "at_most", "within"];
    private static readonly string[] CampaignKeys = ["where", "clients", "distinct_paths", "paths_per_client", "share", "new_share"];
    private static readonly Dictionary<string, CountKind> Counts = new(StringComparer.Ordinal)
    {
        ["events"] = CountKind.Events,
        ["distinct_paths"] = CountKind.DistinctPaths,
        ["distinct_requests"] = CountKind.DistinctRequests,
        ["distinct_agents"] = CountKind.DistinctAgents,
        ["distinct_hosts"] = CountKind.DistinctHosts,
        ["distinct_users"] = CountKind.DistinctUsers,
        ["rate_per_minute"] = CountKind.RatePerMinute,
        ["ratio"] = CountKind.Ratio,
    };

    private readonly RuleFields _fields = new(file, problems);

    public IReadOnlyList<Rule> Read(string yaml)
    {
        YamlNode root;
        try
        {
            var stream = new YamlStream();
            using var text = new StringReader(yaml);
            stream.Load(text);
            if (stream.Documents.Count == 0)
            {
                return [];
            }

            root = stream.Documents[0].RootNode;
        }
        catch (YamlException e)
        {
            problems.Add(new(file, (int)e.Start.Line, (int)e.Start.Column, $"This is not YAML: {e.Message}"));
            return [];
        }

        if (root is not YamlMappingNode top || !_fields.OnlyKeys(top, ["rules"], "a rule file") || _fields.Node(top, "rules") is not YamlSequenceNode items)
        {
            _fields.Wrong(root, "A rule file is a mapping with the key 'rules' and a list below it.");
            return [];
        }

        var rules = new List<Rule>();
        foreach (var item in items)
        {
            var before = problems.Count;
            if (ReadRule(item) is { } rule && problems.Count == before)
            {
                rules.Add(rule);
            }
        }

        return rules;
    }

    private Rule? ReadRule(YamlNode node)
    {
        if (node is not YamlMappingNode map)
        {
            _fields.Wrong(node, "A rule is a mapping with id, title, threat, severity, action, within and when.");
            return null;
        }

        _fields.OnlyKeys(map, RuleKeys, "a rule");
        var within = _fields.Duration(map, "within", required: true) ?? TimeSpan.FromMinutes(1);
        var campaign = _fields.Node(map, "campaign") is { } c ? ReadCampaign(c) : null;
        var when = _fields.Node(map, "when") is { } w ? ReadConditions(w, within) : [];
        if (_fields.Node(map, "when") is null && _fields.Node(map, "campaign") is null)
        {
            _fields.Wrong(map, "A rule needs 'when' (a list of conditions) or 'campaign'.");
        }

        if (_fields.Node(map, "when") is { } both && _fields.Node(map, "campaign") is not null)
        {
            _fields.Wrong(both, "A rule has either 'when' or 'campaign', not both.");
        }

        if (when.Count > 0 && when.All(x => x.Count == CountKind.Ratio))
        {
            _fields.Wrong(map, "A rule of ratios alone would fire on a client's first request: add a condition with a count.");
        }

        return new()
        {
            Id = _fields.Slug(map, "id"),
            Version = (int)_fields.Number(map, "version", 1, 1, int.MaxValue),
            Title = _fields.Text(map, "title", required: true),
            Threat = _fields.Slug(map, "threat"),
            Severity = _fields.Choice<Severity>(map, "severity") ?? Severity.Low,
            Action = _fields.Choice<RuleAction>(map, "action") ?? RuleAction.Record,
            Mode = _fields.Choice<Mode>(map, "mode", required: false),
            Ttl = _fields.Duration(map, "ttl", required: false),
            Within = within,
            When = when,
            Except = _fields.Node(map, "except") is { } e ? ReadExceptions(e) : [],
            Campaign = campaign,
            Origin = $"{file}:{map.Start.Line}",
        };
    }

    private List<Condition> ReadConditions(YamlNode node, TimeSpan within)
    {
        var result = new List<Condition>();
        if (node is not YamlSequenceNode items || items.Children.Count == 0)
        {
            _fields.Wrong(node, "'when' is a list of conditions; all of them must hold.");
            return result;
        }

        foreach (var item in items)
        {
            if (item is not YamlMappingNode map)
            {
                _fields.Wrong(item, "A condition is a mapping with where, count and at_least.");
                continue;
            }

            _fields.OnlyKeys(map, ConditionKeys, "a condition");
            var count = CountKind.Events;
            if (_fields.Node(map, "count") is { } name && !Counts.TryGetValue(_fields.Scalar(name), out count))
            {
                _fields.Wrong(name, $"Unknown count '{_fields.Scalar(name)}'{RuleFields.Nearest(_fields.Scalar(name), Counts.Keys)}");
            }

            var ratio = count == CountKind.Ratio;
            double? most = _fields.Node(map, "at_most") is null ? null : _fields.Number(map, "at_most", 0, 0, 1, whole: false);
            if (most is not null && !ratio)
            {
                _fields.Wrong(map, "'at_most' is for ratio only: a count that is still low says nothing.");
            }

            if (_fields.Node(map, "at_least") is null && most is null)
            {
                _fields.Wrong(map, "A condition needs 'at_least' (or 'at_most' for a ratio).");
            }

            var limit = ratio ? 1 : count is CountKind.Events or CountKind.RatePerMinute ? MaxEvents : MaxDistinct;
            result.Add(new()
            {
                Where = _fields.Node(map, "where") is { } where ? ReadFilter(where) : new(),
                Count = count,
                AtLeast = _fields.Number(map, "at_least", 0, ratio ? 0 : 1, limit, whole: !ratio),
                AtMost = most,
                Within = _fields.Duration(map, "within", required: false) ?? within,
            });
        }

        return result;
    }

    private CampaignCondition? ReadCampaign(YamlNode node)
    {
        if (node is not YamlMappingNode map)
        {
            _fields.Wrong(node, "'campaign' is a mapping with where, clients and distinct_paths.");
            return null;
        }

        _fields.OnlyKeys(map, CampaignKeys, "a campaign");
        return new()
        {
            Where = _fields.Node(map, "where") is { } where ? ReadFilter(where) : new(),
            Clients = (int)_fields.Number(map, "clients", 5, 2, 1000),
            DistinctPaths = (int)_fields.Number(map, "distinct_paths", 10, 2, 1000),
            PathsPerClient = (int)_fields.Number(map, "paths_per_client", 2, 1, CampaignMember.MaxPaths),
            Share = _fields.Number(map, "share", 0.5, 0, 1, whole: false),
            NewShare = _fields.Number(map, "new_share", 0.5, 0, 1, whole: false),
        };
    }

    private List<RuleException> ReadExceptions(YamlNode node)
    {
        var result = new List<RuleException>();
        foreach (var item in node is YamlSequenceNode list ? list.Children : [node])
        {
            if (item is not YamlMappingNode map || map.Children.Count == 0)
            {
                _fields.Wrong(item, "An exception is a mapping with one or more of client and the fields of 'where'; all of them must match.");
                continue;
            }

            var clients = new List<AddressRange>();
            foreach (var entry in _fields.Items(map, "client"))
            {
                if (AddressRange.TryParse(_fields.Scalar(entry), out var range))
                {
                    clients.Add(range);
                }
                else
                {
                    _fields.Wrong(entry, $"'{_fields.Scalar(entry)}' is not an IP address or CIDR range.");
                }
            }

            result.Add(new() { Where = ReadFilter(map, "client"), Clients = clients });
        }

        return result;
    }

    private RequestFilter ReadFilter(YamlNode node, params string[] besides) => new RequestFilterReader(_fields, lists).Read(node, besides);
}
