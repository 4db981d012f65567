namespace DevOpsAgent.Exec.Remote;

/// <summary>Whose key it is. An agent asks, a machine is where it asks from, or the machine that serves.</summary>
internal enum PeerKind
{
    Agent,
    Machine,
}
