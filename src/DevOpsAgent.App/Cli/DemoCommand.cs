using System.CommandLine;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.App.Cli;

/// <summary>Plays a recorded attack through the whole service, in a temporary directory, with the page on loopback.</summary>
internal static class DemoCommand
{
    public static Command Build(CommandContext context)
    {
        var command = new Command("demo", "Play a recorded attack through the whole service, in a temporary directory");
        var noWait = new Option<bool>("--no-wait") { Description = "Approve the worst incident by itself, show the result and end (for scripts)" };
        var listen = new Option<string>("--listen") { Description = "Address and port of the page", HelpName = "address:port", DefaultValueFactory = static _ => "127.0.0.1:8686" };
        var seconds = new Option<double>("--seconds") { Description = "How long the recording of 21 minutes plays", HelpName = "n", DefaultValueFactory = static _ => 6 };
        seconds.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is < 0 or > 3600 or double.NaN)
            {
                result.AddError("--seconds must be between 0 and 3600.");
            }
        });
        command.Options.Add(noWait);
        command.Options.Add(listen);
        command.Options.Add(seconds);
        command.SetAction(async (parsed, cancellation) =>
        {
            var folder = Directory.CreateTempSubdirectory("devops-agent-demo-");
            try
            {
                await using var demo = new Demo(folder.FullName, context.Terminal);
                return await demo.RunAsync(parsed.GetValue(listen)!, TimeSpan.FromSeconds(parsed.GetValue(seconds)), !parsed.GetValue(noWait), cancellation);
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        });
        return command;
    }
}
