using System.Net.NetworkInformation;
using DevOpsAgent.Addresses;

namespace DevOpsAgent.Guards;

/// <summary>
/// What is never denied, asked afresh at each use because all three change while the agent runs: the allowlist as it is
/// valid now, our own addresses, and the proxies that logs trust (denying one is an outage for everybody behind it).
/// </summary>
internal sealed class NeverBlocked(
    Func<IReadOnlyList<AddressRange>> own,
    Func<IReadOnlyList<AddressRange>> trustedProxies,
    Func<IReadOnlyList<AddressRange>> allowlist)
{
    public IReadOnlyList<AddressRange> Own => own();

    public IReadOnlyList<AddressRange> TrustedProxies => trustedProxies();

    public IReadOnlyList<AddressRange> Allowlist => allowlist();

    public IReadOnlyList<AddressRange> All => [.. Own, .. TrustedProxies, .. Allowlist];

    /// <summary>The addresses of this machine's interfaces, loopback included. A machine that hides them gives an empty list.</summary>
    public static IReadOnlyList<AddressRange> OfThisMachine()
    {
        try
        {
            return [.. NetworkInterface.GetAllNetworkInterfaces()
                .SelectMany(static i => i.GetIPProperties().UnicastAddresses)
                .Select(static a => AddressRange.Single(ClientAddress.From(a.Address)))
                .Distinct().Order()];
        }
        catch (Exception e) when (e is NetworkInformationException or PlatformNotSupportedException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
