using System.Diagnostics;
using System.Text.Json.Nodes;
using DevOpsAgent.Audit;
using DevOpsAgent.Exec;
using DevOpsAgent.Exec.Acl;
using DevOpsAgent.Exec.Native;
using DevOpsAgent.Guards;

namespace DevOpsAgent.Bench;

/// <summary>
/// From the permit to the exit of /bin/true, all of a session included but the disk (the audit is kept in memory), against
/// posix_spawn and waitid of the same file, called directly. Both alternate in one process.
/// </summary>
internal static class ExecBench
{
    private const int PerRound = 40;

    public static async Task<JsonObject> RunAsync(BenchOptions options)
    {
        var id = new string('a', 64);
        var file = Path.Combine(options.Cache, "exec-acl.yaml");
        await File.WriteAllTextAsync(file, $"exec: {{enabled: true, allow: [{{description: bench, agent_id: {id}, machine_id: {id}, commands: [{{argv: [/bin/true]}}]}}]}}\n");
        var gateway = new BenchGateway();
        await using var sessions = new ExecSessions(ExecAclReader.Load(file, TimeProvider.System), new NoDisk(), TimeProvider.System);
        sessions.OpenTo(gateway);
        var sender = new ExecSender(id, id, SenderStanding.Trusted);
        var rounds = options.Rounds > 0 ? options.Rounds : 41;
        List<double> alone = [], session = [], ratios = [];
        for (var round = -1; round < rounds; round++)
        {
            List<double> ours = [], theirs = [];
            for (var i = 0; i < PerRound; i++)
            {
                theirs.Add(Alone());
                ours.Add(await SessionAsync(sessions, gateway, sender));
            }

            // The first round warms both up.
            if (round >= 0)
            {
                alone.Add(Figures.Median(theirs));
                session.Add(Figures.Median(ours));
                ratios.Add(session[^1] / alone[^1]);
            }
        }

        return new JsonObject
        {
            ["ratio_to_posix_spawn"] = Math.Round(Figures.Median(ratios), 3),
            ["session_us"] = Math.Round(Figures.Median(session), 1),
            ["posix_spawn_us"] = Math.Round(Figures.Median(alone), 1),
            ["rounds"] = rounds,
            ["per_round"] = PerRound,
            ["spread"] = Figures.Spread(ratios),
        };
    }

    private static double Alone()
    {
        var clock = Stopwatch.GetTimestamp();
        using var memory = new NativeBlock();
        var error = Libc.posix_spawn(out var pid, memory.Text("/bin/true"), 0, 0, memory.Texts(["/bin/true"]), memory.Texts(["PATH=/usr/bin"]));
        if (error != 0)
        {
            throw new InvalidOperationException(Libc.Describe(error));
        }

        const int waitByPid = 1;
        _ = Libc.waitid(waitByPid, pid, new int[32], Libc.WaitExited);
        return Stopwatch.GetElapsedTime(clock).TotalMicroseconds;
    }

    private static async Task<double> SessionAsync(ExecSessions sessions, BenchGateway gateway, ExecSender sender)
    {
        var clock = Stopwatch.GetTimestamp();
        var start = await sessions.StartAsync(gateway.Approve(new() { RequestId = ExecRequestId.New(), Sender = sender, Argv = ["/bin/true"] }));
        var exit = await ((ExecStart.Running)start).Session.Completion;
        return exit.Code == 0 ? Stopwatch.GetElapsedTime(clock).TotalMicroseconds : throw new InvalidOperationException(exit.ToString());
    }

    private sealed class BenchGateway : Permit<ExecRequest>.Issuer
    {
        public ApprovedCommand Approve(ExecRequest request) => ApprovedCommand.From(Issue(this, 1, request));
    }

    private sealed class NoDisk : IExecAudit
    {
        public ValueTask AppendAsync(AuditEvent record, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public void Count(AuditEvent.Denial denial)
        {
        }
    }
}
