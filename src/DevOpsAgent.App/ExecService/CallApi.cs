using System.Buffers;
using System.IO.Pipelines;
using DevOpsAgent.Exec;
using DevOpsAgent.Exec.Acl;
using DevOpsAgent.Exec.Remote;
using Microsoft.AspNetCore.Http;

namespace DevOpsAgent.App.ExecService;

/// <summary>The one endpoint: finds out who calls and what for, refuses in the documented order, hands the rest to the gateway.</summary>
internal sealed class CallApi(ExecParts parts)
{
    private const string Lines = "application/x-ndjson; charset=utf-8";

    public async Task HelloAsync(HttpContext context)
    {
        if (context.Features.Get<PeerCredentials>() is { } local && !parts.MayCall(local))
        {
            await RefuseAsync(context, LocalPeer(local), [], FrameVerdict.TrustRejected, "user_not_allowed");
            return;
        }

        EventJson.Hello(Begin(context, 200), parts.Judge, parts.Config.Lease, parts.Time.GetUtcNow());
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    public async Task CallAsync(HttpContext context)
    {
        var body = context.Request.BodyReader;
        var local = context.Features.Get<PeerCredentials>();
        if (local is not null && !parts.MayCall(local))
        {
            await RefuseAsync(context, LocalPeer(local), [], FrameVerdict.TrustRejected, "user_not_allowed");
            return;
        }

        // Malformed comes first: who sent it is not even looked at.
        var line = await CallBody.ReadLineAsync(body, local is null ? SignedFrame.MaxBytes : ExecCallJson.MaxBytes, context.RequestAborted);
        var (call, peer, verdict) = line is null ? (null, null, FrameVerdict.Malformed) : local is null ? Remote(context, line) : Local(local, line);
        if (verdict is { Reason: { } reason })
        {
            await RefuseAsync(context, peer, verdict.Frame?.Call.Argv ?? [], reason, verdict.Detail);
            return;
        }

        var stdin = await CallBody.ReadStdinAsync(body, call!, StdinCap, context.RequestAborted);
        if (stdin is null)
        {
            await RefuseAsync(context, peer! with { Sender = peer.Sender with { Standing = SenderStanding.Unverified } }, call!.Argv, FrameVerdict.UnverifiedSender, "bad_stdin");
            return;
        }

        await AnswerAsync(context, call!, peer!, stdin.Value);
    }

    private long StdinCap => parts.Sessions.Policy is ExecPolicy.Enabled enabled ? enabled.Acl.Caps.MaxStdinBytes : 0;

    private async Task AnswerAsync(HttpContext context, ExecCall call, ExecPeer peer, ReadOnlyMemory<byte> stdin)
    {
        if (!ExecRequestId.TryParse(call.RequestId, out var id))
        {
            throw new InvalidOperationException("a call was read whose id is none");
        }

        var owner = peer.IsOperator ? null : peer.Sender.AgentId;
        switch (call.Operation)
        {
            case CallOperation.Run:
                await RunAsync(context, Request(context, call, id, peer, stdin), peer);
                return;
            case CallOperation.Check when parts.Sessions.Judge(Request(context, call, id, peer, stdin)) is { } refusal:
                EventJson.Denied(Begin(context, 200), refusal.Reason.Wire(), null, refusal.Text);
                break;
            case CallOperation.Check:
                EventJson.Allowed(Begin(context, 200), (parts.Sessions.Policy as ExecPolicy.Enabled)?.Acl.Match(peer.Sender.AgentId, peer.Sender.MachineId, call.Argv)?.Entry.Description);
                break;
            case CallOperation.Renew:
                EventJson.Done(Begin(context, 200), "renewed", parts.Sessions.RenewLease(id, parts.Config.Lease, owner));
                break;
            case CallOperation.Cancel:
                EventJson.Done(Begin(context, 200), "cancelled", parts.Sessions.Cancel(id, ExecCause.Cancelled, owner));
                break;
            case CallOperation.Sessions:
                EventJson.Sessions(
                    Begin(context, 200),
                    parts.Sessions.Active.Where(s => owner is null || s.Sender.AgentId == owner),
                    owner is null ? parts.Sessions.Report() : null,
                    parts.Time.GetUtcNow());
                break;
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private async Task RunAsync(HttpContext context, ExecRequest request, ExecPeer peer)
    {
        var started = new TaskCompletionSource<ExecSession>(TaskCreationOptions.RunContinuationsAsynchronously);
        var run = parts.RunAsync(request with { OnStarted = session => started.TrySetResult(session) }, peer.Caller);
        if (await Task.WhenAny(started.Task, run) == run && !started.Task.IsCompletedSuccessfully)
        {
            var refusal = (await run)!;
            EventJson.Denied(Begin(context, 403), refusal.Reason, null, refusal.Text);
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
            return;
        }

        await using var gone = context.RequestAborted.Register(() => parts.Sessions.Disconnect(request.Connection!));
        await StreamAsync(Begin(context, 200), await started.Task, context.RequestAborted);
        await run; // its receipt is stored before the caller sees the end of the answer
    }

    private static async Task StreamAsync(PipeWriter output, ExecSession session, CancellationToken cancellationToken)
    {
        while (await session.Events.WaitToReadAsync(CancellationToken.None))
        {
            while (session.Events.TryRead(out var record))
            {
                // Once the caller is gone the events are still read, so that the command isn't held up by a full pipe while it ends.
                if (!cancellationToken.IsCancellationRequested)
                {
                    EventJson.Write(output, session, record);
                    if (output.UnflushedBytes > 64 * 1024)
                    {
                        await FlushAsync(output, cancellationToken);
                    }
                }
            }

            await FlushAsync(output, cancellationToken);
        }
    }

    private static async Task FlushAsync(PipeWriter output, CancellationToken cancellationToken)
    {
        try
        {
            await output.FlushAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The caller went away; its session is being ended by that.
        }
    }

    private ExecRequest Request(HttpContext context, ExecCall call, ExecRequestId id, ExecPeer peer, ReadOnlyMemory<byte> stdin) => new()
    {
        RequestId = id,
        Sender = peer.Sender,
        Argv = call.Argv,
        Stdin = stdin,
        Timeout = TimeSpan.FromMilliseconds(Math.Min(call.TimeoutMs ?? 0, MaxTimeoutMs)),
        Cwd = call.Cwd,
        Lease = parts.Config.Lease,
        Connection = context.Connection.Id,
    };

    /// <summary>A year: longer than any cap, and no overflow in any sum with it.</summary>
    private const long MaxTimeoutMs = 366L * 24 * 3600 * 1000;

    private (ExecCall? Call, ExecPeer? Peer, FrameVerdict Verdict) Local(PeerCredentials local, byte[] line) =>
        ExecCallJson.TryRead(line) is { } call ? (call, LocalPeer(local), new(null, null, null)) : (null, null, FrameVerdict.Malformed);

    private (ExecCall? Call, ExecPeer? Peer, FrameVerdict Verdict) Remote(HttpContext context, byte[] line)
    {
        // TLS let nobody in without a certificate whose key is trusted; without one nothing fits below.
        var channel = MachineCertificate.MachineOf(context.Connection.ClientCertificate)?.Id ?? "";
        var verdict = parts.Judge.Judge(line, channel);
        if (verdict.Frame is not { } frame)
        {
            return (null, null, verdict);
        }

        var standing = verdict.Reason switch
        {
            null => SenderStanding.Trusted,
            FrameVerdict.TrustRejected => SenderStanding.Untrusted,
            _ => SenderStanding.Unverified,
        };
        return (frame.Call, ExecPeer.Remote(frame.Agent.Id, frame.Machine.Id, standing), verdict);
    }

    private ExecPeer LocalPeer(PeerCredentials local) => ExecPeer.Local(local, parts.Judge.MachineId, parts.MayCall(local), parts.IsOperator(local));

    /// <summary>Counts it, in the audit log within its rate limit, and says why. The answer ends the connection.</summary>
    private async Task RefuseAsync(HttpContext context, ExecPeer? peer, IReadOnlyList<string> argv, string reason, string? detail)
    {
        if (peer is null)
        {
            parts.Sessions.CountMalformed();
        }
        else
        {
            await parts.Sessions.AdmitAsync(new() { RequestId = ExecRequestId.New(), Sender = peer.Sender, Argv = argv });
        }

        context.Response.Headers.Connection = "close";
        EventJson.Denied(Begin(context, peer is null ? 400 : 403), reason, detail, Refusals.Text(detail));
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static PipeWriter Begin(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = Lines;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.BodyWriter;
    }
}
