using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Mapping;
using DevOpsAgent.LogStore.Search;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>What can be known before running: pipeline paths of the request, and per index whether fields have a type that fits.</summary>
internal static class AggregationCheck
{
    /// <summary>Elasticsearch's own bound (index.max_inner_result_window).</summary>
    private const int MaxTopHits = 100;

    public static string Fielddata(string field, string index) =>
        $"Fielddata is disabled on [{field}] in [{index}]. Text fields are not optimised for operations that require per-document field data like aggregations and sorting, so these operations are disabled by default. Please use a keyword field instead. Alternatively, set fielddata=true on [{field}] in order to load field data by uninverting the inverted index. Note that this can use significant memory.";

    /// <exception cref="DslException">A path that leads nowhere, or a pipeline in a place where it can't be.</exception>
    public static void Paths(IReadOnlyList<AggregationNode> nodes, AggregationNode? parent)
    {
        foreach (var node in nodes)
        {
            switch (node.Body)
            {
                case PipelineAggregation { Kind: "cumulative_sum" or "derivative" or "serial_diff" } p: Parent(node, p, nodes, parent); break;
                case PipelineAggregation p: Sibling(node, p, nodes); break;
                case BucketSortAggregation sort:
                    if (parent is null)
                    {
                        throw DslException.Validation($"bucket_sort aggregation [{node.Name}] must be declared inside of another aggregation");
                    }

                    foreach (var order in sort.Sort.Where(static s => s.Path is not ("_key" or "_count")))
                    {
                        Exists(order.Path, nodes);
                    }

                    break;
            }

            Paths(node.Subs, node);
        }
    }

    private static void Parent(AggregationNode node, PipelineAggregation pipeline, IReadOnlyList<AggregationNode> siblings, AggregationNode? parent)
    {
        if (parent is null)
        {
            throw DslException.Validation($"{pipeline.Kind} aggregation [{node.Name}] must be declared inside of another aggregation");
        }

        if (parent.Body is not (DateHistogramAggregation or HistogramAggregation or AutoDateHistogramAggregation))
        {
            throw DslException.Validation($"{pipeline.Kind} aggregation [{node.Name}] must have a histogram, date_histogram or auto_date_histogram as parent");
        }

        if (parent.Body is DateHistogramAggregation { MinDocCount: not 0 } or HistogramAggregation { MinDocCount: not 0 })
        {
            throw DslException.Validation($"parent histogram of {pipeline.Kind} aggregation [{node.Name}] must have min_doc_count of 0");
        }

        Exists(pipeline.Path, siblings);
    }

    private static void Exists(string path, IReadOnlyList<AggregationNode> siblings)
    {
        var first = BucketPath.Parse(path).Steps[0];
        if (first is not ("_count" or "_key") && siblings.All(s => s.Name != first))
        {
            throw DslException.Validation($"No aggregation found for path [{path}]");
        }
    }

    private static void Sibling(AggregationNode node, PipelineAggregation pipeline, IReadOnlyList<AggregationNode> siblings)
    {
        var first = pipeline.Path.Split('>')[0].Trim();
        var named = siblings.FirstOrDefault(s => s.Name == first)
            ?? throw DslException.Validation($"{"buckets_path"} aggregation does not exist for aggregation [{node.Name}]: {pipeline.Path}");
        if (!named.Body.HasBuckets)
        {
            throw DslException.Validation($"The first aggregation in buckets_path must be a multi-bucket aggregation for aggregation [{node.Name}] found :{named.Body.Kind} for buckets path: {pipeline.Path}");
        }
    }

    /// <exception cref="DslException">A field of this index that the aggregation can't work on.</exception>
    public static void Fields(IReadOnlyList<AggregationNode> nodes, IndexView view)
    {
        foreach (var node in nodes)
        {
            One(node, view);
            Fields(node.Subs, view);
        }
    }

    private static void One(AggregationNode node, IndexView view)
    {
        var kind = node.Body.Kind;
        switch (node.Body)
        {
            case TermsAggregation a:
                Type(view, a.Field, kind, static _ => true);
                foreach (var order in a.Order.Where(static o => o.Path is not ("_key" or "_count")))
                {
                    Order(order, node);
                }

                break;
            case SignificantTermsAggregation a: Type(view, a.Field, kind, static t => !t.IsFraction()); break;
            case RareTermsAggregation a: Type(view, a.Field, kind, static t => !t.IsFraction()); break;
            case MultiTermsAggregation a:
                foreach (var field in a.Fields)
                {
                    Type(view, field, kind, static _ => true);
                }

                break;
            case DateHistogramAggregation { Calendar: null, Fixed: 0 }: throw NoInterval();
            case CompositeAggregation { Sources: var sources } when sources.Any(static s => s.Date is { Calendar: null, Fixed: 0 }): throw NoInterval();
            case RangeAggregation { Ranges.Count: 0 }: throw DslException.Shard("illegal_argument_exception", $"No [ranges] specified for the [{node.Name}] aggregation");
            case DateHistogramAggregation a: Type(view, a.Field, kind, static t => t is FieldType.Date or FieldType.Boolean); break;
            case HistogramAggregation a: Type(view, a.Field, kind, static t => t.IsNumber() || t is FieldType.Date or FieldType.Boolean); break;
            case RangeAggregation { Kind: "ip_range" } a: Type(view, a.Field, kind, static t => t == FieldType.Ip); break;
            case RangeAggregation { Kind: "date_range" } a: Type(view, a.Field, kind, static t => t == FieldType.Date); break;
            case RangeAggregation a: Type(view, a.Field, kind, static t => t.IsNumber() || t is FieldType.Date or FieldType.Boolean); break;
            case IpPrefixAggregation a: Type(view, a.Field, kind, static t => t == FieldType.Ip); break;
            case MissingAggregation a: Type(view, a.Field, kind, static _ => true); break;
            case CompositeAggregation a:
                foreach (var source in a.Sources)
                {
                    Type(view, source.Field, source.Kind == "terms" ? "composite" : source.Kind, source.Kind switch { "terms" => static _ => true, "histogram" => static t => t.IsNumber() || t == FieldType.Date, _ => static t => t == FieldType.Date });
                }

                break;
            case MetricAggregation a: Metric(a, view); break;
            case PercentilesAggregation a: Type(view, a.Field, kind, static t => t.IsNumber() || t is FieldType.Date or FieldType.Boolean); break;
            case WeightedAverageAggregation a:
                Type(view, a.ValueField, kind, static t => t.IsNumber() || t is FieldType.Date or FieldType.Boolean);
                Type(view, a.WeightField, kind, static t => t.IsNumber() || t is FieldType.Date or FieldType.Boolean);
                break;
            case TopHitsAggregation { Search: var top } when top.From + top.Size > MaxTopHits:
                throw DslException.Shard("illegal_argument_exception", $"Top hits result window is too large, the top hits aggregator [{node.Name}]'s from + size must be less than or equal to: [{MaxTopHits}] but was [{top.From + top.Size}]. This limit can be set by changing the [index.max_inner_result_window] index level setting.");
            case TopHitsAggregation a:
                foreach (var sort in a.Search.Sort)
                {
                    _ = new SortColumn(view, sort, 0);
                }

                break;
            case FilterAggregation a: new QueryCompiler(view, 0, false).Compile(a.Filter); break;
            case FiltersAggregation a:
                foreach (var (_, filter) in a.Filters)
                {
                    new QueryCompiler(view, 0, false).Compile(filter);
                }

                break;
        }
    }

    private static DslException NoInterval() => DslException.Shard("illegal_argument_exception", "Invalid interval specified, must be non-null and non-empty");

    private static void Metric(MetricAggregation metric, IndexView view) => Type(view, metric.Field, metric.Kind, metric.Kind switch
    {
        "value_count" or "cardinality" => static _ => true,
        "sum" or "median_absolute_deviation" => static t => t.IsNumber() || t == FieldType.Boolean,
        _ => static t => t.IsNumber() || t is FieldType.Date or FieldType.Boolean,
    });

    private static void Type(IndexView view, string name, string kind, Func<FieldType, bool> fits)
    {
        if (name is "_index" or "_id")
        {
            if (name == "_id")
            {
                throw DslException.Shard("illegal_argument_exception", "Fielddata access on the _id field is disallowed, you can re-enable it by updating the dynamic cluster setting: indices.id_field_data.enabled");
            }

            return;
        }

        if (view.Find(name) is not { } field)
        {
            return;
        }

        if (field.Type == FieldType.Text)
        {
            throw DslException.Shard("illegal_argument_exception", Fielddata(name, view.Index.Name));
        }

        if (!fits(field.Type))
        {
            throw DslException.Shard("illegal_argument_exception", $"Field [{name}] of type [{field.Type.Name()}] is not supported for aggregation [{kind}]");
        }
    }

    private static void Order(BucketOrder order, AggregationNode node)
    {
        var path = BucketPath.Parse(order.Path);
        IReadOnlyList<AggregationNode> level = node.Subs;
        for (var i = 0; i < path.Steps.Length; i++)
        {
            var step = path.Steps[i];
            if (step == "_count" && i > 0)
            {
                return;
            }

            var found = level.FirstOrDefault(n => n.Name == step)
                ?? throw DslException.Shard("illegal_argument_exception", $"Invalid aggregation order path [{order.Path}]. Cannot find aggregation named [{step}]");
            var isLast = i == path.Steps.Length - 1;
            if (found.Body is TopHitsAggregation || found.Body.IsPipeline || (found.Body.HasBuckets && found.Body is not (FilterAggregation or MissingAggregation or SamplerAggregation or GlobalAggregation)))
            {
                throw DslException.Shard("illegal_argument_exception", $"Invalid aggregation order path [{order.Path}]. Buckets can only be sorted on a sub-aggregator path that is built out of zero or more single-bucket aggregations within the path and a final single-bucket or a metrics aggregation at the path end.");
            }

            if (isLast && found.Body is MetricAggregation { Kind: "stats" or "extended_stats" } && path.Property == "value")
            {
                throw DslException.Shard("illegal_argument_exception", $"Invalid aggregation order path [{order.Path}]. When ordering on a multi-value metrics aggregation a metric name must be specified.");
            }

            level = found.Subs;
        }
    }
}
