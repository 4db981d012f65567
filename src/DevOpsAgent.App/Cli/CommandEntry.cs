using System.CommandLine;

namespace DevOpsAgent.App.Cli;

/// <summary>One command: its words ("config check"), how it is built, and examples for its help.</summary>
internal sealed record CommandEntry(string Path, Func<CommandContext, Command> Build, params string[] Examples);
