using System.CommandLine;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.App.Cli;

/// <summary>What every command is built with.</summary>
internal sealed record CommandContext(Terminal Terminal, RootOptions Options)
{
    /// <exception cref="ConfigException">The configuration is wrong; exit code 2.</exception>
    public LoadedConfig Load(ParseResult parsed) => ConfigReader.Load(Options.Request(parsed, Terminal));
}
