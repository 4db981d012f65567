using DevOpsAgent.Blocking;
using DevOpsAgent.Guards;
using DevOpsAgent.Store;

namespace DevOpsAgent.Planted;

/// <summary>What <see cref="DevOpsAgent.Tests.Guards.EffectTests"/> must find: a second press for permits.</summary>
internal sealed class PlantedForger : Permit<BlockRequest>.Issuer
{
    internal static Permit<BlockRequest> Forge(BlockRequest request) => Issue(new object(), 1, request);
}

/// <summary>A type that nobody knows writes to the store and runs a tool.</summary>
internal static class PlantedWriter
{
    internal static void Write(IStore store) => store.SetSetting("mode", "auto since review");

    internal static Action Later(IStore store) => () => store.AddAction(null!);

    internal static async Task<object> Run(Tool<BlockRequest> tool, Permit<BlockRequest> permit) => await tool.RunAsync([permit], default);
}
