using DevOpsAgent.Addresses;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Documents;
using DevOpsAgent.LogStore.Mapping;
using DevOpsAgent.LogStore.Search.Terms;

namespace DevOpsAgent.LogStore.Search;

/// <summary>Ranges by the type of their field.</summary>
internal sealed partial class QueryCompiler
{
    private Weight Range(RangeQuery query, float boost)
    {
        if (Find(query.Field) is not { } field)
        {
            return None();
        }

        if (field.Type != FieldType.Date && query.TimeZone is not null)
        {
            throw DslException.QueryShard($"failed to create query: Field [{field.Name}] of type [{field.Type.Name()}] does not support custom time zones");
        }

        switch (field.Type)
        {
            case FieldType.Date: return DateRange(field, query, boost);
            case FieldType.Ip: return AddressRange(field, query, boost);
            case FieldType.Keyword or FieldType.Text:
                var terms = new TermRange(query.From?.Text, query.IncludeFrom, query.To?.Text, query.IncludeTo);
                return Pattern(query.Field, "range", terms, boost);
            default:
                var low = long.MinValue;
                var high = long.MaxValue;
                var any = (query.From is not { } from || NumberText.TryLow(field, from, query.IncludeFrom, out low)) & (query.To is not { } to || NumberText.TryHigh(field, to, query.IncludeTo, out high));
                return any ? Column(boost, s => Scan.Numbers(s, field, low, high)) : None();
        }
    }

    private ColumnWeight DateRange(FieldMapping field, RangeQuery query, float boost)
    {
        var format = query.Format is { } text ? new DateFormat(text) : field.Format;
        var zone = TimeZones.Find(query.TimeZone);
        var low = long.MinValue;
        var high = long.MaxValue;
        if (query.From is { } from)
        {
            low = DateMath.Parse(from.Text, format, roundUp: !query.IncludeFrom, zone, _now) + (query.IncludeFrom ? 0 : 1);
        }

        if (query.To is { } to)
        {
            high = DateMath.Parse(to.Text, format, roundUp: query.IncludeTo, zone, _now) - (query.IncludeTo ? 0 : 1);
        }

        return Column(boost, s => Scan.Numbers(s, field, low, high));
    }

    private Weight AddressRange(FieldMapping field, RangeQuery query, float boost)
    {
        var low = new ClientAddress(0, 0);
        var high = new ClientAddress(ulong.MaxValue, ulong.MaxValue);
        if (query.From is { } from)
        {
            low = Address(from);
            if (!query.IncludeFrom)
            {
                if (low == high)
                {
                    return None();
                }

                low = IpText.Next(low);
            }
        }

        if (query.To is { } to)
        {
            high = Address(to);
            if (!query.IncludeTo)
            {
                if (high == default)
                {
                    return None();
                }

                high = IpText.Before(high);
            }
        }

        return Column(boost, s => Scan.Addresses(s, field, a => a >= low && a <= high));
    }

    private static ClientAddress Address(Literal value) =>
        IpText.TryParse(value.Text, out var address) ? address : throw DslException.QueryShard($"failed to create query: '{value.Text}' is not an IP string literal.");
}
