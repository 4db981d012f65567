namespace DevOpsAgent.Detection;

/// <summary>What <see cref="DevOpsAgent.Tests.ArchitectureTests"/> must find: detection that knows the clock, the store, a database and the console.</summary>
internal static class PlantedViolation
{
    internal static Npgsql.NpgsqlConnection? Database => null;

    internal static object Clock()
    {
        var clock = TimeProvider.System;
        return clock;
    }

    internal static bool Any(IEnumerable<object> things) => things.Any(static thing => thing is Store.IStore);

    internal static void Say() => Console.WriteLine();
}
