using DevOpsAgent.Addresses;

namespace DevOpsAgent.Tests.Traefik;

/// <summary>Traefik's v3 rule language as far as ClientIP goes: a parser and an evaluator that counts, left to right with short circuit.</summary>
internal sealed class RuleLanguage
{
    private readonly string _text;
    private int _at;

    private RuleLanguage(string text) => _text = text;

    public static RuleNode Parse(string text)
    {
        var parser = new RuleLanguage(text);
        var node = parser.Or(1);
        parser.Space();
        return parser._at == text.Length ? node : throw new FormatException($"unexpected '{text[parser._at]}' at {parser._at}");
    }

    private RuleNode Or(int depth)
    {
        var parts = new List<RuleNode> { And(depth) };
        while (Take("||"))
        {
            parts.Add(And(depth));
        }

        return parts.Count == 1 ? parts[0] : new RuleNode.Any(parts);
    }

    private RuleNode And(int depth)
    {
        var parts = new List<RuleNode> { Unary(depth) };
        while (Take("&&"))
        {
            parts.Add(Unary(depth));
        }

        return parts.Count == 1 ? parts[0] : new RuleNode.All(parts);
    }

    private RuleNode Unary(int depth)
    {
        if (depth > 200)
        {
            throw new FormatException("nested too deep");
        }

        if (Take("!"))
        {
            return new RuleNode.Not(Unary(depth));
        }

        if (Take("("))
        {
            var inner = Or(depth + 1);
            Expect(")");
            return new RuleNode.Group(inner);
        }

        Expect("ClientIP(`");
        var end = _text.IndexOf('`', _at);
        var argument = _text[_at..end];
        _at = end + 1;
        Expect(")");
        var range = AddressRange.Parse(argument);
        return range.ToString() == argument ? new RuleNode.ClientIp(range) : throw new FormatException($"'{argument}' is not canonical");
    }

    private void Space()
    {
        while (_at < _text.Length && _text[_at] == ' ')
        {
            _at++;
        }
    }

    private bool Take(string token)
    {
        Space();
        if (!_text.AsSpan(_at).StartsWith(token, StringComparison.Ordinal))
        {
            return false;
        }

        _at += token.Length;
        return true;
    }

    private void Expect(string token)
    {
        if (!Take(token))
        {
            throw new FormatException($"'{token}' expected at {_at}");
        }
    }
}

internal abstract record RuleNode
{
    public abstract bool Matches(ClientAddress client, ref int asked);

    public abstract int Depth { get; }

    internal sealed record ClientIp(AddressRange Range) : RuleNode
    {
        public override int Depth => 0;

        public override bool Matches(ClientAddress client, ref int asked)
        {
            asked++;
            return Range.Contains(client);
        }
    }

    internal sealed record Not(RuleNode Inner) : RuleNode
    {
        public override int Depth => Inner.Depth;

        public override bool Matches(ClientAddress client, ref int asked) => !Inner.Matches(client, ref asked);
    }

    internal sealed record Group(RuleNode Inner) : RuleNode
    {
        public override int Depth => Inner.Depth + 1;

        public override bool Matches(ClientAddress client, ref int asked) => Inner.Matches(client, ref asked);
    }

    internal sealed record Any(IReadOnlyList<RuleNode> Parts) : RuleNode
    {
        public override int Depth => Parts.Max(static p => p.Depth);

        public override bool Matches(ClientAddress client, ref int asked)
        {
            foreach (var part in Parts)
            {
                if (part.Matches(client, ref asked))
                {
                    return true;
                }
            }

            return false;
        }
    }

    internal sealed record All(IReadOnlyList<RuleNode> Parts) : RuleNode
    {
        public override int Depth => Parts.Max(static p => p.Depth);

        public override bool Matches(ClientAddress client, ref int asked)
        {
            foreach (var part in Parts)
            {
                if (!part.Matches(client, ref asked))
                {
                    return false;
                }
            }

            return true;
        }
    }
}
