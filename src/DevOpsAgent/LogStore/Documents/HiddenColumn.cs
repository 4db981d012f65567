namespace DevOpsAgent.LogStore.Documents;

/// <summary>Names of columns that no field has: a field name can't contain a NUL.</summary>
internal static class HiddenColumn
{
    /// <summary>Sources that no shape is for.</summary>
    public const string Document = "\0source";
    public const string Ids = "\0id";
    public const string Sequence = "\0seq";
    public const string Version = "\0version";
    public const string Ignored = "_ignored";

    public static string Raw(string path) => path + "\0raw";

    public static string Exact(string path) => path + "\0exact";

    public static string Nanos(string path) => path + "\0nanos";
}
