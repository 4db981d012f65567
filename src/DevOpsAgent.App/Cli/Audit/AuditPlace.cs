using System.CommandLine;
using DevOpsAgent.Audit;
using DevOpsAgent.Signing;

namespace DevOpsAgent.App.Cli.Audit;

/// <summary>Which log a command is about: the one named, else that of the configuration.</summary>
internal static class AuditPlace
{
    public static Argument<string?> Argument() => new("path") { Description = "The log's directory, or one of its files (default: audit.directory of the configuration)", HelpName = "dir|file", Arity = ArgumentArity.ZeroOrOne };

    public static string Of(CommandContext context, ParseResult parsed, Argument<string?> argument)
    {
        var path = Path.GetFullPath(parsed.GetValue(argument) ?? context.Load(parsed).Config.Audit.Directory);
        return Directory.Exists(path) || File.Exists(path)
            ? path
            : throw CommandException.Dependency($"There is no audit log at {path}.", "Name its directory, or set audit.directory; nothing is written before exec is enabled.");
    }

    public static Func<string, byte[]?> KeysOf(string path, string? given)
    {
        var directory = given ?? Path.Combine(Directory.Exists(path) ? path : Path.GetDirectoryName(path)!, AuditKeys.Folder);
        try
        {
            return AuditKeys.PublicIn(directory) ?? throw CommandException.Dependency(
                $"The public keys are missing: {Path.Combine(directory, KeyRing.PublicName)}.", "Without them no checkpoint can be checked: name the directory that holds the file: --keys DIR.");
        }
        catch (KeyException e)
        {
            throw CommandException.Refused(e.Message);
        }
    }
}
