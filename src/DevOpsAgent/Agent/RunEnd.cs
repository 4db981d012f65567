namespace DevOpsAgent.Agent;

/// <summary>How a run of the model ended. Names are stored in snake case: append only.</summary>
internal enum RunEnd : byte
{
    /// <summary>It concluded, in the form that was asked for.</summary>
    Answered,
    StoppedByTurns,
    StoppedByTokens,
    StoppedByTime,
    StoppedByCost,
    StoppedByRows,

    /// <summary>The model, or its provider's filter, would not answer.</summary>
    Refused,

    /// <summary>A guardrail with the policy block withheld what was to be sent or was said.</summary>
    Withheld,

    /// <summary>The provider can't be reached, failed, or has no quota left.</summary>
    ProviderDown,

    /// <summary>It answered, again and again, something that is no answer.</summary>
    Garbled,

    /// <summary>The answer broke off and nothing before it was a conclusion.</summary>
    CutOff,

    /// <summary>The program was told to stop.</summary>
    Cancelled,

    /// <summary>The store could not record the exchange, so it did not take place.</summary>
    NotRecorded,
}

/// <summary>The stored and shown names: "stopped_by_turns".</summary>
internal static class RunEndNames
{
    public static string Of(RunEnd end) => end switch
    {
        RunEnd.Answered => "answered",
        RunEnd.StoppedByTurns => "stopped_by_turns",
        RunEnd.StoppedByTokens => "stopped_by_tokens",
        RunEnd.StoppedByTime => "stopped_by_time",
        RunEnd.StoppedByCost => "stopped_by_cost",
        RunEnd.StoppedByRows => "stopped_by_rows",
        RunEnd.Refused => "refused",
        RunEnd.Withheld => "withheld",
        RunEnd.ProviderDown => "provider_down",
        RunEnd.Garbled => "garbled",
        RunEnd.CutOff => "cut_off",
        RunEnd.Cancelled => "cancelled",
        _ => "not_recorded",
    };
}
