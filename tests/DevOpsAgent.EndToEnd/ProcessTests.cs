namespace DevOpsAgent.EndToEnd;

/// <summary>Tests that start agents as processes and wait for what these do: one at a time, and nothing else beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessTests
{
    public const string Name = "processes";
}
