using System.Text.Json;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Documents;
using DevOpsAgent.LogStore.Mapping;
using DevOpsAgent.LogStore.Search.Terms;

namespace DevOpsAgent.LogStore.Aggregations;

internal sealed partial class TermsRun
{
    /// <summary>The documents of each chosen value.</summary>
    private Dictionary<int, DocSet> Partition(FieldTerms terms, List<int> chosen, int missing)
    {
        var place = new int[terms.Count + 2];
        for (var i = 0; i < chosen.Count; i++)
        {
            place[chosen[i] + 1] = i + 1;
        }

        if (missing >= 0)
        {
            place[0] = place[missing + 1];
        }

        var lists = new List<int>[_docs.Docs.Length][];
        for (var s = 0; s < lists.Length; s++)
        {
            var segment = lists[s] = new List<int>[chosen.Count];
            for (var i = 0; i < segment.Length; i++)
            {
                segment[i] = [];
            }

            var codes = terms.Codes[s];
            var extras = terms.Extras[s];
            foreach (var doc in _docs.Docs[s])
            {
                var first = place[codes[doc]];
                if (first != 0)
                {
                    segment[first - 1].Add(doc);
                }

                if (extras.IsEmpty)
                {
                    continue;
                }

                var (start, end) = extras.Of(doc);
                for (var i = start; i < end; i++)
                {
                    if (place[(int)extras.Values[i]] is > 0 and var other)
                    {
                        segment[other - 1].Add(doc);
                    }
                }
            }
        }

        return chosen.Select((code, i) => (code, Docs: new DocSet([.. lists.Select(l => l[i].ToArray())]))).ToDictionary(static p => p.code, static p => p.Docs);
    }
}
