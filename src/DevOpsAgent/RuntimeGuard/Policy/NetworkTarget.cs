using System.Globalization;
using System.Net;
using DevOpsAgent.Addresses;

namespace DevOpsAgent.RuntimeGuard.Policy;

/// <summary>What a process connects to or listens on.</summary>
internal readonly record struct NetworkTarget(ClientAddress Address, ushort Port, NetworkDirection Direction)
{
    private static readonly ClientAddress s_any4 = ClientAddress.FromIPv4(0);
    private static readonly ClientAddress s_loopback4 = ClientAddress.FromIPv4(0x7F000001);
    private static readonly ClientAddress s_loopback6 = new(0, 1);

    /// <summary>
    /// Attack: who connects to 0.0.0.0 or :: reaches this machine itself, past rules for 127.0.0.1. So that is what is compared
    /// with rules. To listen on :: is to listen on IPv4 too, see <see cref="ProcessRules.JudgeNetwork"/>.
    /// </summary>
    public ClientAddress Compared =>
        Direction != NetworkDirection.Connect ? Address : Address.IsNone ? s_loopback6 : Address == s_any4 ? s_loopback4 : Address;

    /// <summary>"10.0.0.1:443", "[::1]:53", "listen 0.0.0.0:80"; without a port: port 0. Without a word before it: connect. Never throws.</summary>
    public static bool TryParse(string text, out NetworkTarget target)
    {
        target = default;
        var direction = text.StartsWith("listen ", StringComparison.Ordinal) ? NetworkDirection.Listen : NetworkDirection.Connect;
        var rest = text.StartsWith("listen ", StringComparison.Ordinal) || text.StartsWith("connect ", StringComparison.Ordinal) ? text[(text.IndexOf(' ', StringComparison.Ordinal) + 1)..] : text;
        var colon = rest.LastIndexOf(':');
        ushort port = 0;
        if (colon >= 0 && (rest[0] == '[' ? rest[colon - 1 < 0 ? 0 : colon - 1] == ']' : rest.IndexOf(':', StringComparison.Ordinal) == colon))
        {
            if (!ushort.TryParse(rest.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port))
            {
                return false;
            }

            rest = rest[..colon];
        }

        rest = rest is ['[', .., ']'] ? rest[1..^1] : rest;

        // IPAddress also reads "1" and "0x7f.1"; ClientAddress doesn't, but it refuses the addresses that stand for all.
        if (rest is "0.0.0.0" or "::")
        {
            target = new(rest[0] == ':' ? ClientAddress.None : s_any4, port, direction);
            return true;
        }

        if (!ClientAddress.TryParse(rest, out var address))
        {
            return false;
        }

        target = new(address, port, direction);
        return true;
    }

    public override string ToString()
    {
        var address = Address.IsIPv4 ? Address.ToString() : $"[{(Address.IsNone ? "::" : Address)}]";
        return string.Create(CultureInfo.InvariantCulture, $"{address}:{Port}");
    }
}
