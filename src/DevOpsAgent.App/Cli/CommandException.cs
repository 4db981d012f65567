namespace DevOpsAgent.App.Cli;

/// <summary>A command can't do what was asked: what is wrong and where (the message), and what to do next.</summary>
/// <param name="next">A sentence or command; null where the message says it all.</param>
internal sealed class CommandException(int exitCode, string what, string? next = null) : Exception(what)
{
    public int ExitCode { get; } = exitCode;

    public string? Next { get; } = next;

    public static CommandException Refused(string what, string? next = null) => new(Cli.ExitCode.FoundOrRefused, what, next);

    public static CommandException Usage(string what, string? next = null) => new(Cli.ExitCode.Usage, what, next);

    public static CommandException Dependency(string what, string? next = null) => new(Cli.ExitCode.Dependency, what, next);
}
