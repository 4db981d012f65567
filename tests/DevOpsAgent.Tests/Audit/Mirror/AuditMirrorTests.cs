using System.Net;
using System.Text;
using DevOpsAgent.Audit;
using DevOpsAgent.Audit.Mirror;

namespace DevOpsAgent.Tests.Audit.Mirror;

public sealed class AuditMirrorTests : IDisposable
{
    private readonly AuditRig _rig = new();
    private readonly FakeTarget _target = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Closed_segments_and_checkpoints_are_copied()
    {
        _rig.Config = _rig.Config with { SegmentSize = 4000, CheckpointLines = 3 };
        await _rig.FillAsync(20);
        await using var mirror = Mirror(live: false);
        await PassAsync();

        var ofClosed = _rig.Closed().SelectMany(c => _rig.Lines(c)).ToList();
        _target.Lines.Take(ofClosed.Count).ShouldBe(ofClosed);
        _target.Lines.Skip(ofClosed.Count).ShouldBe(_rig.Lines().Where(static l => l.Contains("\"event\":\"checkpoint\"")));
        mirror.Status.Problem.ShouldBeNull();
    }

    [Fact]
    public async Task Live_copies_every_line_through_a_rotation_and_goes_on_after_a_restart()
    {
        _rig.Config = _rig.Config with { SegmentSize = 2000 };
        using var log = _rig.Open();
        await using (Mirror(live: true))
        {
            await AuditRig.FillAsync(log, 2);
            await PassAsync();
            await AuditRig.FillAsync(log, 7);
            await PassAsync();
        }

        var sent = _target.Lines.Count;
        sent.ShouldBe((int)log.End.Seq);
        await AuditRig.FillAsync(log, 5);
        await using (Mirror(live: true))
        {
            await PassAsync();
        }

        _target.Lines.Select(static l => System.Text.Json.JsonDocument.Parse(l).RootElement.GetProperty("seq").GetInt64()).ShouldBe(Enumerable.Range(1, (int)log.End.Seq).Select(static n => (long)n));
    }

    [Fact]
    public async Task A_target_that_is_down_never_holds_up_the_log_and_gets_everything_later()
    {
        using var log = _rig.Open();
        _target.Down = true;
        await using var mirror = Mirror(live: true);
        await AuditRig.FillAsync(log, 5);
        await _target.Tried(3, _rig.Time);
        mirror.Status.Problem.ShouldBe("fake is down");
        mirror.Status.FailingSince.ShouldNotBeNull();
        _target.Down = false;
        await PassAsync();
        _target.Lines.Count.ShouldBe(5);
    }

    [Fact]
    public async Task A_target_that_never_answers_does_not_keep_the_log_from_closing()
    {
        await _rig.FillAsync(3);
        _target.Hangs = true;
        var mirror = Mirror(live: true);
        await _target.Called;
        using (var log = _rig.Open())
        {
            await AuditRig.FillAsync(log, 3);
        }

        await mirror.DisposeAsync();
        _target.Lines.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_retention_let_go_before_is_counted_and_its_checkpoints_are_copied()
    {
        _rig.Config = _rig.Config with { SegmentSize = 2000, KeepSegments = 1 };
        await _rig.FillAsync(20);
        var found = _rig.Verify();
        await using var mirror = Mirror(live: true);
        await PassAsync();
        var kept = _rig.Lines(SegmentName.Checkpoints).Length - _rig.Closed().Length;
        mirror.Status.Missed.ShouldBe(found.FirstSeq - 1 - kept);
        _target.Lines.Count.ShouldBe((int)found.Lines + kept);
    }

    [Fact]
    public async Task A_changed_line_is_not_copied_over_the_true_one()
    {
        await _rig.FillAsync(3);
        var text = await File.ReadAllTextAsync(_rig.File("audit.jsonl"), Cancellation);
        await File.WriteAllTextAsync(_rig.File("audit.jsonl"), text.Replace("list files", "list filez"), Cancellation);
        await using var mirror = Mirror(live: true);
        await Until(() => mirror.Status.Problem is not null);
        mirror.Status.Problem!.ShouldContain("was changed");
        _target.Lines.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_collector_gets_lines_headers_and_token_and_its_answers_are_understood()
    {
        await _rig.FillAsync(2);
        var line = AuditLine.TryRead(Encoding.ASCII.GetBytes(_rig.Lines()[0]), out var read, out _) ? read : null;
        var batch = new MirrorBatch("ops audit", 1, [new(line!, Encoding.ASCII.GetBytes(_rig.Lines()[0]))]);
        using var handler = new FakeHandler();
        await using var target = new CollectorTarget(new("https://user:pw@collector.example.org/audit?x=1"), "t0ken", handler);
        await target.SendAsync(batch, Cancellation);
        handler.Body.ShouldBe(_rig.Lines()[0] + "\n");
        handler.Headers.ShouldContain("Authorization: Bearer t0ken");
        handler.Headers.ShouldContain("X-Audit-Stream: ops%20audit");
        handler.Headers.ShouldContain("X-Audit-Segment: 1");
        target.Name.ShouldNotContain("pw");

        handler.Answer = HttpStatusCode.Conflict;
        (await Should.ThrowAsync<MirrorException>(() => target.SendAsync(batch, Cancellation))).Message.ShouldContain("one of the two logs was changed");
        handler.Answer = HttpStatusCode.Found;
        (await Should.ThrowAsync<MirrorException>(() => target.SendAsync(batch, Cancellation))).Message.ShouldContain("answered 302");
    }

    private AuditMirror Mirror(bool live) => new(_rig.Folder, "stream", live, _target, _rig.Time);

    /// <summary>One pass over the files, from its start to its end.</summary>
    private async Task PassAsync()
    {
        var position = _rig.File(MirrorPosition.FileName);
        var before = _target.Lines.Count;
        _rig.Time.Advance(TimeSpan.FromMinutes(10));
        await Until(() => _rig.Time.Waiting > 0 && _target.Lines.Count >= before && File.Exists(position) && _target.Quiet);
        _rig.Time.Advance(TimeSpan.FromMinutes(10));
        await Until(() => _rig.Time.Waiting > 0 && _target.Quiet);
    }

    private static async Task Until(Func<bool> condition)
    {
        for (var i = 0; i < 2000 && !condition(); i++)
        {
            await Task.Delay(5, Cancellation);
        }

        condition().ShouldBeTrue();
    }

    private sealed class FakeTarget : IMirrorTarget
    {
        private readonly TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly List<string> _lines = [];
        private int _tries, _busy;

        public string Name => "fake";

        public volatile bool Down, Hangs;

        public Task Called => _called.Task;

        public bool Quiet => Volatile.Read(ref _busy) == 0;

        public List<string> Lines
        {
            get
            {
                lock (_lines)
                {
                    return [.. _lines];
                }
            }
        }

        public async Task Tried(int times, FakeTime time) => await Until(() =>
        {
            time.Advance(TimeSpan.FromMinutes(10));
            return Volatile.Read(ref _tries) >= times;
        });

        public async Task SendAsync(MirrorBatch batch, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _busy);
            try
            {
                Interlocked.Increment(ref _tries);
                _called.TrySetResult();
                if (Hangs)
                {
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                }

                if (Down)
                {
                    throw new MirrorException("fake is down");
                }

                lock (_lines)
                {
                    _lines.AddRange(batch.Lines.Select(static l => Encoding.ASCII.GetString(l.Text)));
                }
            }
            finally
            {
                Interlocked.Decrement(ref _busy);
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class FakeHandler : HttpMessageHandler
    {
        public HttpStatusCode Answer { get; set; } = HttpStatusCode.NoContent;

        public string Body { get; private set; } = "";

        public List<string> Headers { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Body = await request.Content!.ReadAsStringAsync(cancellationToken);
            Headers.AddRange(request.Headers.Select(static h => $"{h.Key}: {string.Join(' ', h.Value)}"));
            return new(Answer);
        }
    }
}
