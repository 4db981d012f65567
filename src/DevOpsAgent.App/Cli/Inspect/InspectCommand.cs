using System.CommandLine;
using DevOpsAgent.Configuration;
using DevOpsAgent.Kubernetes;
using DevOpsAgent.Kubernetes.Client;
using DevOpsAgent.Kubernetes.Inspection;

namespace DevOpsAgent.App.Cli.Inspect;

/// <summary>Looks at a cluster, or at files that were recorded of one: what lets or denies clients by address, and how to block with it. Only reads.</summary>
internal static class InspectCommand
{
    /// <summary>Characters of standard input that are read at most.</summary>
    private const int MostInput = 256 << 20;

    public static Command Build(CommandContext context)
    {
        var from = new Option<string?>("--from") { Description = "A recorded cluster instead of a live one: a file or folder of 'kubectl get -o json|yaml', or - for standard input", HelpName = "path" };
        var list = new Option<string?>("--config-map") { Description = "Judge as if you named this list for the agent to write", HelpName = "namespace/name/key" };
        var command = new Command("inspect", "Show what in the cluster lets or denies clients by address, what each protects, and the way to block") { from, list };
        var format = OutputFormat.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var picture = await LookAsync(context, parsed, parsed.GetValue(from), parsed.GetValue(list), cancellation);
            if (format.IsJson(parsed))
            {
                context.Terminal.Out.WriteLine(PictureJson.Text(PictureJson.Of(picture, PictureLimits.Whole)));
            }
            else
            {
                new InspectText(context.Terminal).Write(picture);
            }

            return ExitCode.Fine;
        });
        return command;
    }

    private static async Task<ClusterPicture> LookAsync(CommandContext context, ParseResult parsed, string? from, string? list, CancellationToken cancellationToken)
    {
        try
        {
            var config = from is null ? context.Load(parsed).Config : null;
            var api = from switch
            {
                null => Connect(config!, context.Terminal.Time),
                "-" => Recording.Read(await ReadInputAsync(context.Terminal.In, cancellationToken), "of standard input"),
                _ => await Recording.ReadAsync(from, cancellationToken),
            };
            using var connection = api as IDisposable;
            return await new ClusterInspector(api, list ?? config?.Blocking.Kubernetes.ConfigMap).InspectAsync(cancellationToken);
        }
        catch (KubernetesException e)
        {
            throw e.Fault == KubernetesFault.Configuration
                ? CommandException.Usage(e.Message, from is null ? "Or name a recorded cluster: 'devops-agent inspect --from FILE|FOLDER'." : "docs/inspection.md shows what to record, and how.")
                : CommandException.Dependency(e.Message, e.MissingRule);
        }
    }

    /// <summary>The one place where a live cluster is opened for inspecting.</summary>
    private static IKubernetesApi Connect(AgentConfig config, TimeProvider time) => KubernetesApi.Connect(config.Kubernetes, time);

    private static async Task<string> ReadInputAsync(TextReader input, CancellationToken cancellationToken)
    {
        var text = new System.Text.StringBuilder();
        var buffer = new char[64 << 10];
        for (int read; (read = await input.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            text.Append(buffer, 0, read);
            if (text.Length > MostInput)
            {
                throw CommandException.Usage("standard input holds more than 256 M characters", "Record only what an inspection reads; docs/inspection.md lists it.");
            }
        }

        return text.ToString();
    }
}
