using System.Text;
using DevOpsAgent.Configuration;
using DevOpsAgent.Exec.Native;

namespace DevOpsAgent.Exec.Acl;

/// <summary>Loads the ACL: a YAML file with the section exec. Its text is taken as it is; variables are not replaced in it.</summary>
internal static class ExecAclReader
{
    public const string DefaultPath = "/etc/devops-agent/exec-acl.yaml";

    /// <summary>PATH of every command, and where a program without a slash is looked for.</summary>
    public const string SearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private const int MaxFileBytes = 1 << 20;

    /// <summary>Null: the default path, where a missing file means that Exec is disabled. A path that was named must exist.</summary>
    /// <exception cref="ConfigException">Anything wrong in it, all at once: a malformed ACL stops the start.</exception>
    public static ExecPolicy Load(string? path, TimeProvider time, string defaultPath = DefaultPath)
    {
        var file = path ?? defaultPath;
        var now = time.GetUtcNow();
        var problems = new List<ConfigProblem>();
        var text = ReadFile(file, problems, out var missing);
        if (missing && path is null)
        {
            return new ExecPolicy.Disabled(file, now, DisabledReason.AclMissing);
        }

        if (text is null || !YamlTree.TryRead(text, file, problems, out var root))
        {
            throw new ConfigException(problems);
        }

        var reader = new KeyReader(file, null, problems);
        if (root is not ConfigMap map)
        {
            reader.Report(root, $"must be the group of keys 'exec:', not {KeyReader.Kind(root)}");
            throw new ConfigException(problems);
        }

        var draft = new AclDraft();
        var known = AclKeys.File.TryRead(map, "", reader, ref draft, null);
        var section = map.Entries.FirstOrDefault(static e => e.Key.Value == "exec");
        if (known && draft.Caps.MaxConcurrentPerAgent > draft.Caps.MaxConcurrentTotal)
        {
            reader.Report(section!.Key, $"max_concurrent_per_agent ({draft.Caps.MaxConcurrentPerAgent}) is above max_concurrent_total ({draft.Caps.MaxConcurrentTotal}); one agent can't have more than all");
        }

        if (problems.Count > 0)
        {
            throw new ConfigException(problems);
        }

        if (section is null)
        {
            return new ExecPolicy.Disabled(file, now, DisabledReason.MissingExecSection);
        }

        return draft.Enabled
            ? new ExecPolicy.Enabled(file, now, Pin(draft, section, reader, problems))
            : new ExecPolicy.Disabled(file, now, DisabledReason.ExecDisabled);
    }

    private static ExecAcl Pin(AclDraft draft, ConfigEntry section, KeyReader reader, List<ConfigProblem> problems)
    {
        var entries = new List<AclEntry>();
        foreach (var entry in draft.Allow)
        {
            var commands = new List<AclCommand>();
            foreach (var command in entry.Commands)
            {
                if (PinnedFile.TryOpen(command.Argv.Tokens[0].Literal, SearchPath, command.Sha256, out var program, out var error))
                {
                    commands.Add(new(command.Argv.Tokens, program!));
                }
                else
                {
                    reader.Report(command.Argv.At!, $"the program '{command.Argv.Tokens[0].Literal}' {error}");
                }
            }

            entries.Add(new(entry.Description, entry.AgentId, entry.MachineId, entry.MaxDurationSecs, commands));
        }

        if (!PinnedDirectory.TryOpen(draft.DefaultCwd ?? "/", out var cwd, out var wrong))
        {
            reader.Report(section.Key, $"'exec.default_cwd' ({draft.DefaultCwd}) {wrong}");
        }

        var acl = new ExecAcl
        {
            Caps = draft.Caps,
            DefaultCwd = cwd!,
            AuditLogPath = draft.AuditLogPath,
            AuditTasklistId = draft.AuditTasklistId,
            Allow = entries,
        };
        if (problems.Count > 0)
        {
            acl.Dispose();
            throw new ConfigException(problems);
        }

        return acl;
    }

    private static string? ReadFile(string file, List<ConfigProblem> problems, out bool missing)
    {
        missing = false;
        try
        {
            if (FileIdentity.TryOf(file, out var identity, out _) && (identity.Mode & 2) != 0 && identity.IsRegular)
            {
                problems.Add(new(file, 0, 0, "may be changed by everybody, who could then run anything; take that right away (chmod o-w)"));
                return null;
            }

            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
            var bytes = new byte[MaxFileBytes + 1];
            var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length <= MaxFileBytes)
            {
                return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes, 0, length).TrimStart('\uFEFF');
            }

            problems.Add(new(file, 0, 0, "is larger than 1 MiB; is it really the ACL?"));
        }
        catch (DecoderFallbackException e)
        {
            problems.Add(new(file, 0, 0, $"is not UTF-8 text (byte {e.Index}); save it as UTF-8"));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            missing = true;
            problems.Add(new(file, 0, 0, "does not exist; check the path, or leave the option out: then Exec is disabled until there is a file at the default path"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            problems.Add(new(file, 0, 0, $"can't be read: {e.Message}"));
        }

        return null;
    }
}
