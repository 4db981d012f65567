using System.Buffers;
using System.Text.Json;

namespace DevOpsAgent.LogStore.Documents;

/// <summary>Reads <c>{"a":"x","b":1,"c":true}</c> written without spaces, escapes or nesting. At anything else it stops, and a general reader takes over.</summary>
internal ref struct FlatObject
{
    private static readonly SearchValues<byte> StringEnds = SearchValues.Create([.. Enumerable.Range(0, 32).Select(static i => (byte)i), (byte)'"', (byte)'\\']);

    private readonly ReadOnlySpan<byte> _json;
    private int _at;

    public FlatObject(ReadOnlySpan<byte> json) => _json = json;

    public JsonTokenType Token { get; private set; }

    /// <summary>Where the value lies; of a string without its quotes.</summary>
    public int Start { get; private set; }

    public int Length { get; private set; }

    public int RawStart { get; private set; }

    public readonly int RawLength => Token == JsonTokenType.String ? Length + 2 : Length;

    /// <summary>The whole text was one such object.</summary>
    public bool IsDone { get; private set; }

    public bool TryOpen()
    {
        _at = 1;
        return _json.Length > 6 && _json[0] == '{' && _json[1] == '"';
    }

    /// <summary>The next key that is already known, and its value.</summary>
    public bool TryNext(SourceKey root, ref int hint, out SourceKey key)
    {
        key = root;
        if (IsDone || _at >= _json.Length || _json[_at] != '"')
        {
            return false;
        }

        // Nearly always the key after the last one.
        var rest = _json[(_at + 1)..];
        var known = hint < root.Children.Count ? root.Children[hint] : root;
        if (known != root && rest.Length > known.Utf8.Length + 2 && rest.StartsWith(known.Utf8) && rest[known.Utf8.Length] == '"' && rest[known.Utf8.Length + 1] == ':')
        {
            hint++;
            key = known;
        }
        else
        {
            var end = rest.IndexOfAny(StringEnds);
            if (end < 0 || rest[end] != '"' || end + 2 >= rest.Length || rest[end + 1] != ':' || root.Child(rest[..end], ref hint) is not { } found)
            {
                return false;
            }

            key = found;
        }

        _at += key.Utf8.Length + 3;
        return TryValue() && TryEnd();
    }

    private bool TryValue()
    {
        RawStart = Start = _at;
        if (_at >= _json.Length)
        {
            return false;
        }

        switch (_json[_at])
        {
            case (byte)'"':
                Token = JsonTokenType.String;
                Start++;
                Length = _json[Start..].IndexOfAny(StringEnds);
                _at = Start + Length + 1;
                return Length >= 0 && _json[Start + Length] == '"';
            case (byte)'t': return TryWord("true"u8, JsonTokenType.True);
            case (byte)'f': return TryWord("false"u8, JsonTokenType.False);
            case (byte)'n': return TryWord("null"u8, JsonTokenType.Null);
            case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                Token = JsonTokenType.Number;
                Length = _json[_at..].IndexOfAny((byte)',', (byte)'}');
                _at += Length;
                return Length > 0 && IsNumber(_json.Slice(Start, Length));
            default: return false;
        }
    }

    private bool TryWord(ReadOnlySpan<byte> word, JsonTokenType token)
    {
        Token = token;
        Length = word.Length;
        _at += word.Length;
        return _json[Start..].StartsWith(word);
    }

    /// <summary>Plain decimals by JSON's rules; numbers with an exponent are left to the general reader.</summary>
    private static bool IsNumber(ReadOnlySpan<byte> text)
    {
        if (text[0] == '-')
        {
            text = text[1..];
        }

        if (text.IsEmpty || (text[0] == '0' && text.Length > 1 && text[1] != '.'))
        {
            return false;
        }

        var point = text.IndexOf((byte)'.');
        var whole = point < 0 ? text : text[..point];
        return whole.Length > 0 && whole.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0
            && (point < 0 || (point + 1 < text.Length && text[(point + 1)..].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0));
    }

    private bool TryEnd()
    {
        if (_at >= _json.Length)
        {
            return false;
        }

        var mark = _json[_at++];
        IsDone = mark == '}' && _at == _json.Length;
        return mark == ',' || IsDone;
    }
}
