namespace DevOpsAgent.RuntimeGuard;

/// <summary>A backend that can take the network from a process and its children. One that has not this can't.</summary>
internal interface INetworkIsolation
{
    /// <summary>From now on every new connection and datagram of the process and of its children fails, until they end. Null: done; else why not.</summary>
    string? TryIsolate(string process, int pid);
}
