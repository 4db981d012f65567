using System.Text.Json;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>What an aggregation came to.</summary>
internal abstract class AggregationResult
{
    /// <summary>Keys and values within the aggregation's object.</summary>
    public abstract void Write(Utf8JsonWriter json);

    /// <summary>A number in it by name (<c>value</c>, <c>max</c>); null where there is none, NaN where it is empty.</summary>
    public virtual double? Number(string property) => null;
}

internal sealed record NamedResult(AggregationNode Node, AggregationResult Result)
{
    /// <summary>With the result's type before it (<c>sterms#clients</c>), where the caller asked for that.</summary>
    public string Name { get; init; } = Node.Name;

    public static void WriteAll(Utf8JsonWriter json, IEnumerable<NamedResult> results)
    {
        foreach (var named in results)
        {
            var (node, result) = named;
            json.WriteStartObject(named.Name);
            if (node.Meta is { } meta)
            {
                json.WritePropertyName("meta");
                meta.WriteTo(json);
            }

            result.Write(json);
            json.WriteEndObject();
        }
    }
}

/// <summary>A bucket: its key, its documents, and what stands below.</summary>
internal sealed class Bucket
{
    /// <summary>Writes key, from, to and the like, up to doc_count.</summary>
    public Action<Utf8JsonWriter>? WriteKey { get; init; }

    /// <summary>Writes what stands behind doc_count.</summary>
    public Action<Utf8JsonWriter>? WriteTail { get; set; }

    /// <summary>Name in a keyed result, and how pipelines call it.</summary>
    public string? Name { get; init; }

    public long DocCount { get; init; }

    /// <summary>Number to sort and step by: milliseconds of a date histogram.</summary>
    public double Position { get; init; }

    /// <summary>Its key's place among the others' keys.</summary>
    public long Rank { get; init; }
    public List<NamedResult> Subs { get; init; } = [];

    public void Write(Utf8JsonWriter json, bool keyed)
    {
        if (keyed)
        {
            json.WriteStartObject(Name!);
        }
        else
        {
            json.WriteStartObject();
        }

        WriteKey?.Invoke(json);
        json.WriteNumber("doc_count", DocCount);
        WriteTail?.Invoke(json);
        NamedResult.WriteAll(json, Subs);
        json.WriteEndObject();
    }
}

internal sealed class BucketsResult(List<Bucket> buckets) : AggregationResult
{
    public List<Bucket> Buckets { get; } = buckets;

    public bool Keyed { get; init; }

    /// <summary>What stands beside the buckets: sum_other_doc_count, after_key.</summary>
    public Action<Utf8JsonWriter>? WriteHead { get; init; }

    public override void Write(Utf8JsonWriter json)
    {
        WriteHead?.Invoke(json);
        if (Keyed)
        {
            json.WriteStartObject("buckets");
        }
        else
        {
            json.WriteStartArray("buckets");
        }

        foreach (var bucket in Buckets)
        {
            bucket.Write(json, Keyed);
        }

        if (Keyed)
        {
            json.WriteEndObject();
        }
        else
        {
            json.WriteEndArray();
        }
    }
}

/// <summary>One bucket without a key: filter, global, missing.</summary>
internal sealed class SingleResult(long docCount, List<NamedResult> subs) : AggregationResult
{
    public long DocCount => docCount;

    public List<NamedResult> Subs => subs;

    public override double? Number(string property) => property is "_count" or "doc_count" ? docCount : null;

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteNumber("doc_count", docCount);
        NamedResult.WriteAll(json, subs);
    }
}

/// <summary>Numbers by name, in order. A null number is one over nothing.</summary>
internal sealed class NumbersResult(params (string Name, double? Value)[] values) : AggregationResult
{
    /// <summary>Prints dates beside numbers.</summary>
    public Func<double, string>? Text { get; init; }

    /// <summary>Names whose values are whole.</summary>
    public bool Whole { get; init; }

    public IReadOnlyList<string>? Keys { get; init; }

    public override double? Number(string property)
    {
        foreach (var (name, value) in values)
        {
            if (name == property || values.Length == 1 && property == "value")
            {
                return value ?? double.NaN;
            }
        }

        return null;
    }

    public override void Write(Utf8JsonWriter json)
    {
        foreach (var (name, value) in values)
        {
            json.WritePropertyName(name);
            NumberJson.Write(json, value, Whole || name == "count");
        }

        if (Text is not null)
        {
            foreach (var (name, value) in values)
            {
                if (value is { } number && name != "count")
                {
                    json.WriteString($"{name}_as_string", Text(number));
                }
            }
        }

        if (Keys is not null)
        {
            json.WriteStartArray("keys");
            foreach (var key in Keys)
            {
                json.WriteStringValue(key);
            }

            json.WriteEndArray();
        }
    }
}

/// <summary>Anything else: written by itself.</summary>
internal sealed class WrittenResult(Action<Utf8JsonWriter> write, Func<string, double?>? number = null) : AggregationResult
{
    public override void Write(Utf8JsonWriter json) => write(json);

    public override double? Number(string property) => number?.Invoke(property);
}

internal static class NumberJson
{
    public static void Write(Utf8JsonWriter json, double? value, bool whole = false)
    {
        if (value is not { } number || !double.IsFinite(number))
        {
            json.WriteNullValue();
        }
        else if (whole)
        {
            json.WriteNumberValue((long)number);
        }
        else
        {
            json.WriteRawValue(JavaNumber.Text(number));
        }
    }
}
