using System.Text;

namespace DevOpsAgent.Detection;

/// <summary>
/// Text of hostile bytes for people, cut; invalid UTF-8 shows as U+FFFD. Agents, hosts, routers and statuses repeat from
/// client to client: what was made lately is given out again. Belongs to one thread.
/// </summary>
internal sealed class RecentTexts
{
    private const int Slots = 512;
    private const int MaxLength = 200;

    private readonly string[] _texts = new string[Slots];

    public string Of(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxLength)
        {
            return Encoding.UTF8.GetString(utf8[..MaxLength]) + "…";
        }

        // Only ASCII is ever equal here; other texts are made anew.
        ref var known = ref _texts[(int)(Hash64.Of(utf8) >> 40) & (Slots - 1)];
        if (known is null || !Ascii.Equals(utf8, known))
        {
            known = Encoding.UTF8.GetString(utf8);
        }

        return known;
    }
}
