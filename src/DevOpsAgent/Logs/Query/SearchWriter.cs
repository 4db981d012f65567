using System.Text.Encodings.Web;
using System.Text.Json;

namespace DevOpsAgent.Logs.Query;

/// <summary>A search of our tree as the body of a <c>_search</c>.</summary>
internal static class SearchWriter
{
    public static byte[] Write(SearchRequest request, string? timeout = null)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (request.Query is { } query)
            {
                QueryWriter.Inner(json, "query", query);
            }

            if (request.PostFilter is { } filter)
            {
                QueryWriter.Inner(json, "post_filter", filter);
            }

            Page(json, request);
            json.WritePropertyName("track_total_hits");
            json.WriteRawValue(request.TrackTotalHits switch { -1 => "true", 0 => "false", var most => most.ToString(System.Globalization.CultureInfo.InvariantCulture) });
            if (request.SearchAfter is { } after)
            {
                json.WriteStartArray("search_after");
                foreach (var value in after)
                {
                    value.Write(json);
                }

                json.WriteEndArray();
            }

            if (request.MinScore is { } least)
            {
                json.WritePropertyName("min_score");
                json.WriteRawValue(JavaNumber.Text(least));
            }

            if (request.TerminateAfter > 0)
            {
                json.WriteNumber("terminate_after", request.TerminateAfter);
            }

            if (request.CollapseField is { } field)
            {
                json.WriteStartObject("collapse");
                json.WriteString("field", field);
                json.WriteEndObject();
            }

            if (request.PitId is { } pit)
            {
                json.WriteStartObject("pit");
                json.WriteString("id", pit);
                json.WriteString("keep_alive", "1m");
                json.WriteEndObject();
            }

            if (timeout is not null)
            {
                json.WriteString("timeout", timeout);
            }

            if (request.Aggregations.Count > 0)
            {
                json.WritePropertyName("aggs");
                AggregationWriter.Write(json, request.Aggregations);
            }

            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    public static void TopHits(Utf8JsonWriter json, SearchRequest request) => Page(json, request);

    /// <summary>What searches and top_hits share.</summary>
    private static void Page(Utf8JsonWriter json, SearchRequest request)
    {
        json.WriteNumber("from", request.From);
        json.WriteNumber("size", request.Size);
        Sort(json, request.Sort);
        Source(json, request.Source);
        Picks(json, "fields", request.Fields);
        Picks(json, "docvalue_fields", request.DocValueFields);
        foreach (var (key, set) in new[] { ("track_scores", request.TrackScores), ("version", request.Version), ("seq_no_primary_term", request.SeqNoPrimaryTerm) })
        {
            if (set)
            {
                json.WriteBoolean(key, true);
            }
        }
    }

    private static void Sort(Utf8JsonWriter json, IReadOnlyList<SortField> sort)
    {
        if (sort.Count == 0)
        {
            return;
        }

        json.WriteStartArray("sort");
        foreach (var field in sort)
        {
            json.WriteStartObject();
            json.WriteStartObject(field.Field);
            json.WriteString("order", field.Descending ? "desc" : "asc");
            if (!field.IsScore && !field.IsDoc)
            {
                json.WritePropertyName("missing");
                (field.MissingValue ?? Literal.Of(field.MissingFirst ? "_first" : "_last")).Write(json);
                foreach (var (key, value) in new[] { ("unmapped_type", field.UnmappedType), ("format", field.Format), ("mode", field.Mode) })
                {
                    if (value is not null)
                    {
                        json.WriteString(key, value);
                    }
                }
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Source(Utf8JsonWriter json, SourceFilter source)
    {
        if (!source.Fetch)
        {
            json.WriteBoolean("_source", false);
        }
        else if (!source.IsWhole)
        {
            json.WriteStartObject("_source");
            QueryWriter.Strings(json, "includes", source.Includes);
            QueryWriter.Strings(json, "excludes", source.Excludes);
            json.WriteEndObject();
        }
    }

    private static void Picks(Utf8JsonWriter json, string key, IReadOnlyList<FieldPick> picks)
    {
        if (picks.Count == 0)
        {
            return;
        }

        json.WriteStartArray(key);
        foreach (var pick in picks)
        {
            json.WriteStartObject();
            json.WriteString("field", pick.Pattern);
            if (pick.Format is { } format)
            {
                json.WriteString("format", format);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
