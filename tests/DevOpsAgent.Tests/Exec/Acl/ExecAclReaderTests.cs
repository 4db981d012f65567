using System.Security.Cryptography;
using DevOpsAgent.Configuration;
using DevOpsAgent.Exec.Acl;

namespace DevOpsAgent.Tests.Exec.Acl;

public sealed class ExecAclReaderTests : IDisposable
{
    private static readonly string Id = new('a', 64);
    private readonly string _folder = Directory.CreateTempSubdirectory("acl-").FullName;

    private string File_ => Path.Combine(_folder, "acl.yaml");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Everything_that_can_be_written_is_read()
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes("/bin/true")));
        using var acl = Enabled($$"""
            exec:
              enabled: true
              max_stdout_bytes: 1000
              max_stderr_bytes: 2KB
              max_stdin_bytes: 3
              max_duration_secs: 20
              max_concurrent_per_agent: 2
              max_concurrent_total: 5
              warn_stdout_bytes: 10
              warn_stderr_bytes: 11
              warn_duration_secs: 12
              max_idle_secs: 13
              max_memory_bytes: 64MB
              max_file_bytes: 1MB
              max_open_files: 32
              max_processes: 400
              default_cwd: {{_folder}}
              audit_log_path: /var/log/x.jsonl
              audit_tasklist_id: tasks-1
              allow:
                - description: ops
                  agent_id: {{Id}}
                  machine_id: {{Id.ToUpperInvariant()}}
                  max_duration_secs: 10
                  commands:
                    - argv: [/bin/true]
                      sha256: {{hash}}
                    - argv: [ls, -n, <INT>, "http://h<URL_PATH>"]
            """);
        acl.Caps.ShouldBe(new ExecCaps
        {
            MaxStdoutBytes = 1000, MaxStderrBytes = 2048, MaxStdinBytes = 3, MaxDurationSecs = 20, MaxConcurrentPerAgent = 2, MaxConcurrentTotal = 5,
            WarnStdoutBytes = 10, WarnStderrBytes = 11, WarnDurationSecs = 12, MaxIdleSecs = 13, MaxMemoryBytes = 64 << 20, MaxFileBytes = 1 << 20, MaxOpenFiles = 32, MaxProcesses = 400,
        });
        (acl.DefaultCwd.Path, acl.AuditLogPath, acl.AuditTasklistId).ShouldBe((_folder, "/var/log/x.jsonl", "tasks-1"));
        var entry = acl.Allow.Single();
        (entry.Description, entry.AgentId, entry.MachineId, entry.MaxDurationSecs).ShouldBe(("ops", Id, Id, 10));
        entry.Commands[1].Program.Path.ShouldBe("/usr/bin/ls");
        acl.Match(Id, Id, ["ls", "-n", "5", "http://h/x"])!.Command.ShouldBe(entry.Commands[1]);
        acl.Match(Id, Id, ["ls", "-n", "5"]).ShouldBeNull();
    }

    [Fact]
    public void Defaults_are_those_of_the_contract()
    {
        using var acl = Enabled("exec: {enabled: true}");
        acl.Caps.ShouldBe(new ExecCaps
        {
            MaxStdoutBytes = 16 << 20, MaxStderrBytes = 16 << 20, MaxStdinBytes = 1 << 20, MaxDurationSecs = 300, MaxConcurrentPerAgent = 4,
            MaxConcurrentTotal = 32, WarnStdoutBytes = 8 << 20, WarnStderrBytes = 8 << 20, WarnDurationSecs = 60,
        });
        acl.Allow.ShouldBeEmpty();
    }

    [Fact]
    public void The_first_match_wins()
    {
        using var acl = Enabled($"""
            exec:
              enabled: true
              allow:
                - {"{"}description: first, agent_id: {Id}, machine_id: {Id}, commands: [{"{"}argv: [/bin/echo, <INT>]{"}"}]{"}"}
                - {"{"}description: second, agent_id: {Id}, machine_id: {Id}, commands: [{"{"}argv: [/bin/echo, "1"]{"}"}]{"}"}
            """);
        acl.Match(Id, Id, ["/bin/echo", "1"])!.Entry.Description.ShouldBe("first");
    }

    [Theory]
    [InlineData("", "MissingExecSection")]
    [InlineData("# nothing\n", "MissingExecSection")]
    [InlineData("exec:\n", "ExecDisabled")]
    [InlineData("exec:\n  enabled: false\n", "ExecDisabled")]
    [InlineData("exec:\n  max_stdin_bytes: 5\n", "ExecDisabled")]
    public void What_is_not_enabled_is_disabled_with_its_reason(string text, string reason)
    {
        Write(text);
        ExecAclReader.Load(File_, TimeProvider.System).ShouldBeOfType<ExecPolicy.Disabled>().Reason.ToString().ShouldBe(reason);
    }

    [Fact]
    public void A_missing_file_disables_at_the_default_path_and_is_an_error_where_it_was_named()
    {
        ExecAclReader.Load(null, TimeProvider.System, File_).ShouldBeOfType<ExecPolicy.Disabled>().Reason.ShouldBe(DisabledReason.AclMissing);
        Fails(() => ExecAclReader.Load(File_, TimeProvider.System), "does not exist");
    }

    [Fact]
    public void A_malformed_file_at_the_default_path_stops_the_start_too()
    {
        Write("exec: [");
        Fails(() => ExecAclReader.Load(null, TimeProvider.System, File_), "not valid YAML");
    }

    [Theory]
    [InlineData("exce: {}", ":1:1: unknown key 'exce'; did you mean 'exec'?")]
    [InlineData("exec:\n  enabld: true", ":2:3: unknown key 'enabld' in 'exec'; did you mean 'enabled'?")]
    [InlineData("exec:\n  enabled: yes", ":2:12: 'exec.enabled' must be true or false")]
    [InlineData("exec:\n  max_stdin_bytes: 0", "'exec.max_stdin_bytes' must be a size of at least 1")]
    [InlineData("exec:\n  max_duration_secs: 0", "'exec.max_duration_secs' must be a whole number from 1")]
    [InlineData("exec:\n  max_concurrent_per_agent: 9\n  max_concurrent_total: 8", ":1:1: max_concurrent_per_agent (9) is above max_concurrent_total (8)")]
    [InlineData("exec:\n  max_concurrent_total: 3", "max_concurrent_per_agent (4) is above max_concurrent_total (3)")]
    [InlineData("exec:\n  allow:\n    - agent_id: abc", ":3:17: 'agent_id' must be an id of 64 hex digits")]
    [InlineData("exec:\n  allow:\n    - {machine: x}", "unknown key 'machine'")]
    [InlineData("exec:\n  allow:\n    - {description: x}", "has no 'agent_id'")]
    [InlineData("exec:\n  allow:\n    - {agent_id: ID, machine_id: ID}", "has no 'commands'")]
    [InlineData("exec:\n  allow:\n    - {agent_id: ID, machine_id: ID, commands: [{}]}", "has no 'argv'")]
    [InlineData("exec:\n  allow:\n    - {agent_id: ID, machine_id: ID, commands: [{argv: []}]}", "must be a list of 1 to 256 tokens")]
    [InlineData("exec:\n  allow:\n    - {agent_id: ID, machine_id: ID, commands: [{argv: [ls, <FILE>]}]}", "the token '<FILE>' holds < or >")]
    [InlineData("exec:\n  allow:\n    - {agent_id: ID, machine_id: ID, commands: [{argv: [ls, 'a;b']}]}", "the token 'a;b' holds one of ; | &")]
    [InlineData("exec:\n  allow:\n    - {agent_id: ID, machine_id: ID, commands: [{argv: [<INT>]}]}", "the program itself can't be a template")]
    [InlineData("exec:\n  allow:\n    - {agent_id: ID, machine_id: ID, commands: [{argv: [ls], args: []}]}", "unknown key 'args'")]
    [InlineData("exec:\n  enabled: true\n  allow:\n    - {agent_id: ID, machine_id: ID, commands: [{argv: [no-such-program]}]}", "the program 'no-such-program' is not in")]
    [InlineData("exec:\n  enabled: true\n  allow:\n    - {agent_id: ID, machine_id: ID, commands: [{argv: [bin/ls]}]}", "must be an absolute path or a name without a slash")]
    [InlineData("exec:\n  enabled: true\n  allow:\n    - {agent_id: ID, machine_id: ID, commands: [{argv: [/etc/passwd]}]}", "is not a program")]
    [InlineData("exec:\n  enabled: true\n  allow:\n    - {agent_id: ID, machine_id: ID, commands: [{argv: [/bin/true], sha256: ID}]}", "whose SHA-256 is")]
    [InlineData("exec:\n  enabled: true\n  default_cwd: /no/such", "'exec.default_cwd' (/no/such) can't be opened")]
    [InlineData("exec:\n  enabled: true\n  default_cwd: tmp", "must be an absolute path")]
    [InlineData("exec: 5", "'exec' must be a group of keys")]
    [InlineData("- exec", "must be the group of keys 'exec:'")]
    public void What_is_wrong_is_named_with_its_place(string text, string message)
    {
        Write(text.Replace("ID", Id, StringComparison.Ordinal));
        Fails(() => ExecAclReader.Load(File_, TimeProvider.System), message);
    }

    [Fact]
    public void Everything_wrong_is_reported_at_once()
    {
        Write("exec:\n  enabled: maybe\n  max_stdin_bytes: -1\n  colour: red\n");
        Should.Throw<ConfigException>(() => ExecAclReader.Load(File_, TimeProvider.System)).Problems.Count.ShouldBe(3);
    }

    [Fact]
    public void Programs_and_lists_that_everybody_may_change_are_refused()
    {
        var tool = Path.Combine(_folder, "tool");
        File.Copy("/bin/true", tool);
        ExecRig.Mode(tool, 0b111_101_111);
        Write($"exec: {{enabled: true, allow: [{{agent_id: {Id}, machine_id: {Id}, commands: [{{argv: [{tool}]}}]}}]}}");
        Fails(() => ExecAclReader.Load(File_, TimeProvider.System), "which everybody may change");
        ExecRig.Mode(File_, 0b110_100_110);
        Fails(() => ExecAclReader.Load(File_, TimeProvider.System), "may be changed by everybody");
    }

    [Fact]
    public void A_binary_is_executed_by_descriptor_and_a_script_by_path()
    {
        var script = Path.Combine(_folder, "script");
        File.WriteAllText(script, "#!/bin/sh\n");
        ExecRig.Mode(script, 0b111_101_101);
        PinnedFile.TryOpen(script, "", null, out var byPath, out _).ShouldBeTrue();
        PinnedFile.TryOpen("/bin/true", "", null, out var byDescriptor, out _).ShouldBeTrue();
        using (byPath)
        using (byDescriptor)
        {
            byPath!.ExecPath.ShouldBe(script);
            byDescriptor!.ExecPath.ShouldStartWith("/proc/self/fd/");
        }
    }

    private ExecAcl Enabled(string text)
    {
        Write(text);
        return ExecAclReader.Load(File_, TimeProvider.System).ShouldBeOfType<ExecPolicy.Enabled>().Acl;
    }

    private void Write(string text) => File.WriteAllText(File_, text);

    private static void Fails(Action load, string message) => Should.Throw<ConfigException>(load).Message.ShouldContain(message);
}
