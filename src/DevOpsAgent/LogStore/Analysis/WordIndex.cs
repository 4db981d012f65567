using System.Text;
using DevOpsAgent.LogStore.Columns;

namespace DevOpsAgent.LogStore.Analysis;

/// <summary>The words of each distinct text of a column, in order. A text that a million lines share is cut into words once.</summary>
internal sealed class WordIndex
{
    private readonly Lock _lock = new();
    private readonly List<int> _words = [];
    private readonly List<int> _ends = [];

    /// <summary>All words that occur.</summary>
    public TextDictionary Words { get; } = new();

    public long Bytes => Words.Bytes + (4L * _words.Count) + (4L * _ends.Count);

    /// <summary>Takes in the texts that came since the last call.</summary>
    public WordIndex Extend(TextDictionary texts)
    {
        lock (_lock)
        {
            for (var i = _ends.Count; i < texts.Count; i++)
            {
                foreach (var token in StandardTokenizer.Tokens(texts.Text(i)))
                {
                    _words.Add(Words.Add(Encoding.UTF8.GetBytes(token.Text)));
                }

                _ends.Add(_words.Count);
            }
        }

        return this;
    }

    /// <summary>Words of a text as numbers in <see cref="Words"/>.</summary>
    public ReadOnlySpan<int> Of(int text)
    {
        var start = text == 0 ? 0 : _ends[text - 1];
        return System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_words)[start.._ends[text]];
    }
}
