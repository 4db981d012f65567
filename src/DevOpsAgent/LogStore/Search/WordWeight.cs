using DevOpsAgent.LogStore.Analysis;
using DevOpsAgent.LogStore.Columns;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Search;

/// <summary>
/// Words of a text field, scored by BM25. What each distinct text holds of the wanted words is counted once; documents share it.
/// </summary>
internal sealed class WordWeight : Weight
{
    private readonly FieldMapping _field;
    private readonly Func<WordIndex, ReadOnlySpan<int>, float> _frequency;
    private readonly float[]?[] _frequencies;
    private readonly Bm25 _bm25;
    private readonly float _weight;
    private readonly WordIndex?[] _words;

    /// <param name="frequency">How often a text's words hold what is wanted; 0: not at all.</param>
    /// <param name="idf">Sum of the wanted terms' inverse document frequencies.</param>
    public WordWeight(IndexView view, FieldMapping field, TextStatistics statistics, Func<WordIndex, ReadOnlySpan<int>, float> frequency, float idf, float boost)
        : base(view)
    {
        _field = field;
        _frequency = frequency;
        _bm25 = statistics.Bm25;
        _weight = Bm25.Boosted(boost) * idf;
        _frequencies = new float[]?[view.Segments.Length];
        _words = new WordIndex?[view.Segments.Length];
    }

    protected override Bits Find(int segment)
    {
        var source = View.Segments[segment];
        if (source.FindTexts(_field.Source) is not { } column)
        {
            return new(source.Count);
        }

        var words = _words[segment] = TextStatistics.WordsOf(source, _field.Source, column);
        var frequencies = _frequencies[segment] = new float[column.Dictionary.Count];
        var wanted = new bool[frequencies.Length];
        for (var i = 0; i < frequencies.Length; i++)
        {
            frequencies[i] = _frequency(words, words.Of(i));
            wanted[i] = frequencies[i] > 0;
        }

        return Scan.Ordinals(source, column, wanted);
    }

    public override float Score(int segment, int doc)
    {
        _ = Matches(segment);
        var column = View.Segments[segment].FindTexts(_field.Source)!;
        var ordinal = column.Ordinals[doc] - 1;
        var frequency = _frequencies[segment]![ordinal];
        var length = _words[segment]!.Of(ordinal).Length;
        var (start, end) = column.Extras.Of(doc);
        for (var i = start; i < end; i++)
        {
            frequency += _frequencies[segment]![column.Extras.Values[i]];
            length += _words[segment]!.Of((int)column.Extras.Values[i]).Length;
        }

        return _bm25.Score(_weight, frequency, length);
    }
}
