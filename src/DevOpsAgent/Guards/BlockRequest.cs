using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Guards;

/// <summary>What somebody, or mode auto, wants denied: one range. A campaign is one request per client.</summary>
internal sealed record BlockRequest
{
    public required AddressRange Range { get; init; }

    /// <summary>Null for a block by hand: then a person and a reason are required.</summary>
    public long? IncidentId { get; init; }

    public required string Reason { get; init; }

    /// <summary>For a first offence; each earlier one doubles it, unless <see cref="TtlIsFinal"/>.</summary>
    public required TimeSpan Ttl { get; init; }

    /// <summary>Earlier offences are counted in already: what the recommendation showed is what is done.</summary>
    public bool TtlIsFinal { get; init; }

    /// <summary>"auto", or the person's name.</summary>
    public required string By { get; init; }

    /// <summary>"service", "web 127.0.0.1", "cli uid 1000".</summary>
    public required string Origin { get; init; }

    /// <summary>Auto: nobody looked at it, and the stricter caps apply. Review: a person approved.</summary>
    public required Mode Mode { get; init; }

    /// <summary>The log that the evidence rests on is configured with trust_clf, so forgeable lines count.</summary>
    public bool TrustForgeable { get; init; }
}
