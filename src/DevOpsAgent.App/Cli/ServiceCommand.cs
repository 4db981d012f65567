using DevOpsAgent.Configuration;

namespace DevOpsAgent.App.Cli;

/// <summary>The root command: the service itself.</summary>
internal static class ServiceCommand
{
    public static Task<int> RunAsync(LoadedConfig loaded, Terminal terminal, CancellationToken cancellationToken) =>
        throw CommandException.Usage("this build has no service");
}
