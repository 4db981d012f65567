using DevOpsAgent.Addresses;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Documents;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>One bucket per network of a given length; addresses of the other family are left out.</summary>
internal sealed class IpPrefixRun(AggregationRunner runner, AggregationNode node)
{
    public AggregationResult Run(IpPrefixAggregation aggregation, DocSet docs)
    {
        var terms = runner.Scope.Terms(aggregation.Field);
        var found = new SortedDictionary<ClientAddress, List<int>[]>();
        var codes = new List<int>();
        for (var s = 0; s < docs.Docs.Length && terms.Field is not null; s++)
        {
            foreach (var doc in docs.Docs[s].Span)
            {
                terms.Each(s, doc, codes);
                ClientAddress? last = null;
                foreach (var code in codes)
                {
                    var address = terms.Address(code);
                    if (address.IsIPv4 == aggregation.IsIPv6)
                    {
                        continue;
                    }

                    var network = IpText.Block(address, aggregation.IsIPv6 ? aggregation.PrefixLength : aggregation.PrefixLength + 96).First;
                    if (network == last)
                    {
                        continue;
                    }

                    last = network;
                    if (!found.TryGetValue(network, out var lists))
                    {
                        found[network] = lists = [.. docs.Docs.Select(static _ => new List<int>())];
                    }

                    lists[s].Add(doc);
                }
            }
        }

        var buckets = new List<Bucket>();
        foreach (var (network, lists) in found)
        {
            var set = new DocSet([.. lists.Select(static l => l.ToArray())]);
            if (set.Count < aggregation.MinDocCount)
            {
                continue;
            }

            runner.Scope.Bucket();
            var key = aggregation.AppendPrefixLength ? $"{network}/{aggregation.PrefixLength}" : network.ToString();
            buckets.Add(new()
            {
                Name = key,
                DocCount = set.Count,
                Rank = buckets.Count,
                Subs = runner.RunAll(node.Subs, set),
                WriteKey = json =>
                {
                    if (!aggregation.Keyed)
                    {
                        json.WriteString("key", key);
                    }

                    json.WriteBoolean("is_ipv6", aggregation.IsIPv6);
                },
            });
        }

        // Elasticsearch tells doc_count, then the length, then the netmask.
        foreach (var bucket in buckets)
        {
            bucket.WriteTail = json =>
            {
                json.WriteNumber("prefix_length", aggregation.PrefixLength);
                if (!aggregation.IsIPv6)
                {
                    json.WriteString("netmask", IpText.Block(ClientAddress.FromIPv4(uint.MaxValue), aggregation.PrefixLength + 96).First.ToString());
                }
            };
        }

        return new BucketsResult(buckets) { Keyed = aggregation.Keyed };
    }
}
