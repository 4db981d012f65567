namespace DevOpsAgent.RuntimeGuard.Policy;

/// <summary>Which way: to somebody (connect, and sending without a connection), or waiting for somebody (bind and listen).</summary>
[Flags]
internal enum NetworkDirection : byte
{
    Connect = 1,
    Listen = 2,
    Both = 3,
}
