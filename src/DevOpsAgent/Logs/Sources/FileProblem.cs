using System.Security;

namespace DevOpsAgent.Logs.Sources;

/// <summary>What is the matter with a file, said so that a person knows what to do.</summary>
internal static class FileProblem
{
    /// <summary>The exceptions that a path or a disk can cause.</summary>
    public static bool IsExpected(Exception e) =>
        e is IOException or UnauthorizedAccessException or SecurityException or ArgumentException or NotSupportedException;

    public static string Of(string path, Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => Missing(path),
        UnauthorizedAccessException or SecurityException => Unreadable(path, "permission denied"),
        _ => Unreadable(path, e.Message),
    };

    /// <summary>Null: a regular file.</summary>
    public static string? Of(string path, FileLookup lookup, FileKind kind) => (lookup, kind) switch
    {
        (FileLookup.Missing, _) => Missing(path),
        (FileLookup.Refused, _) => Unreadable(path, "a folder on the way to it is closed to this user, or a symbolic link leads in a circle"),
        (_, FileKind.Directory) => $"{path} is a directory: name the log file in it, for example {Path.Join(path, "access.log")}.",
        (_, FileKind.Other) => $"{path} is a pipe, socket or device: send it to standard input and name the log \"-\".",
        _ => null,
    };

    public static string Missing(string path) => $"{path} doesn't exist (yet): reading starts when it appears. Check the path, and that Traefik writes its access log there.";

    public static string Unreadable(string path, string why) =>
        $"{path} can't be read: {why}. Give this user the right to read it and to enter its folder (chmod, or the log's group); it is tried again.";
}
