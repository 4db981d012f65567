using DevOpsAgent.LogStore.Analysis;
using DevOpsAgent.LogStore.Columns;
using DevOpsAgent.LogStore.Mapping;
using DevOpsAgent.LogStore.Search.Terms;

namespace DevOpsAgent.LogStore.Search;

/// <summary>What scoring needs to know of a field in an index: how many documents have it, how many words, in how many a term stands.</summary>
internal sealed class TextStatistics
{
    private readonly IndexView _view;
    private readonly FieldMapping _field;

    private TextStatistics(IndexView view, FieldMapping field, Bm25 bm25)
    {
        _view = view;
        _field = field;
        Bm25 = bm25;
    }

    public Bm25 Bm25 { get; }

    public static TextStatistics Of(IndexView view, FieldMapping field)
    {
        long docs = 0;
        long words = 0;
        foreach (var segment in view.Segments)
        {
            if (segment.FindTexts(field.Source) is not { } column)
            {
                continue;
            }

            var counts = DocCounts(segment, field.Source, column);
            var index = field.Type == FieldType.Text ? WordsOf(segment, field.Source, column) : null;
            for (var i = 0; i < counts.Length; i++)
            {
                var length = index is null ? Scan.IsTooLong(field, column.Dictionary[i]) ? 0 : 1 : index.Of(i).Length;
                docs += length > 0 ? counts[i] : 0;
                words += (long)length * counts[i];
            }
        }

        return new(view, field, new(docs, words));
    }

    public static WordIndex WordsOf(Segment segment, string name, TextColumn column) => segment.Lasting($"words {name}", static () => new WordIndex()).Extend(column.Dictionary);

    /// <summary>Documents per distinct text.</summary>
    private static int[] DocCounts(Segment segment, string name, TextColumn column) => segment.Derived($"counts {name}", s =>
    {
        var counts = new int[column.Dictionary.Count + 1];
        foreach (var ordinal in column.Ordinals.AsSpan(0, s.Count))
        {
            counts[ordinal]++;
        }

        foreach (var extra in column.Extras.Values)
        {
            counts[(int)extra + 1]++;
        }

        return counts[1..];
    });

    /// <summary>Documents with a word that the matcher means.</summary>
    public long DocsWith(TermMatcher matcher)
    {
        long docs = 0;
        foreach (var segment in _view.Segments)
        {
            docs += Matching(segment, matcher);
        }

        return docs;
    }

    private int Matching(Segment segment, TermMatcher matcher)
    {
        if (_field.Type != FieldType.Text)
        {
            return Scan.Texts(segment, _field, matcher).Count();
        }

        if (segment.FindTexts(_field.Source) is not { } column)
        {
            return 0;
        }

        var words = WordsOf(segment, _field.Source, column);
        return Scan.Ordinals(segment, column, TextsWith(words, column.Dictionary.Count, Wanted(words, matcher))).Count();
    }

    /// <summary>Which words a matcher means.</summary>
    public static bool[] Wanted(WordIndex words, TermMatcher matcher)
    {
        var wanted = new bool[words.Words.Count];
        if (matcher.Single is { } single)
        {
            if (words.Words.Find(single) is >= 0 and var word)
            {
                wanted[word] = true;
            }

            return wanted;
        }

        for (var i = 0; i < wanted.Length; i++)
        {
            wanted[i] = matcher.IsMatch(words.Words[i]);
        }

        return wanted;
    }

    public static bool[] TextsWith(WordIndex words, int count, bool[] wanted)
    {
        var texts = new bool[count];
        for (var i = 0; i < count; i++)
        {
            foreach (var word in words.Of(i))
            {
                if (wanted[word])
                {
                    texts[i] = true;
                    break;
                }
            }
        }

        return texts;
    }
}
