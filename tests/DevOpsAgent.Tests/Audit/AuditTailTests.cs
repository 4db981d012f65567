using DevOpsAgent.Audit;

namespace DevOpsAgent.Tests.Audit;

public sealed class AuditTailTests : IDisposable
{
    private readonly AuditRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Every_line_comes_once_and_in_order_through_rotations_while_it_is_followed()
    {
        _rig.Config = _rig.Config with { SegmentSize = 2000 };
        using var log = _rig.Open();
        using var tail = new AuditTail(_rig.Folder);
        var seqs = new List<long>();
        for (var i = 0; i < 20; i++)
        {
            Drain();
            await AuditRig.FillAsync(log, 3);
        }

        Drain();
        _rig.Closed().Length.ShouldBeGreaterThan(10);
        seqs.ShouldBe(Enumerable.Range(1, (int)log.End.Seq).Select(static n => (long)n));

        void Drain()
        {
            while (tail.TryRead(out var line, out _))
            {
                seqs.Add(line.Seq);
            }
        }
    }

    [Fact]
    public async Task A_changed_line_is_left_out_and_counted()
    {
        await _rig.FillAsync(3);
        var text = await File.ReadAllTextAsync(_rig.File("audit.jsonl"), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_rig.File("audit.jsonl"), text.Replace(AuditRig.Id(1), AuditRig.Id(8)), TestContext.Current.CancellationToken);
        using var tail = new AuditTail(_rig.Folder);
        tail.TryRead(out _, out _).ShouldBeTrue();
        tail.TryRead(out var second, out _).ShouldBeTrue();
        second.Seq.ShouldBe(3);
        tail.Unreadable.ShouldBe(1);
    }
}
