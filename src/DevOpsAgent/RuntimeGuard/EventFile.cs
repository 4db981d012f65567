using System.Text.Json;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.RuntimeGuard;

/// <summary>Recorded events: one JSON object per line, as <c>guard learn --record</c> and <c>guard run --record</c> write them.</summary>
internal static class EventFile
{
    private const int MaxProblems = 20;

    /// <summary>Lines that are no events become problems and are left out. Never throws for what stands in a line.</summary>
    public static IReadOnlyList<GuardEvent> Read(TextReader text, string file, List<ConfigProblem> problems)
    {
        var events = new List<GuardEvent>();
        for (var number = 1; text.ReadLine() is { } line; number++)
        {
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            try
            {
                if (JsonSerializer.Deserialize(line, GuardJson.Default.GuardEvent) is { Process.Length: > 0, Subject: not null } seen)
                {
                    events.Add(seen);
                    continue;
                }

                Report("has no 'process'; every event names the policy it is judged by");
            }
            catch (JsonException e)
            {
                Report($"is not an event: {e.Message.Split(" Path:")[0]}");
            }

            void Report(string what)
            {
                if (problems.Count < MaxProblems)
                {
                    problems.Add(new(file, number, 1, what));
                }
            }
        }

        return events;
    }

    public static string Line(GuardEvent seen) => JsonSerializer.Serialize(seen, GuardJson.Default.GuardEvent);
}
