using System.Text.Json;
using DevOpsAgent.LogStore.Aggregations;
using DevOpsAgent.LogStore.Search;

namespace DevOpsAgent.LogStore.Api;

/// <summary>The body of a search's answer.</summary>
internal static class SearchJson
{
    public static void Write(Utf8JsonWriter json, SearchOutcome outcome, long tookMillis, bool totalAsInt = false, string? scrollId = null, string? pitId = null)
    {
        if (scrollId is not null)
        {
            json.WriteString("_scroll_id", scrollId);
        }

        if (pitId is not null)
        {
            json.WriteString("pit_id", pitId);
        }

        json.WriteNumber("took", tookMillis);
        json.WriteBoolean("timed_out", false);
        if (outcome.TerminatedEarly is { } early)
        {
            json.WriteBoolean("terminated_early", early);
        }

        JsonBody.Shards(json, outcome.Views.Count, outcome.Failures.Count, left: outcome.Skipped);
        if (outcome.Failures.Count > 0)
        {
            ErrorJson.Failures(json, "failures", outcome.Failures);
        }

        json.WriteEndObject();
        json.WriteStartObject("hits");
        if (outcome.Request.TrackTotalHits != 0)
        {
            HitsJson.Total(json, outcome.Total, outcome.Relation, totalAsInt);
        }
        else if (totalAsInt)
        {
            json.WriteNumber("total", -1);
        }

        if (outcome.Views.Count == 0)
        {
            json.WritePropertyName("max_score");
            json.WriteRawValue("0.0");
            json.WriteStartArray("hits");
            json.WriteEndArray();
        }
        else
        {
            HitsJson.Write(json, outcome.Request, outcome.Hits, outcome.Collector!, outcome.Named);
        }

        json.WriteEndObject();
        if (outcome.Aggregations.Count > 0 || outcome.Request.Aggregations.Count > 0)
        {
            if (outcome.Views.Count > 0)
            {
                json.WriteStartObject("aggregations");
                NamedResult.WriteAll(json, outcome.Aggregations);
                json.WriteEndObject();
            }
        }
    }
}
