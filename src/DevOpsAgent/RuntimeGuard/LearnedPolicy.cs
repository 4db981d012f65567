using System.Globalization;
using System.Text;
using System.Text.Json;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.RuntimeGuard;

/// <summary>A policy written from what was seen: all of that is allowed, and little else.</summary>
internal static class LearnedPolicy
{
    /// <summary>Addresses of one port; more than this become every address.</summary>
    private const int MaxAddresses = 16;

    /// <summary>The ports that Linux gives by itself (ip_local_port_range).</summary>
    private const int FirstOwnPort = 32768;
    private const int LastOwnPort = 60999;

    /// <summary>Calls that hardly any service makes: blocked unless they were seen.</summary>
    private static readonly string[] s_dangerous =
        ["ptrace", "process_vm_readv", "process_vm_writev", "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "bpf", "mount", "umount2", "pivot_root", "io_uring_setup"];

    /// <param name="selectors">Lines "exe: /usr/bin/traefik", in YAML; empty: by the name of the executable.</param>
    public static string Write(IReadOnlyList<GuardEvent> events, IReadOnlyDictionary<string, IReadOnlyList<string>> selectors)
    {
        var text = new StringBuilder();
        text.Append("# Written by 'guard learn' from what was seen. Read it before it is used with mode: enforce.\n");
        text.Append("version: \"1.0\"\nmode: audit\nprocesses:\n");
        foreach (var process in events.GroupBy(static e => e.Process, StringComparer.Ordinal).OrderBy(static g => g.Key, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"  {Quote(process.Key)}:\n");
            foreach (var selector in selectors.GetValueOrDefault(process.Key, []))
            {
                text.Append(CultureInfo.InvariantCulture, $"    {selector}\n");
            }

            Process(text, [.. process]);
        }

        return text.ToString();
    }

    private static void Process(StringBuilder text, IReadOnlyList<GuardEvent> events)
    {
        var calls = Subjects(events, GuardEventKind.Syscall).ToHashSet(StringComparer.OrdinalIgnoreCase);
        List(text, "allowed_exec", LearnedPrograms(events));
        List(text, "blocked_syscalls", s_dangerous.Where(c => !calls.Contains(c)));
        if (!events.Any(static e => e.Kind == GuardEventKind.Protect))
        {
            List(text, "protect_from", ["ptrace"]);
        }

        List(text, "allowed_files", LearnedFiles.Patterns(Subjects(events, GuardEventKind.File)).Prepend(RuntimeBaseline.Name));
        List(text, "allowed_network", Network(events));
        var memory = Peak(events, GuardEventKind.Memory);
        if (memory > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"    max_memory_mb: {(memory * 3 / 2 / 64 + 1) * 64} # {memory} was the most\n");
        }

        var cpu = Peak(events, GuardEventKind.Cpu);
        if (cpu > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"    max_cpu_percent: {Math.Max(100, (cpu * 3 / 2 / 50 + 1) * 50)} # {cpu} was the most\n");
        }
    }

    private static IEnumerable<string> LearnedPrograms(IReadOnlyList<GuardEvent> events) =>
        Subjects(events, GuardEventKind.Exec).Select(LearnedFiles.Pattern).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

    private static IEnumerable<string> Network(IReadOnlyList<GuardEvent> events)
    {
        foreach (var (kind, word) in new[] { (GuardEventKind.Connect, "connect"), (GuardEventKind.Listen, "listen") })
        {
            var targets = Subjects(events, kind).Select(s => NetworkTarget.TryParse($"{word} {s}", out var t) ? t : (NetworkTarget?)null).OfType<NetworkTarget>().ToList();
            foreach (var port in targets.GroupBy(t => (Port: PortOf(t), t.Compared.IsIPv4)).OrderBy(static g => g.Key.Port, StringComparer.Ordinal))
            {
                var addresses = port.Select(static t => t.Compared).Distinct().Order().ToList();
                var any = addresses.Count > MaxAddresses || addresses.Exists(static a => a.IsNone || a == Addresses.ClientAddress.FromIPv4(0));
                foreach (var address in any ? [port.Key.IsIPv4 ? "0.0.0.0/0" : "::/0"] : addresses.Select(static a => a.IsIPv4 ? a.ToString() : $"[{a}]"))
                {
                    yield return $"{word} {address}:{port.Key.Port}";
                }
            }
        }
    }

    private static string PortOf(NetworkTarget target) =>
        target is { Direction: NetworkDirection.Listen, Port: >= FirstOwnPort and <= LastOwnPort }
            ? string.Create(CultureInfo.InvariantCulture, $"{FirstOwnPort}-{LastOwnPort}")
            : target.Port.ToString(CultureInfo.InvariantCulture);

    private static IEnumerable<string> Subjects(IReadOnlyList<GuardEvent> events, GuardEventKind kind) =>
        events.Where(e => e.Kind == kind && e.Subject.Length > 0).Select(static e => e.Subject).Distinct(StringComparer.Ordinal);

    private static int Peak(IReadOnlyList<GuardEvent> events, GuardEventKind kind) => events.Where(e => e.Kind == kind).Select(static e => e.Value).DefaultIfEmpty().Max();

    private static void List(StringBuilder text, string key, IEnumerable<string> items)
    {
        var all = items.ToList();
        text.Append(CultureInfo.InvariantCulture, $"    {key}:{(all.Count == 0 ? " []" : "")}\n");
        foreach (var item in all)
        {
            text.Append(CultureInfo.InvariantCulture, $"      - {Quote(item)}\n");
        }
    }

    /// <summary>JSON's quoted text is YAML's too.</summary>
    private static string Quote(string text) => text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-') && !char.IsAsciiDigit(text[0]) ? text : JsonSerializer.Serialize(text, GuardJson.Default.String);
}
