using System.Text.Json.Nodes;

namespace DevOpsAgent.Bench;

/// <summary>From process start to /readyz, and resident memory after ten quiet seconds.</summary>
internal static class IdleBench
{
    public static async Task<JsonObject> RunAsync(BenchOptions options)
    {
        var rounds = options.Rounds > 0 ? options.Rounds : 5;
        List<double> ready = [], memory = [];
        for (var round = 0; round < rounds; round++)
        {
            await using var service = await Service.StartAsync(options.Agent);
            await Task.Delay(TimeSpan.FromSeconds(10));
            ready.Add(service.ReadyMs);
            memory.Add(Measured.StatusMb(service.Pid, "VmRSS"));
            Console.Error.WriteLine($"round {round + 1}: ready {ready[^1]:F0} ms, memory {memory[^1]:F1} MB");
        }

        return new()
        {
            ["idle_mb"] = Math.Round(Figures.Median(memory), 1),
            ["ready_ms"] = Math.Round(Figures.Median(ready)),
            ["rounds"] = rounds,
            ["spread"] = Figures.Spread(ready),
        };
    }
}
