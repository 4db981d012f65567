using DevOpsAgent.Audit;

namespace DevOpsAgent.Tests.Exec;

/// <summary>Keeps what it is given; fails from a chosen event on; can hold an event back until a test lets it go.</summary>
internal sealed class RecordingAudit : IExecAudit
{
    private readonly List<AuditEvent> _events = [];
    private readonly List<AuditEvent.Denial> _counted = [];

    /// <summary>True: this event can't be written.</summary>
    public Func<AuditEvent, bool> Fails { get; set; } = static _ => false;

    /// <summary>Awaited before an event is taken.</summary>
    public Func<AuditEvent, Task> Before { get; set; } = static _ => Task.CompletedTask;

    public IReadOnlyList<AuditEvent> Events
    {
        get
        {
            lock (_events)
            {
                return [.. _events];
            }
        }
    }

    public IReadOnlyList<AuditEvent.Denial> Counted => _counted;

    public async ValueTask AppendAsync(AuditEvent record, CancellationToken cancellationToken)
    {
        await Before(record);
        if (Fails(record))
        {
            throw new AuditException("the disk is full");
        }

        lock (_events)
        {
            _events.Add(record);
        }
    }

    public void Count(AuditEvent.Denial denial) => _counted.Add(denial);
}
