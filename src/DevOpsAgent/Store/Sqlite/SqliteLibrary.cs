using System.Reflection;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace DevOpsAgent.Store.Sqlite;

/// <summary>The system's SQLite library: no copy of it is bundled, so that the distribution's security updates reach it.</summary>
internal static class SqliteLibrary
{
    private static readonly string[] Names = ["libsqlite3.so.0", "libsqlite3.so", "libsqlite3.0.dylib", "libsqlite3.dylib", "winsqlite3.dll"];

    // A resolver can be set once per assembly and process, so this is process-wide by nature.
    private static readonly Lazy<string?> Fault = new(Bind);

    /// <summary>Binds once per process. Throws <see cref="StoreException"/> (Unavailable) when the library is missing.</summary>
    public static void Load()
    {
        if (Fault.Value is { } fault)
        {
            throw new StoreException(fault, StoreFault.Unavailable);
        }
    }

    private static string? Bind()
    {
        if (Find() == 0)
        {
            return $"The SQLite library is missing (looked for {string.Join(", ", Names)}): install libsqlite3-0 (apt-get install libsqlite3-0).";
        }

        var provider = new SQLite3Provider_e_sqlite3();
        NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, Resolve);
        raw.SetProvider(provider);
        return null;
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) => name == "e_sqlite3" ? Find() : 0;

    private static nint Find()
    {
        foreach (var name in Names)
        {
            if (NativeLibrary.TryLoad(name, out var handle))
            {
                return handle;
            }
        }

        return 0;
    }
}
