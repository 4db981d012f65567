using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Search;

/// <summary>Only the best hit per value of a keyword or number.</summary>
internal static class Collapse
{
    public static void Check(IndexView view, string name)
    {
        var field = view.Find(name) ?? throw DslException.Shard("illegal_argument_exception", $"no mapping found for `{name}` in order to collapse on");
        if (field.Type != FieldType.Keyword && !field.Type.IsNumber())
        {
            throw DslException.Shard("illegal_argument_exception", $"collapse is not supported for the field [{name}] of the type [{field.Type.Name()}]");
        }
    }

    /// <param name="sorted">All hits, best first.</param>
    public static List<Hit> Best(List<Hit> sorted, string name, SearchRequest request)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var best = new List<Hit>();
        foreach (var hit in sorted)
        {
            if (seen.Add(Key(hit, hit.View.Find(name)!)))
            {
                best.Add(hit);
                if (best.Count == request.From + request.Size)
                {
                    break;
                }
            }
        }

        return best.Count <= request.From ? [] : best[request.From..];
    }

    private static string Key(Hit hit, FieldMapping field)
    {
        if (field.Type.IsText())
        {
            return hit.Source.FindTexts(field.Source) is { } texts && texts.Ordinals[hit.Doc] is > 0 and var ordinal && !Scan.IsTooLong(field, texts.Dictionary[ordinal - 1]) ? "t" + texts.Dictionary.Text(ordinal - 1) : "";
        }

        return hit.Source.FindNumbers(field.Source) is { } numbers && numbers.Has(hit.Doc) ? "n" + numbers.Values[hit.Doc].ToString(System.Globalization.CultureInfo.InvariantCulture) : "";
    }
}
