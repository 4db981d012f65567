using DevOpsAgent.Logs.Elasticsearch;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.Detection.Pushdown;

/// <summary>
/// A rule's filter as a query. It lets through every event that the filter does, and some more: what Elasticsearch can't
/// tell (exceptions, hosts, shapes of paths) is left to the <see cref="Classifier"/>, which sees what comes back.
/// </summary>
internal sealed class FilterQuery(PatternLists lists, EventFields fields)
{
    private readonly Dictionary<string, IReadOnlyList<string>> _paths = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<string>> _agents = new(StringComparer.Ordinal);

    /// <summary>Null: every event passes.</summary>
    public QueryNode? Of(RequestFilter where)
    {
        var all = new List<QueryNode>();
        if (where.Status is { } status)
        {
            all.Add(Any(Statuses(status)));
        }

        if (where.Methods != 0 && (where.Methods & 1) == 0 && fields.Find(EventRole.Method) is { } method)
        {
            // Traefik logs them as sent; some pipelines write them in lower case.
            var names = Enum.GetValues<MethodCode>().Where(m => m != MethodCode.Other && (where.Methods >> (int)m & 1) != 0).Select(static m => m.ToString());
            all.Add(new TermsQuery(method.Name, [.. names.SelectMany(static n => new[] { n.ToUpperInvariant(), n.ToLowerInvariant() }).Select(Literal.Of)]));
        }

        if (where.PathAny != 0)
        {
            all.Add(Any([.. Paths(where.PathAny).Select(r => Regexp(fields.Path, r)), Regexp(fields.Path, PathRegexp.Odd), Unseen(fields.Path)]));
        }
        else if (where.ShapeAny == FactFlags.Traversal)
        {
            all.Add(Any([Regexp(fields.Path, PathRegexp.Odd), Unseen(fields.Path)]));
        }
        else if (where.ShapeAny == FactFlags.DotName)
        {
            all.Add(Any([Regexp(fields.Path, PathRegexp.DotName), Regexp(fields.Path, PathRegexp.Odd), Unseen(fields.Path)]));
        }

        if (where.AgentAny != 0 && fields.Find(EventRole.Agent) is { } agent)
        {
            all.Add(Any([.. Agents(where.AgentAny).Select(r => Regexp(agent, r)), Unseen(agent)]));
        }

        if (where.ShapeAny == FactFlags.User && fields.Find(EventRole.User) is { } user)
        {
            all.Add(new BoolQuery { Must = [new ExistsQuery(user.Name)], MustNot = [new TermsQuery(user.Name, [Literal.Of("-"), Literal.Of("")])] });
        }

        return all.Count switch { 0 => null, 1 => all[0], _ => new BoolQuery { Filter = all } };
    }

    private static QueryNode Any(IReadOnlyList<QueryNode> choices) => choices.Count == 1 ? choices[0] : new BoolQuery { Should = choices, MinimumShouldMatch = "1" };

    /// <summary>Longer than ignore_above: in the source, but not in the field. Whoever sends such a value may hide what he looks for in it.</summary>
    private static QueryNode Unseen(EventField field) => field.HasTwin
        ? new BoolQuery { Filter = [new ExistsQuery(field.Source)], MustNot = [new ExistsQuery(field.Name)] }
        : new TermQuery("_ignored", Literal.Of(field.Name));

    private static RegexpQuery Regexp(EventField field, string value) => new(field.Name, value) { CaseInsensitive = true, Flags = "NONE", MaxDeterminizedStates = 20_000 };

    private IEnumerable<string> Paths(ulong mask) => lists.NamesOf(mask).SelectMany(n => Cached(_paths, n, PathRegexp.Of));

    private IEnumerable<string> Agents(ulong mask) => lists.NamesOf(mask).SelectMany(n => Cached(_agents, n, PathRegexp.OfAgents));

    private IReadOnlyList<string> Cached(Dictionary<string, IReadOnlyList<string>> known, string name, Func<PatternList, IReadOnlyList<string>> make)
    {
        if (!known.TryGetValue(name, out var found))
        {
            known.Add(name, found = make(lists.Lists.First(l => l.Name == name)));
        }

        return found;
    }

    /// <summary>404 and 400-499 alike as ranges.</summary>
    private List<QueryNode> Statuses(StatusSet set)
    {
        var ranges = new List<QueryNode>();
        for (var first = 0; first < 1000; first++)
        {
            var last = first;
            while (last < 1000 && set.Contains(last))
            {
                last++;
            }

            if (last > first)
            {
                ranges.Add(new RangeQuery(fields.Status.Name) { From = Literal.Of((long)first), To = Literal.Of((long)last - 1) });
                first = last;
            }
        }

        return ranges;
    }
}
