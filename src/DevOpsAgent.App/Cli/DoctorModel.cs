using System.Globalization;
using DevOpsAgent.Agent.Llm;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.App.Cli;

/// <summary>The model's part of <c>doctor</c>: its server is reached, has the model, and answers. Nothing is asked where no model is configured.</summary>
internal sealed class DoctorModel(LlmConfig config, TimeProvider time, List<Check> checks)
{
    private const string Name = "model";
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(20);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (!config.IsOn)
        {
            return;
        }

        try
        {
            Report(await LlmCheckup.ReadAsync(config, time, cancellationToken));
        }
        catch (LlmException e)
        {
            // Detection and blocking work without it.
            checks.Add(new(Name, CheckStatus.Warning, e.Message, "until then the agent works by its rules alone"));
        }
    }

    private void Report(LlmCheckup found)
    {
        checks.Add(new(Name, CheckStatus.Ok, string.Create(CultureInfo.InvariantCulture, $"{found.Description} answers ({found.Took.TotalSeconds:0.0} s)"), null));
        if (found.Listed == false)
        {
            checks.Add(new(Name, CheckStatus.Warning, $"it is not in its server's list, which has {string.Join(", ", found.Others)}", "look at llm.model"));
        }

        if (found.Took > Slow)
        {
            checks.Add(new(Name, CheckStatus.Warning, "it is slow: a finding needs several answers", "take a smaller model, or raise llm.timeout"));
        }

        if (found.Dialect == LlmDialect.OllamaGenerate)
        {
            checks.Add(new(Name, CheckStatus.Ok, "/api/generate knows no tools, so they are written into the text; /api/chat is better where the model knows tools", null));
        }
    }
}
