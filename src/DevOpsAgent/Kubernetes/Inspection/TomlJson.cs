using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>
/// TOML as JSON, as far as Traefik's files use it: tables, arrays of tables, dotted and quoted keys, strings of all four kinds, numbers,
/// booleans, arrays over several lines, inline tables. Dates stay text.
/// </summary>
internal sealed class TomlJson
{
    private const int MaxDepth = 40;

    private readonly string _text;
    private readonly JsonObject _root = [];
    private JsonObject _table;
    private int _at;

    private TomlJson(string text) => (_text, _table) = (text, _root);

    /// <summary>False: not readable; the problem names the line. Never throws.</summary>
    public static bool TryRead(string text, out JsonNode tree, out string problem)
    {
        var reader = new TomlJson(text.Replace("\r\n", "\n", StringComparison.Ordinal));
        (tree, problem) = (reader._root, "");
        try
        {
            reader.Document();
            return true;
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or ArgumentException)
        {
            problem = string.Create(CultureInfo.InvariantCulture, $"line {reader._text.AsSpan(0, Math.Min(reader._at, reader._text.Length)).Count('\n') + 1}: {e.Message}");
            return false;
        }
    }

    private char Now => _at < _text.Length ? _text[_at] : '\0';

    private void Document()
    {
        for (Blank(lines: true); _at < _text.Length; Blank(lines: true))
        {
            if (Now == '[')
            {
                Header();
            }
            else
            {
                Pair(_table, 0);
            }

            Blank(lines: false);
            if (_at < _text.Length && Now != '\n')
            {
                throw new FormatException("more on the line than one value");
            }
        }
    }

    private void Header()
    {
        _at++;
        var many = Now == '[';
        _at += many ? 1 : 0;
        var path = Key();
        Expect(']');
        if (many)
        {
            Expect(']');
        }

        var parent = Descend(_root, path.Take(path.Count - 1));
        if (!many)
        {
            _table = Descend(parent, path.TakeLast(1));
            return;
        }

        if (parent[path[^1]] is not JsonArray list)
        {
            parent[path[^1]] = list = [];
        }

        _table = [];
        list.Add(_table);
    }

    private static JsonObject Descend(JsonObject from, IEnumerable<string> path)
    {
        foreach (var key in path)
        {
            from = from[key] switch
            {
                JsonObject table => table,
                JsonArray { Count: > 0 } list when list[^1] is JsonObject last => last,
                null => (JsonObject)(from[key] = new JsonObject())!,
                _ => throw new FormatException("a key that is a value and a table"),
            };
        }

        return from;
    }

    private void Pair(JsonObject table, int depth)
    {
        var path = Key();
        Expect('=');
        Descend(table, path.Take(path.Count - 1))[path[^1]] = Value(depth + 1);
    }

    private List<string> Key()
    {
        var path = new List<string>();
        do
        {
            Blank(lines: false);
            path.Add(Now is '"' or '\'' ? Quoted() : Bare("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"));
            Blank(lines: false);
        }
        while (Now == '.' && ++_at > 0 && path.Count < MaxDepth);
        return path;
    }

    private JsonNode? Value(int depth)
    {
        Blank(lines: false);
        if (depth > MaxDepth)
        {
            throw new FormatException("nested too deep");
        }

        switch (Now)
        {
            case '"' or '\'':
                return JsonValue.Create(Quoted());
            case '[':
                _at++;
                var list = new JsonArray();
                for (Blank(lines: true); Now != ']'; Blank(lines: true))
                {
                    list.Add(Value(depth + 1));
                    Blank(lines: true);
                    if (Now != ']')
                    {
                        Expect(',');
                    }
                }

                _at++;
                return list;
            case '{':
                _at++;
                var table = new JsonObject();
                for (Blank(lines: true); Now != '}'; Blank(lines: true))
                {
                    Pair(table, depth);
                    Blank(lines: true);
                    if (Now != '}')
                    {
                        Expect(',');
                    }
                }

                _at++;
                return table;
            default:
                var word = Bare("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+.:");
                return word is "true" or "false" ? JsonValue.Create(word == "true")
                    : long.TryParse(word.Replace("_", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? JsonValue.Create(number)
                    : JsonValue.Create(word);
        }
    }

    private string Quoted()
    {
        var quote = Now;
        var many = string.CompareOrdinal(_text, _at, new string(quote, 3), 0, 3) == 0;
        var end = new string(quote, many ? 3 : 1);
        _at += end.Length;
        if (many && Now == '\n')
        {
            _at++;
        }

        var value = new StringBuilder();
        while (string.CompareOrdinal(_text, _at, end, 0, end.Length) != 0)
        {
            if (_at >= _text.Length || (!many && Now == '\n'))
            {
                throw new FormatException("a text that doesn't end");
            }

            value.Append(quote == '"' && Now == '\\' ? Escape() : _text[_at++]);
        }

        _at += end.Length;
        return value.ToString();
    }

    private char Escape()
    {
        _at += 2;
        var code = _at - 1 < _text.Length ? _text[_at - 1] : '\0';
        if (code is 'u' && int.TryParse(_text.AsSpan(_at, Math.Min(4, _text.Length - _at)), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var unicode))
        {
            _at = Math.Min(_at + 4, _text.Length);
            return (char)unicode;
        }

        return code switch { 'n' => '\n', 't' => '\t', 'r' => '\r', _ => code };
    }

    private string Bare(string allowed)
    {
        var start = _at;
        while (_at < _text.Length && allowed.Contains(_text[_at], StringComparison.Ordinal))
        {
            _at++;
        }

        return _at > start ? _text[start.._at] : throw new FormatException("a key or value is missing");
    }

    private void Expect(char wanted)
    {
        Blank(lines: false);
        if (Now != wanted)
        {
            throw new FormatException($"'{wanted}' is missing");
        }

        _at++;
    }

    /// <summary>Spaces and comments; with <paramref name="lines"/> line ends too.</summary>
    private void Blank(bool lines)
    {
        while (_at < _text.Length && (Now is ' ' or '\t' || (lines && Now == '\n') || Now == '#'))
        {
            if (Now == '#')
            {
                var end = _text.IndexOf('\n', _at);
                _at = end < 0 ? _text.Length : end;
                continue;
            }

            _at++;
        }
    }
}
