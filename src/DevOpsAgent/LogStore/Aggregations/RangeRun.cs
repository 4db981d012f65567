using DevOpsAgent.Addresses;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Documents;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>Buckets between given bounds: from is in, to is out. They may overlap.</summary>
internal sealed class RangeRun(AggregationRunner runner, AggregationNode node)
{
    public AggregationResult Run(RangeAggregation aggregation, DocSet docs) => aggregation.Kind == "ip_range" ? Addresses(aggregation, docs) : Numbers(aggregation, docs);

    private BucketsResult Numbers(RangeAggregation aggregation, DocSet docs)
    {
        var scope = runner.Scope;
        var field = scope.Field(aggregation.Field);
        var isDate = aggregation.Kind == "date_range" || field?.Type == FieldType.Date;
        var format = aggregation.Format is { } text ? isDate ? new DateFormat(text) : throw DslException.NotSupported("range.format") : field?.Type == FieldType.Date ? field.Format : DateFormat.Default;
        var zone = TimeZones.Find(aggregation.TimeZone);
        double? bound(Literal? literal) => literal is not { } l ? null
            : isDate ? l.Kind == LiteralKind.Number ? double.Parse(l.Text, System.Globalization.CultureInfo.InvariantCulture) : DateMath.Parse(l.Text, format, false, zone, scope.Now)
            : l.TryDouble(out var number) ? number : throw DslException.Shard("number_format_exception", $"For input string: \"{l.Text}\"");
        string word(double? value) => value is not { } v ? "*" : isDate ? format.Format((long)v, zone) : JavaNumber.Text(v);
        var ranges = aggregation.Ranges.Select(r => (r.Key, From: bound(r.From), To: bound(r.To)))
            .OrderBy(static r => r.From ?? double.NegativeInfinity).ThenBy(static r => r.To ?? double.PositiveInfinity).ToList();
        var numbers = new FieldNumbers(scope, aggregation.Field, aggregation.Missing);
        var lists = ranges.Select(_ => docs.Docs.Select(static _ => new List<int>()).ToArray()).ToArray();
        var values = new List<double>();
        for (var s = 0; s < docs.Docs.Length; s++)
        {
            foreach (var doc in docs.Docs[s].Span)
            {
                numbers.Each(s, doc, values);
                for (var r = 0; r < ranges.Count && values.Count > 0; r++)
                {
                    var (_, from, to) = ranges[r];
                    foreach (var value in values)
                    {
                        if ((from is null || value >= from) && (to is null || value < to))
                        {
                            lists[r][s].Add(doc);
                            break;
                        }
                    }
                }
            }
        }

        runner.Scope.Bucket(ranges.Count);
        return new([.. ranges.Select((r, i) =>
        {
            var set = new DocSet([.. lists[i].Select(static l => l.ToArray())]);
            var name = r.Key ?? $"{word(r.From)}-{word(r.To)}";
            return new Bucket
            {
                Name = name,
                DocCount = set.Count,
                Rank = i,
                Subs = runner.RunAll(node.Subs, set),
                WriteKey = json =>
                {
                    if (!aggregation.Keyed)
                    {
                        json.WriteString("key", name);
                    }

                    foreach (var (key, value) in new[] { ("from", r.From), ("to", r.To) })
                    {
                        if (value is { } number)
                        {
                            json.WritePropertyName(key);
                            NumberJson.Write(json, number);
                            if (isDate)
                            {
                                json.WriteString($"{key}_as_string", word(number));
                            }
                        }
                    }
                },
            };
        })]) { Keyed = aggregation.Keyed };
    }

    private BucketsResult Addresses(RangeAggregation aggregation, DocSet docs)
    {
        var terms = runner.Scope.Terms(aggregation.Field);
        var ranges = aggregation.Ranges.Select(Read).OrderBy(static r => r.From ?? default).ThenBy(static r => r.To ?? new(ulong.MaxValue, ulong.MaxValue)).ToList();
        runner.Scope.Bucket(ranges.Count);
        var codes = new List<int>();
        return new([.. ranges.Select((r, i) =>
        {
            var set = terms.Field is null ? new([.. docs.Docs.Select(static _ => Array.Empty<int>())]) : runner.Scope.Where(docs, (s, d) =>
            {
                terms.Each(s, d, codes);
                return codes.Exists(c => (r.From is not { } from || terms.Address(c) >= from) && (r.To is not { } to || terms.Address(c) < to));
            });
            return new Bucket
            {
                Name = r.Key,
                DocCount = set.Count,
                Rank = i,
                Subs = runner.RunAll(node.Subs, set),
                WriteKey = json =>
                {
                    if (!aggregation.Keyed)
                    {
                        json.WriteString("key", r.Key);
                    }

                    if (r.From is { } from)
                    {
                        json.WriteString("from", from.ToString());
                    }

                    if (r.To is { } to)
                    {
                        json.WriteString("to", to.ToString());
                    }
                },
            };
        })]) { Keyed = aggregation.Keyed };
    }

    private static (string Key, ClientAddress? From, ClientAddress? To) Read(AggregationRange range)
    {
        if (range.Mask is { } mask)
        {
            return IpText.TryParseBlock(mask, out var first, out var last)
                ? (range.Key ?? mask, first == default ? null : first, last == new ClientAddress(ulong.MaxValue, ulong.MaxValue) ? null : IpText.Next(last))
                : throw DslException.Shard("illegal_argument_exception", $"Expected [ip/prefix] but was [{mask}]");
        }

        var from = Bound(range.From);
        var to = Bound(range.To);
        return (range.Key ?? $"{from?.ToString() ?? "*"}-{to?.ToString() ?? "*"}", from, to);
    }

    private static ClientAddress? Bound(Literal? literal) => literal is not { } value ? null
        : IpText.TryParse(value.Text, out var address) ? address : throw DslException.Shard("illegal_argument_exception", $"'{value.Text}' is not an IP string literal.");
}
