using Microsoft.Extensions.AI;

namespace DevOpsAgent.Agent;

/// <summary>One answer of the model, whole or as far as it came.</summary>
internal sealed record ModelAnswer
{
    public required AnswerEnd End { get; init; }

    public string Text { get; init; } = "";

    /// <summary>What it thought, where the provider tells.</summary>
    public string Thoughts { get; init; } = "";

    public IReadOnlyList<FunctionCallContent> Calls { get; init; } = [];

    /// <summary>The provider's count; null: it gave none.</summary>
    public long? TokensIn { get; init; }

    public long? TokensOut { get; init; }

    /// <summary>What went wrong, for people; empty: nothing did.</summary>
    public string Problem { get; init; } = "";
}

internal enum AnswerEnd
{
    Complete,

    /// <summary>At the limit of tokens or characters.</summary>
    Length,

    /// <summary>The provider's filter, or the model, declined.</summary>
    Refused,

    /// <summary>The stream broke off.</summary>
    Cut,

    /// <summary>Nothing at all came.</summary>
    Empty,

    /// <summary>More was sent than the model can take.</summary>
    TooLong,

    /// <summary>The time was over.</summary>
    Late,

    /// <summary>The provider can't be used.</summary>
    Down,

    /// <summary>The program was told to stop.</summary>
    Cancelled,
}
