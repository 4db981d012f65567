using DevOpsAgent.LogStore.Columns;

namespace DevOpsAgent.LogStore.Search;

/// <summary>Must, filter, should and must_not together. Scores of must and of matching should clauses add up.</summary>
internal sealed class BoolWeight(IndexView view, Weight[] must, Weight[] filter, Weight[] should, Weight[] mustNot, int minimum) : Weight(view)
{
    public override float Score(int segment, int doc)
    {
        // Lucene adds required clauses as doubles, then each optional sum as a float.
        double required = 0;
        foreach (var clause in must)
        {
            required += clause.Score(segment, doc);
        }

        double optional = 0;
        foreach (var clause in should)
        {
            if (clause.Matches(segment)[doc])
            {
                optional += clause.Score(segment, doc);
            }
        }

        return must.Length == 0 ? (float)optional : (float)required + (float)optional;
    }

    protected override Bits Find(int segment)
    {
        Bits? bits = null;
        foreach (var clause in filter.Concat(must))
        {
            var matches = clause.Matches(segment);
            bits = bits is null ? matches.Copy() : bits.And(matches);
        }

        if (minimum > 0)
        {
            var optional = AtLeast(segment);
            bits = bits is null ? optional : bits.And(optional);
        }

        bits ??= Bits.Full(View.Segments[segment].Count);
        foreach (var clause in mustNot)
        {
            bits.AndNot(clause.Matches(segment));
        }

        return bits;
    }

    private Bits AtLeast(int segment)
    {
        if (minimum > should.Length)
        {
            return new(View.Segments[segment].Count);
        }

        if (minimum == 1)
        {
            var any = should[0].Matches(segment).Copy();
            foreach (var clause in should.Skip(1))
            {
                any.Or(clause.Matches(segment));
            }

            return any;
        }

        var counts = new int[View.Segments[segment].Count];
        foreach (var clause in should)
        {
            foreach (var doc in clause.Matches(segment).ToDocs())
            {
                counts[doc]++;
            }
        }

        var bits = new Bits(counts.Length);
        for (var doc = 0; doc < counts.Length; doc++)
        {
            if (counts[doc] >= minimum)
            {
                bits.Set(doc);
            }
        }

        return bits;
    }
}

internal sealed class BoostingWeight(Weight positive, Weight negative, float negativeBoost, float boost) : Weight(positive.View)
{
    public override float Score(int segment, int doc) =>
        boost * (negative.Matches(segment)[doc] ? positive.Score(segment, doc) * negativeBoost : positive.Score(segment, doc));

    protected override Bits Find(int segment) => positive.Matches(segment);
}

/// <summary>The best clause's score, and a part of the others'.</summary>
internal sealed class DisMaxWeight(IndexView view, Weight[] clauses, float tieBreaker) : Weight(view)
{
    public override float Score(int segment, int doc)
    {
        var best = 0f;
        double others = 0;
        foreach (var clause in clauses)
        {
            if (!clause.Matches(segment)[doc])
            {
                continue;
            }

            var score = clause.Score(segment, doc);
            if (score >= best)
            {
                others += best;
                best = score;
            }
            else
            {
                others += score;
            }
        }

        return (float)(best + (others * tieBreaker));
    }

    protected override Bits Find(int segment)
    {
        var bits = new Bits(View.Segments[segment].Count);
        foreach (var clause in clauses)
        {
            bits.Or(clause.Matches(segment));
        }

        return bits;
    }
}

/// <summary>Scores changed by the weights of the filters that a document passes.</summary>
internal sealed class FunctionScoreWeight(Weight inner, (Weight Filter, float Weight)[] functions, Logs.Query.FunctionScoreQuery query, float boost) : Weight(inner.View)
{
    public override float Score(int segment, int doc)
    {
        var score = inner.Score(segment, doc);
        if (Factor(segment, doc) is not { } found)
        {
            // Without a matching function, replace still drops the query's own score.
            found = 1;
        }

        var factor = Math.Min(found, query.MaxBoost);
        var combined = query.BoostMode switch
        {
            "replace" => factor,
            "sum" => score + factor,
            "avg" => (score + factor) / 2,
            "max" => Math.Max(score, factor),
            "min" => Math.Min(score, factor),
            _ => score * factor,
        };
        return (float)(boost * combined);
    }

    private double? Factor(int segment, int doc)
    {
        double? result = null;
        double weights = 0;
        foreach (var (filter, weight) in functions)
        {
            if (!filter.Matches(segment)[doc])
            {
                continue;
            }

            weights += weight;
            result = (query.ScoreMode, result) switch
            {
                ("first", { } first) => first,
                (_, null) => query.ScoreMode == "avg" ? weight * 1.0 : weight,
                ("sum" or "avg", { } sum) => sum + weight,
                ("max", { } most) => Math.Max(most, weight),
                ("min", { } least) => Math.Min(least, weight),
                (_, { } product) => product * weight,
            };
        }

        return query.ScoreMode == "avg" && result is { } total ? total / weights : result;
    }

    protected override Bits Find(int segment)
    {
        var bits = inner.Matches(segment);
        if (query.MinScore is not { } least)
        {
            return bits;
        }

        var kept = bits.Copy();
        foreach (var doc in bits.ToDocs())
        {
            if (Score(segment, doc) < least)
            {
                kept.Clear(doc);
            }
        }

        return kept;
    }
}
