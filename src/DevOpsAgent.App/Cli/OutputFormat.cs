using System.CommandLine;

namespace DevOpsAgent.App.Cli;

/// <summary>The choice between a table for people and JSON for programs that every listing has: --json, or -o json|table.</summary>
internal sealed class OutputFormat
{
    private readonly Option<bool> _json = new("--json") { Description = "JSON instead of a table (same as -o json)" };
    private readonly Option<string> _format = new Option<string>("--output", "-o") { Description = "json or table", HelpName = "format" }.AcceptOnlyFromAmong("json", "table");

    public static OutputFormat AddTo(Command command)
    {
        var format = new OutputFormat();
        command.Options.Add(format._json);
        command.Options.Add(format._format);
        command.Validators.Add(result =>
        {
            if (result.GetValue(format._json) && result.GetValue(format._format) == "table")
            {
                result.AddError("--json and -o table contradict each other; give one of them.");
            }
        });
        return format;
    }

    public bool IsJson(ParseResult parsed) => parsed.GetValue(_json) || parsed.GetValue(_format) == "json";
}
