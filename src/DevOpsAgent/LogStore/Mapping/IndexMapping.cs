using System.Text.Json;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Mapping;

/// <summary>The fields of an index. Grows by itself as documents bring new ones, within <see cref="MaxFields"/>.</summary>
internal sealed class IndexMapping
{
    /// <summary>Elasticsearch's own bound (index.mapping.total_fields.limit): log keys that carry data would otherwise grow it without end.</summary>
    public const int MaxFields = 1000;

    private readonly Dictionary<string, FieldMapping> _fields = new(StringComparer.Ordinal);
    private readonly HashSet<string> _objects = new(StringComparer.Ordinal);
    private readonly List<DynamicTemplate> _templates = [];

    public ObjectMapping Root { get; } = new();

    public DynamicMode Dynamic { get; private set; }

    /// <summary>As written in the mapping, if it was.</summary>
    public string? DynamicText { get; private set; }

    /// <summary>New fields beyond <see cref="MaxFields"/> stay in the source only, where otherwise their document is refused.</summary>
    public bool KeepsBeyondLimit { get; set; }

    public bool DateDetection { get; private set; } = true;

    public bool HasDateDetection { get; private set; }

    public IReadOnlyList<DynamicTemplate> Templates => _templates;

    /// <summary>All fields by full name, multi-fields too.</summary>
    public IReadOnlyDictionary<string, FieldMapping> Fields => _fields;

    public IReadOnlyCollection<string> Objects => _objects;

    /// <summary>Changes with every new field: what was resolved before holds while it stays.</summary>
    public int Version { get; private set; }

    public bool IsEmpty => _fields.Count == 0 && _objects.Count == 0 && DynamicText is null && !HasDateDetection && _templates.Count == 0;

    public FieldMapping? Find(string name) => _fields.GetValueOrDefault(name);

    public bool IsObject(string name) => _objects.Contains(name);

    /// <summary>Adds what a mapping body declares.</summary>
    /// <exception cref="DslException">An unknown or unsupported type, or one that contradicts what is there.</exception>
    public void Merge(JsonElement body)
    {
        foreach (var p in body.EnumerateObject())
        {
            switch (p.Name)
            {
                case "properties": Properties(p.Value, Root, ""); break;
                case "dynamic":
                    DynamicText = DslJson.Text(p.Value);
                    Dynamic = DynamicText switch { "true" => DynamicMode.True, "false" => DynamicMode.False, "strict" => DynamicMode.Strict, var other => throw DslException.NotSupported($"dynamic {other}") };
                    break;
                case "date_detection":
                    DateDetection = DslJson.Flag(p.Value);
                    HasDateDetection = true;
                    break;
                case "dynamic_templates":
                    _templates.Clear();
                    _templates.AddRange(p.Value.EnumerateArray().Select(DynamicTemplate.Parse));
                    break;
                case "_meta" or "_source" when p.Name == "_meta" || !p.Value.EnumerateObject().Any(): break;
                default: throw DslException.NotSupported($"mapping {p.Name}");
            }
        }

        Version++;
    }

    private void Properties(JsonElement properties, ObjectMapping parent, string prefix)
    {
        foreach (var p in properties.EnumerateObject())
        {
            var path = prefix + p.Name;
            if (p.Value.ValueKind != JsonValueKind.Object)
            {
                throw new DslException("mapper_parsing_exception", $"Expected map for property [fields] on field [{path}] but got a class java.lang.String");
            }

            var type = p.Value.TryGetProperty("type", out var t) ? DslJson.Text(t) : "object";
            if (type == "object")
            {
                var child = AddObject(parent, p.Name, path);
                if (p.Value.TryGetProperty("properties", out var inner))
                {
                    Properties(inner, child, path + ".");
                }

                continue;
            }

            Add(parent, p.Name, MappingReader.Field(path, path, p.Value));
        }
    }

    private ObjectMapping AddObject(ObjectMapping parent, string name, string path)
    {
        if (parent.Fields.ContainsKey(name))
        {
            throw DslException.Argument($"can't merge a non object mapping [{path}] with an object mapping");
        }

        if (!parent.Objects.TryGetValue(name, out var child))
        {
            parent.Objects[name] = child = new();
            _objects.Add(path);
        }

        return child;
    }

    private void Add(ObjectMapping parent, string name, FieldMapping field)
    {
        if (parent.Objects.ContainsKey(name))
        {
            throw DslException.Argument($"can't merge a non object mapping [{field.Name}] with an object mapping");
        }

        if (parent.Fields.TryGetValue(name, out var known))
        {
            if (known.Type != field.Type)
            {
                throw DslException.Argument($"mapper [{field.Name}] cannot be changed from type [{known.Type.Name()}] to [{field.Type.Name()}]");
            }

            foreach (var (subName, sub) in field.Fields)
            {
                if (known.Fields.TryAdd(subName, sub))
                {
                    _fields[sub.Name] = sub;
                }
            }

            return;
        }

        if (_fields.Count + field.Fields.Count >= MaxFields)
        {
            throw DslException.Argument($"Limit of total fields [{MaxFields}] has been exceeded");
        }

        parent.Fields[name] = field;
        _fields[field.Name] = field;
        foreach (var sub in field.Fields.Values)
        {
            _fields[sub.Name] = sub;
        }
    }

    /// <summary>The field for a value at a path that has none yet; null where new fields are not mapped.</summary>
    /// <param name="path">Full name.</param>
    /// <param name="jsonType">string, long, double, boolean or date: what the first value looks like.</param>
    public FieldMapping? AddDynamic(string path, string jsonType)
    {
        if (Dynamic == DynamicMode.False)
        {
            return null;
        }

        if (Dynamic == DynamicMode.Strict)
        {
            throw new DslException("strict_dynamic_mapping_exception", $"mapping set to strict, dynamic introduction of [{path}] is not allowed");
        }

        if (KeepsBeyondLimit && _fields.Count + 2 > MaxFields)
        {
            return null;
        }

        var template = _templates.FirstOrDefault(t => t.IsFor(jsonType, path));
        var field = template is not null ? MappingReader.Templated(path, template, jsonType) : MappingReader.Default(path, jsonType);
        var parent = Root;
        var start = 0;
        for (var dot = path.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = path.IndexOf('.', start))
        {
            parent = AddObject(parent, path[start..dot], path[..dot]);
            start = dot + 1;
        }

        Add(parent, path[start..], field);
        Version++;
        return field;
    }

    /// <summary>An object without fields of its own yet (<c>{}</c> in a document).</summary>
    public void AddDynamicObject(string path)
    {
        if (Dynamic != DynamicMode.True || _objects.Contains(path) || _fields.ContainsKey(path))
        {
            return;
        }

        var parent = Root;
        var start = 0;
        for (var dot = path.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = path.IndexOf('.', start))
        {
            parent = AddObject(parent, path[start..dot], path[..dot]);
            start = dot + 1;
        }

        AddObject(parent, path[start..], path);
        Version++;
    }

    /// <summary>Full names that a pattern stands for.</summary>
    public IEnumerable<FieldMapping> Matching(string pattern) =>
        NamePattern.HasWildcard(pattern) ? _fields.Values.Where(f => NamePattern.IsMatch(pattern, f.Name)) : _fields.TryGetValue(pattern, out var field) ? [field] : [];
}
