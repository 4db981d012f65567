using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Columns;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Documents;

/// <summary>
/// Takes JSON documents into the growing segment. Each is read whole before anything is kept: a document that is refused
/// leaves no trace.
/// </summary>
internal sealed partial class DocumentWriter
{
    /// <summary>A client can vary keys at will; beyond this many shapes a segment keeps the documents' JSON instead.</summary>
    private const int MaxShapes = 2048;

    /// <summary>Where headers are logged a client can invent keys: beyond this many a segment doesn't learn new ones.</summary>
    private const int MaxKeys = 4096;

    private readonly IndexMapping _mapping;
    private readonly Segment _segment;
    private readonly SourceKey _root;
    private readonly Dictionary<ShapeText, int> _shapes = [];
    private readonly List<StagedValue> _staged = [];
    private readonly List<long> _shape = [];
    private readonly List<FieldMapping> _ignored = [];
    private readonly TextColumn _ids;
    private readonly NumberColumn _sequences;
    private readonly NumberColumn _versions;
    private byte[] _scratch = new byte[4096];
    private int _scratchUsed;
    private int[] _shapeOf = [];
    private bool _isPlain;

    public DocumentWriter(IndexMapping mapping, Segment segment)
    {
        _mapping = mapping;
        _segment = segment;
        _root = Key("", null);
        _ids = segment.AddTexts(HiddenColumn.Ids);
        _sequences = segment.AddNumbers(HiddenColumn.Sequence);
        _versions = segment.AddNumbers(HiddenColumn.Version);
    }

    /// <summary>Bytes of JSON taken so far, to bound the segment's memory.</summary>
    public long TextBytes { get; private set; }

    /// <returns>The document's number in the segment.</returns>
    /// <exception cref="DslException">Not a JSON object, or a value that its field can't take.</exception>
    /// <param name="id">Null: known by its sequence.</param>
    public int Add(ReadOnlySpan<byte> json, string? id, long sequence, long version)
    {
        var doc = _segment.Count;
        Clear();
        if (!TryFlat(json, doc, id ?? ""))
        {
            Clear();
            Nested(json, doc, id ?? "");
        }

        Commit(json, doc);
        if (id is not null)
        {
            _ids.Add(doc, Encoding.UTF8.GetBytes(id));
        }

        _sequences.Add(doc, sequence);
        _versions.Add(doc, version);
        _segment.Count++;
        TextBytes += json.Length;
        return doc;
    }

    private void Clear()
    {
        _staged.Clear();
        _shape.Clear();
        _ignored.Clear();
        _scratchUsed = 0;
        _isPlain = true;
    }

    private void Nested(ReadOnlySpan<byte> json, int doc, string id)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 64 });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                throw new DslException("document_parsing_exception", "[1:1] failed to parse: not an object");
            }

            Object(ref reader, _root, json, doc, id, inArray: false);
            if (reader.Read())
            {
                throw new DslException("document_parsing_exception", "[1:1] failed to parse: more than one object");
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new DslException("document_parsing_exception", $"[1:1] failed to parse: {e.Message}") { Cause = DslException.Content(e.Message) };
        }
    }

    /// <summary>An object of plain scalars without escapes or spaces, as nearly every log line is: several times faster than a general reader.</summary>
    private bool TryFlat(ReadOnlySpan<byte> json, int doc, string id)
    {
        var flat = new FlatObject(json);
        if (!flat.TryOpen())
        {
            return false;
        }

        // A key that comes twice is known by its mark of this document: the marks of a failed try must not count.
        var mark = -2 - doc;
        _shape.Add(new ShapeStep(ShapeKind.Open, _root.Id).Packed);
        var hint = 0;
        while (flat.TryNext(_root, ref hint, out var key))
        {
            if (key.LastDoc == mark)
            {
                return false;
            }

            key.LastDoc = mark;
            if (flat.Token == JsonTokenType.Null)
            {
                _shape.Add(new ShapeStep(ShapeKind.Null, key.Id).Packed);
                continue;
            }

            Scalar(key, flat.Token, json.Slice(flat.Start, flat.Length), flat.Start, flat.Length, StagedValue.Source(key, flat.RawStart, flat.RawLength), id, inArray: false);
        }

        if (!flat.IsDone || json.IndexOfAnyExceptInRange((byte)0, (byte)0x7F) >= 0 && !System.Text.Unicode.Utf8.IsValid(json))
        {
            return false;
        }

        _shape.Add(new ShapeStep(ShapeKind.Close, _root.Id).Packed);
        return true;
    }

    private void Object(ref Utf8JsonReader reader, SourceKey at, ReadOnlySpan<byte> json, int doc, string id, bool inArray)
    {
        if (!inArray)
        {
            _shape.Add(new ShapeStep(ShapeKind.Open, at.Id).Packed);
        }

        var hint = 0;
        var any = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            any = true;
            var key = ChildOf(at, ref reader, ref hint);
            if (!inArray)
            {
                if (key.LastDoc == doc)
                {
                    // The same key twice, or "a.b" beside {"a":{"b":…}}: a shape can't tell their values apart.
                    _isPlain = false;
                }

                key.LastDoc = doc;
            }

            reader.Read();
            Value(ref reader, key, json, doc, id, inArray);
        }

        if (!any && at.Parent is not null)
        {
            _mapping.AddDynamicObject(at.Path);
        }

        if (!inArray)
        {
            _shape.Add(new ShapeStep(ShapeKind.Close, at.Id).Packed);
        }
    }

    private SourceKey ChildOf(SourceKey parent, ref Utf8JsonReader reader, ref int hint)
    {
        if (!reader.ValueIsEscaped)
        {
            return parent.Child(reader.ValueSpan, ref hint) ?? Key(SourceKey.CheckName(reader.GetString()!), parent);
        }

        var name = SourceKey.CheckName(reader.GetString()!);
        return parent.Child(Encoding.UTF8.GetBytes(name), ref hint) ?? Key(name, parent);
    }

    private SourceKey Key(string name, SourceKey? parent)
    {
        if (_segment.Keys.Count >= MaxKeys)
        {
            // Known for this document only, whose JSON is then kept as it is.
            _isPlain = false;
            return new(-1, name, parent);
        }

        var key = new SourceKey(_segment.Keys.Count, name, parent);
        _segment.Keys.Add(key);
        parent?.Add(key);
        return key;
    }

    private void Value(ref Utf8JsonReader reader, SourceKey key, ReadOnlySpan<byte> json, int doc, string id, bool inArray)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                if (FieldOf(key) is { } concrete)
                {
                    throw new DslException("document_parsing_exception", $"[1:1] object mapping for [{key.Path}] tried to parse field [{key.Name}] as object, but found a concrete value ({concrete.Type.Name()})");
                }

                Object(ref reader, key, json, doc, id, inArray);
                return;
            case JsonTokenType.StartArray:
                var start = (int)reader.TokenStartIndex;
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    Value(ref reader, key, json, doc, id, inArray: true);
                }

                if (!inArray)
                {
                    Keep(new(ShapeKind.Raw, key.Id), StagedValue.Source(key, start, (int)reader.BytesConsumed - start));
                }

                return;
            case JsonTokenType.Null:
                if (!inArray)
                {
                    _shape.Add(new ShapeStep(ShapeKind.Null, key.Id).Packed);
                }

                return;
            default:
                Scalar(ref reader, key, json, id, inArray);
                return;
        }
    }

    private void Scalar(ref Utf8JsonReader reader, SourceKey key, ReadOnlySpan<byte> json, string id, bool inArray)
    {
        var (start, length) = (0, 0);
        var text = reader.ValueSpan;
        if (reader.TokenType == JsonTokenType.String && reader.ValueIsEscaped)
        {
            (start, length) = Unescape(ref reader);
            text = _scratch.AsSpan(start, length);
            start = ~start;
        }
        else
        {
            start = (int)reader.TokenStartIndex + (reader.TokenType == JsonTokenType.String ? 1 : 0);
            length = text.Length;
        }

        Scalar(key, reader.TokenType, text, start, length, StagedValue.Source(key, (int)reader.TokenStartIndex, (int)(reader.BytesConsumed - reader.TokenStartIndex)), id, inArray);
    }

    private void Scalar(SourceKey key, JsonTokenType token, ReadOnlySpan<byte> text, int start, int length, StagedValue raw, string id, bool inArray)
    {
        var field = FieldOf(key) ?? Introduce(key, token, text);
        if (field is null)
        {
            if (!inArray)
            {
                Keep(new(ShapeKind.Raw, key.Id), raw);
            }

            return;
        }

        FieldRead read;
        try
        {
            read = FieldValue.Read(field, token, text);
        }
        catch (DslException e)
        {
            throw new DslException("document_parsing_exception", $"[1:{raw.Start + 1}] failed to parse field [{key.Path}] of type [{field.Type.Name()}] in document with id '{id}'. Preview of field's value: '{Encoding.UTF8.GetString(text[..Math.Min(text.Length, 200)])}'") { Cause = e };
        }

        switch (read.Kind)
        {
            case ReadKind.Nothing:
                break;
            case ReadKind.Text:
                _staged.Add(StagedValue.Text(key, start, length));
                Bounds(key, text);
                break;
            default:
                _staged.Add(StagedValue.Number(key, read.Number));
                break;
        }

        if (inArray)
        {
            return;
        }

        if (read.Shape == ShapeKind.Raw)
        {
            Keep(new(ShapeKind.Raw, key.Id), raw);
            return;
        }

        _shape.Add(new ShapeStep(read.Shape, key.Id, read.Digits, read.Offset).Packed);
        if (read.Shape == ShapeKind.Date && read.Nanos != 0)
        {
            _staged.Add(StagedValue.Hidden(key, StagedKind.Nanos, read.Nanos));
        }
        else if (read.Shape == ShapeKind.Exact)
        {
            _staged.Add(StagedValue.Hidden(key, StagedKind.Exact, read.Exact));
        }
    }

    private void Keep(ShapeStep step, StagedValue raw)
    {
        _shape.Add(step.Packed);
        _staged.Add(raw);
    }

    private (int Start, int Length) Unescape(ref Utf8JsonReader reader)
    {
        var most = reader.ValueSpan.Length;
        if (_scratchUsed + most > _scratch.Length)
        {
            Array.Resize(ref _scratch, Math.Max(_scratch.Length * 2, _scratchUsed + most));
        }

        var start = _scratchUsed;
        var length = reader.CopyString(_scratch.AsSpan(start));
        _scratchUsed += length;
        return (start, length);
    }

    /// <summary>The key's mapping, looked up again only when the mapping grew.</summary>
    private FieldMapping? FieldOf(SourceKey key)
    {
        if (key.MappingVersion != _mapping.Version)
        {
            key.MappingVersion = _mapping.Version;
            key.Field = _mapping.Find(key.Path) is { IsMulti: false } field ? field : null;
            key.Bounded = key.Field is null ? [] : [.. new[] { key.Field }.Concat(key.Field.Fields.Values).Where(static f => f.IgnoreAbove != int.MaxValue)];
        }

        return key.Field;
    }

    private FieldMapping? Introduce(SourceKey key, JsonTokenType token, ReadOnlySpan<byte> text)
    {
        if (_mapping.IsObject(key.Path))
        {
            throw new DslException("document_parsing_exception", $"[1:1] object mapping for [{key.Path}] tried to parse field [{key.Name}] as object, but found a concrete value");
        }

        var type = token switch
        {
            JsonTokenType.True or JsonTokenType.False => "boolean",
            JsonTokenType.Number => text.IndexOfAny("."u8) >= 0 || text.IndexOfAny("eE"u8) >= 0 ? "double" : "long",
            _ => _mapping.DateDetection && FieldValue.LooksLikeDate(text) ? "date" : "string",
        };
        return _mapping.AddDynamic(key.Path, type) is null ? null : FieldOf(key);
    }

    private void Bounds(SourceKey key, ReadOnlySpan<byte> text)
    {
        foreach (var field in key.Bounded)
        {
            if (text.Length > field.IgnoreAbove && Encoding.UTF8.GetCharCount(text) > field.IgnoreAbove)
            {
                _ignored.Add(field);
            }
        }
    }
}
