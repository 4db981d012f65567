using DevOpsAgent.Addresses;

namespace DevOpsAgent.Detection;

/// <summary>The detector's state for one client as an opaque, versioned blob.</summary>
internal readonly record struct ClientStateRow(ClientAddress Client, byte[] State, long LastSeenTicks);
