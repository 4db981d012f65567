using DevOpsAgent.Configuration;

namespace DevOpsAgent.Audit.Mirror;

/// <summary>The mirror that a configuration asks for.</summary>
internal static class MirrorFactory
{
    /// <param name="tasklistId">audit_tasklist_id of the exec ACL: the name of the list that the log is mirrored to; null where it has none.</param>
    /// <param name="say">Told when it doesn't go on and why, and when it does again (null).</param>
    /// <returns>Null: none is configured.</returns>
    /// <exception cref="MirrorException">The connection string is none.</exception>
    public static AuditMirror? Start(AuditConfig config, string? tasklistId, AuditLog log, TimeProvider time, Action<string?>? say = null)
    {
        var mirror = config.Mirror;
        IMirrorTarget? target;
        try
        {
            target = mirror.Postgres is { } postgres ? new PostgresTarget(postgres.Reveal)
                : mirror.Url is { } url ? new CollectorTarget(url, mirror.Token?.Reveal)
                : null;
        }
        catch (ArgumentException e)
        {
            throw new MirrorException($"'audit.mirror.postgres' is no Npgsql connection string: {e.Message}", e);
        }

        if (target is null)
        {
            return null;
        }

        var started = new AuditMirror(config.Directory, mirror.Stream ?? tasklistId ?? Environment.MachineName, mirror.Live, target, time, say);
        if (mirror.Live)
        {
            log.Written = started.Wake;
        }

        return started;
    }
}
