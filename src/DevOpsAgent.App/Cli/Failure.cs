using System.Globalization;
using DevOpsAgent.Audit;
using DevOpsAgent.Configuration;
using DevOpsAgent.Exec.Native;
using DevOpsAgent.Exec.Remote;
using DevOpsAgent.Logs.Elasticsearch;
using DevOpsAgent.Signing;
using DevOpsAgent.Store;

namespace DevOpsAgent.App.Cli;

/// <summary>The one way from an exception to the words and the exit code that a person or script sees.</summary>
internal static class Failure
{
    private const int BrokenPipe = 32; // EPIPE

    /// <summary>Writes to standard error what went wrong, where, and what to do next.</summary>
    public static int Report(Exception exception, Terminal terminal)
    {
        switch (exception)
        {
            case IOException e when e.HResult == BrokenPipe:
                return ExitCode.Fine; // "| head" has read enough
            case OperationCanceledException:
                return ExitCode.Interrupted;
            case ConfigException e:
                foreach (var problem in e.Problems)
                {
                    terminal.Error.WriteLine(SafeText.Of(problem.ToString()));
                }

                terminal.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"devops-agent: {e.Problems.Count} {(e.Problems.Count == 1 ? "problem" : "problems")} in the configuration; nothing was started"));
                return ExitCode.Usage;
            case ElasticException e:
                Write(terminal, e.Message, "devops-agent doctor looks at it closely.");
                return e.Fault is ElasticFault.Configuration ? ExitCode.Usage : ExitCode.Dependency;
            case CommandException e:
                Write(terminal, e.Message, e.Next);
                return e.ExitCode;
            case StoreException e:
                Write(terminal, e.Message, null);
                return e.Fault is StoreFault.Newer ? ExitCode.Usage : ExitCode.Dependency;
            case IdentityException or KeyException or AuditException or SpawnException:
                Write(terminal, exception.Message, null);
                return exception is IdentityException ? ExitCode.Usage : ExitCode.Dependency;
            case FileNotFoundException or DirectoryNotFoundException:
                Write(terminal, exception.Message, "Check the path.");
                return ExitCode.Usage;
            case UnauthorizedAccessException:
                Write(terminal, exception.Message, $"Give user {System.Environment.UserName} the permission, or run as a user that has it.");
                return ExitCode.Dependency;
            case IOException:
                Write(terminal, exception.Message, null);
                return ExitCode.Dependency;
            default:
                Write(terminal, $"unexpected fault: {exception.GetType().Name}: {exception.Message}", "This is a defect of devops-agent. Please report it with the lines below.");
                terminal.Error.WriteLine(SafeText.Lines(exception.StackTrace));
                return ExitCode.Dependency;
        }
    }

    private static void Write(Terminal terminal, string what, string? next)
    {
        terminal.Error.WriteLine("devops-agent: " + SafeText.Lines(what));
        if (next is not null)
        {
            terminal.Error.WriteLine(SafeText.Lines(next));
        }
    }
}
