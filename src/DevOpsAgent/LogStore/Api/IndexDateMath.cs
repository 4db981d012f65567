using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Api;

/// <summary>Index names with a date in them: <c>&lt;logs-{now/d{yyyy.MM.dd|+02:00}}&gt;</c>.</summary>
internal static class IndexDateMath
{
    public static string Resolve(string expression, long now) =>
        expression.Contains('<', StringComparison.Ordinal) ? string.Join(',', expression.Split(',').Select(p => One(p, now))) : expression;

    private static string One(string part, long now)
    {
        var sign = part.StartsWith('-') ? "-" : "";
        var name = part[sign.Length..];
        if (!name.StartsWith('<') || !name.EndsWith('>'))
        {
            return part;
        }

        name = name[1..^1];
        var open = name.IndexOf('{', StringComparison.Ordinal);
        while (open >= 0)
        {
            var depth = 0;
            var close = open;
            for (; close < name.Length; close++)
            {
                depth += name[close] == '{' ? 1 : name[close] == '}' ? -1 : 0;
                if (depth == 0)
                {
                    break;
                }
            }

            if (depth != 0)
            {
                throw new DslException("parse_exception", $"invalid dynamic name expression [{name}]. date math placeholder is open ended");
            }

            var text = Date(name[(open + 1)..close], now);
            name = name[..open] + text + name[(close + 1)..];
            open = name.IndexOf('{', open + text.Length);
        }

        return sign + name;
    }

    private static string Date(string body, long now)
    {
        var pattern = "yyyy.MM.dd";
        var zone = TimeZoneInfo.Utc;
        var math = body;
        var open = body.IndexOf('{', StringComparison.Ordinal);
        if (open >= 0)
        {
            pattern = body[(open + 1)..body.LastIndexOf('}')];
            math = body[..open];
            var bar = pattern.IndexOf('|', StringComparison.Ordinal);
            if (bar >= 0)
            {
                zone = TimeZones.Find(pattern[(bar + 1)..]);
                pattern = pattern[..bar];
            }
        }

        var format = new DateFormat(pattern);
        try
        {
            return format.Format(DateMath.Parse(math, format, false, zone, now), zone);
        }
        catch (DslException e) when (e.OnShard)
        {
            throw new DslException(e.Type, e.Message);
        }
    }
}
