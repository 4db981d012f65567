using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.App.Cli.Config;

/// <summary>Prints the values in effect and where each came from. Secrets are masked, passwords inside URLs too.</summary>
internal static class ShowCommand
{
    public static Command Build(CommandContext context)
    {
        var command = new Command("show", "Show the values in effect and where each comes from; secrets are masked");
        var json = new Option<bool>("--json") { Description = "JSON instead of YAML (same as -o json)" };
        var format = new Option<string>("--output", "-o") { Description = "json or yaml", HelpName = "format" }.AcceptOnlyFromAmong("json", "yaml");
        command.Options.Add(json);
        command.Options.Add(format);
        foreach (var option in context.Options.Overrides)
        {
            command.Options.Add(option);
        }

        command.SetAction(parsed =>
        {
            var loaded = context.Load(parsed);
            context.Terminal.Out.Write(parsed.GetValue(json) || parsed.GetValue(format) == "json" ? Json(loaded) : ConfigText.Of(loaded.Config, loaded.Origins));
            return ExitCode.Fine;
        });
        return command;
    }

    private static string Json(LoadedConfig loaded)
    {
        var values = ConfigKeys.All.Keys.Select(key => new ValueView(key.Path, key.Show(loaded.Config), loaded.Origins.GetValueOrDefault(key.Path)?.ToString() ?? "default"));
        return JsonSerializer.Serialize(new ShowView(loaded.File, [.. values]), CliJson.Default.ConfigShowView) + "\n";
    }
}

/// <summary>Origin: "default", "config.yaml:12", a variable's name or a flag.</summary>
internal sealed record ValueView(string Key, JsonNode? Value, string Origin);

internal sealed record ShowView(string? File, IReadOnlyList<ValueView> Values);
