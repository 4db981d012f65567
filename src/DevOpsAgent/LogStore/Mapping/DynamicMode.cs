namespace DevOpsAgent.LogStore.Mapping;

/// <summary>What happens to fields that the mapping doesn't have.</summary>
internal enum DynamicMode : byte
{
    /// <summary>They are added.</summary>
    True,

    /// <summary>They stay in the source only.</summary>
    False,

    /// <summary>The document is refused.</summary>
    Strict,
}
