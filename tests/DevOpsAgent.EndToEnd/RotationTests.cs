using DevOpsAgent.Incidents;

namespace DevOpsAgent.EndToEnd;

/// <summary>Rotation under a running agent, and between two runs: each request counts once.</summary>
[Collection(ProcessTests.Name)]
public sealed class RotationTests
{
    private const string Client = "203.0.113.7";
    private int _written;

    [Fact]
    public async Task By_rename_with_lines_that_still_go_to_the_old_file()
    {
        await using var rig = new AgentRig();
        await rig.StartAsync();
        Write(rig, 7);
        await rig.ReadToEndAsync();
        for (var turn = 0; turn < 3; turn++)
        {
            ShiftArchives(rig);
            File.Move(rig.Log, rig.Log + ".1");
            Write(rig, 5, rig.Log + ".1");
            Write(rig, 6);
            Write(rig, 3);
        }

        await CountsAreExactAsync(rig);
    }

    [Fact]
    public async Task What_was_read_is_stored_within_seconds_however_quiet_the_log_becomes()
    {
        await using var rig = new AgentRig();
        await rig.StartAsync();
        for (var turn = 0; turn < 6; turn++)
        {
            Write(rig, 1);
            await rig.ReadToEndAsync();
        }
    }

    [Fact]
    public async Task By_copy_and_truncate()
    {
        await using var rig = new AgentRig();
        await rig.StartAsync();
        Write(rig, 9);
        for (var turn = 0; turn < 3; turn++)
        {
            // What comes between the last read and the copy stands in the copy; between copy and truncation nobody can save it.
            await rig.ReadToEndAsync();
            ShiftArchives(rig);
            File.Copy(rig.Log, rig.Log + ".1");
            using (var log = new FileStream(rig.Log, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            {
                log.SetLength(0);
            }

            // At once longer than before: the size alone does not tell.
            Write(rig, 12 + turn);
        }

        await CountsAreExactAsync(rig);
    }

    [Fact]
    public async Task By_deletion_after_it_was_read()
    {
        await using var rig = new AgentRig();
        await rig.StartAsync();
        Write(rig, 8);
        for (var turn = 0; turn < 3; turn++)
        {
            await rig.ReadToEndAsync();
            File.Delete(rig.Log);
            Write(rig, 9 + turn);
        }

        await CountsAreExactAsync(rig);
    }

    [Fact]
    public async Task Between_two_runs()
    {
        await using var rig = new AgentRig();
        var agent = await rig.StartAsync();
        Write(rig, 8);
        await rig.ReadToEndAsync();
        await rig.StopAsync(agent);
        Write(rig, 4);
        File.Move(rig.Log, rig.Log + ".1");
        Write(rig, 5, rig.Log + ".1");
        Write(rig, 6);
        agent = await rig.StartAsync();
        Write(rig, 2);
        await rig.KillAsync(agent);

        // Twice while nobody looked.
        File.Move(rig.Log + ".1", rig.Log + ".2");
        File.Move(rig.Log, rig.Log + ".1");
        Write(rig, 3);
        await rig.StartAsync();
        await CountsAreExactAsync(rig);
    }

    [Fact]
    public async Task Before_its_first_byte_was_read_between_two_runs()
    {
        await using var rig = new AgentRig();
        var agent = await rig.StartAsync();
        await rig.ReadToEndAsync();
        await rig.StopAsync(agent);
        Write(rig, 8);
        File.Move(rig.Log, rig.Log + ".1");
        Write(rig, 6);
        await rig.StartAsync();
        await CountsAreExactAsync(rig);
    }

    [Fact]
    public async Task By_copy_and_truncate_between_two_runs()
    {
        await using var rig = new AgentRig();
        var agent = await rig.StartAsync();
        Write(rig, 8);
        await rig.ReadToEndAsync();
        await rig.StopAsync(agent);
        Write(rig, 4);
        File.Copy(rig.Log, rig.Log + ".1");
        File.WriteAllText(rig.Log, "");
        Write(rig, 15);
        await rig.StartAsync();
        await CountsAreExactAsync(rig);
    }

    [Fact]
    public async Task Lines_that_arrive_in_pieces_count_once()
    {
        await using var rig = new AgentRig();
        await rig.StartAsync();
        Write(rig, 6);
        var line = LogLine.Harvest(Client, 1, AgentRig.Now).Single() + "\n";
        foreach (var piece in line.Chunk(40))
        {
            await File.AppendAllTextAsync(rig.Log, new string(piece), TestContext.Current.CancellationToken);
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        _written++;
        await CountsAreExactAsync(rig);
    }

    private static void ShiftArchives(AgentRig rig)
    {
        for (var number = 3; number > 0; number--)
        {
            if (File.Exists($"{rig.Log}.{number}"))
            {
                File.Move($"{rig.Log}.{number}", $"{rig.Log}.{number + 1}");
            }
        }
    }

    private void Write(AgentRig rig, int count, string? file = null)
    {
        rig.Append(LogLine.Harvest(Client, count, AgentRig.Now), file);
        _written += count;
    }

    /// <summary>Evidence is renewed after five minutes of the log: one more line then brings all that was counted.</summary>
    private async Task CountsAreExactAsync(AgentRig rig)
    {
        rig.Append(LogLine.Harvest(Client, 1, AgentRig.Now + TimeSpan.FromMinutes(6)));
        _written++;
        var incident = await rig.IncidentAsync(Client, i => i.Evidence.Matched >= _written && i.Status == IncidentStatus.Blocked, $"counts {_written}");
        incident.Evidence.Matched.ShouldBe(_written);
        incident.Evidence.Requests.ShouldBe(_written);
        rig.Store.ListIncidents(new() { Limit = 10 }).Total.ShouldBe(1);
    }
}
