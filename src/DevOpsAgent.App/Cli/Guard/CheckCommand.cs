using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DevOpsAgent.Configuration;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Backends;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.App.Cli.GuardCommands;

internal static class CheckCommand
{
    private static readonly string[] s_kinds = ["file", "exec", "connect", "listen", "syscall", "protect", "memory", "cpu"];

    public static Command Build(CommandContext context)
    {
        var question = new Argument<string[]>("question")
        {
            Description = "Nothing: check the policy. Or: PROCESS file|exec PATH, PROCESS connect|listen ADDRESS:PORT, PROCESS syscall|protect NAME, PROCESS memory MB, PROCESS cpu PERCENT",
            Arity = new ArgumentArity(0, 3),
        };
        var command = new Command("check", "Check a policy, or say what it says to one thing a process does, and why") { question };
        var source = GuardSource.AddTo(command, context);
        var format = OutputFormat.AddTo(command);
        command.SetAction(parsed => parsed.GetValue(question) switch
        {
            { Length: 3 } words => Answer(context.Terminal, source.Load(parsed), words, format.IsJson(parsed)),
            null or { Length: 0 } => Examine(context.Terminal, source.Load(parsed), format.IsJson(parsed)),
            _ => throw CommandException.Usage("A question has three words, as 'soc-ingest file /etc/shadow'.", "'devops-agent guard check --help' shows all forms."),
        });
        return command;
    }

    private static int Answer(Terminal terminal, GuardPolicy policy, string[] words, bool json)
    {
        if (policy.Find(words[0]) is null)
        {
            var near = NearestName.Of(words[0], policy.Processes.Select(static p => p.Name));
            throw CommandException.Usage($"{policy.File} has no process '{words[0]}'" + (near is null ? $"; it has {string.Join(", ", policy.Processes.Select(static p => p.Name))}." : $"; did you mean '{near}'?"), "A process that no policy is for is not guarded: it may do everything.");
        }

        var asked = Event(words);
        var engine = new GuardEngine(policy, terminal.Time);
        var answer = PolicyAnswer.To(engine, asked);
        if (json)
        {
            terminal.Out.WriteLine(JsonSerializer.Serialize(new GuardAnswerView(answer.Allowed, answer.Why, answer.Rule, answer.Line == 0 ? null : answer.Line, asked.Subject.Length == 0 ? null : asked.Subject, answer.Violation), CliJson.Default.GuardAnswerView));
        }
        else
        {
            var where = answer.Line > 0 ? string.Create(CultureInfo.InvariantCulture, $" ({policy.File}:{answer.Line})") : "";
            terminal.Out.WriteLine(SafeText.Of(answer.Violation is { } v
                ? $"Denied: {answer.Why}{where}. Severity {v.Severity}; in mode {v.PolicyMode} it is {v.Action}."
                : $"Allowed: {answer.Why}{where}."));
        }

        return answer.Allowed ? ExitCode.Fine : ExitCode.FoundOrRefused;
    }

    private static GuardEvent Event(string[] words)
    {
        if (Array.IndexOf(s_kinds, words[1]) < 0 || !Enum.TryParse<GuardEventKind>(words[1], ignoreCase: true, out var kind))
        {
            var near = NearestName.Of(words[1], s_kinds);
            throw CommandException.Usage($"'{words[1]}' is not something that can be asked" + (near is null ? $"; ask for {string.Join(", ", s_kinds)}." : $"; did you mean '{near}'?"));
        }

        var asked = new GuardEvent { Process = words[0], Kind = kind, Subject = words[2] };
        switch (kind)
        {
            case GuardEventKind.Memory or GuardEventKind.Cpu:
                return int.TryParse(words[2], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                    ? asked with { Value = number, Subject = "" }
                    : throw CommandException.Usage($"'{words[2]}' must be a whole number of {(kind == GuardEventKind.Cpu ? "percent" : "MB")}.");
            case GuardEventKind.File or GuardEventKind.Exec:
                return asked with { Subject = new PathResolver().Resolve(words[2]) ?? words[2] };
            case GuardEventKind.Syscall or GuardEventKind.Protect when !Syscalls.TryNumber(words[2], out _):
                var near = NearestName.Of(words[2], Syscalls.Numbers.Keys);
                throw CommandException.Usage($"'{words[2]}' is not a known system call" + (near is null ? "." : $"; did you mean '{near}'?"));
            default:
                return asked;
        }
    }

    private static int Examine(Terminal terminal, GuardPolicy policy, bool json)
    {
        var compiled = CompiledPolicy.Of(policy);
        if (json)
        {
            terminal.Out.WriteLine(JsonSerializer.Serialize(
                new GuardPolicyView(policy.File, policy.Version, policy.Mode.Word(), policy.RequireBlock, [.. policy.Processes.Select(p => GuardProcessView.Of(compiled.ByName[p.Name]))], [.. policy.Warnings.Select(static w => w.ToString())]),
                CliJson.Default.GuardPolicyView));
            return ExitCode.Fine;
        }

        foreach (var warning in policy.Warnings)
        {
            terminal.Error.WriteLine("warning: " + SafeText.Of(warning.ToString()));
        }

        var table = new TextTable(new("PROCESS"), new("MODE"), new("RULES", Right: true), new("FOR", Stretch: true));
        foreach (var process in policy.Processes)
        {
            var view = GuardProcessView.Of(compiled.ByName[process.Name]);
            table.Add(view.Name, view.Mode, view.Rules.ToString(CultureInfo.InvariantCulture), view.For);
        }

        table.WriteTo(terminal);
        terminal.Out.WriteLine(SafeText.Of($"{policy.File} is fine."));
        foreach (var (alias, real) in Links(policy))
        {
            terminal.Out.WriteLine(SafeText.Of($"{alias} is a link to {real}; both names are matched."));
        }

        return ExitCode.Fine;
    }

    /// <summary>Paths that lead over a link, with the name that the kernel uses.</summary>
    private static IEnumerable<(string Alias, string Real)> Links(GuardPolicy policy) =>
        policy.Processes.SelectMany(static p => p.AllowedFiles.Concat(p.BlockedFiles).Concat(p.AllowedExec ?? []))
            .Where(static r => r.Text[0] == '/' && r.Values.Count == 2)
            .Select(static r => (r.Text, r.Values[1].Text)).Distinct();
}

/// <param name="Rule">As written in the policy; null: no rule decides.</param>
/// <param name="Subject">What was compared with the rules, links resolved.</param>
internal sealed record GuardAnswerView(bool Allowed, string Why, string? Rule, int? Line, string? Subject, Violation? Violation);

internal sealed record GuardPolicyView(string File, string Version, string Mode, bool RequireBlock, IReadOnlyList<GuardProcessView> Processes, IReadOnlyList<string> Warnings);

/// <param name="For">Its selectors in words.</param>
internal sealed record GuardProcessView(string Name, string Mode, int Rules, string For)
{
    public static GuardProcessView Of(ProcessRules rules)
    {
        var p = rules.Policy;
        var s = p.Selectors;
        var parts = new[] { ("exe", s.Exe), ("cgroup", s.Cgroup), ("unit", s.Unit), ("uid", s.Uid.Select(static u => u.ToString(CultureInfo.InvariantCulture)).ToList()) }
            .Where(static x => x.Item2.Count > 0).Select(static x => $"{x.Item1} {string.Join(" or ", x.Item2)}");
        return new(
            p.Name,
            rules.Mode.Word(),
            (p.AllowedExec?.Count ?? 0) + p.BlockedSyscalls.Count + p.ProtectFrom.Count + p.AllowedFiles.Count + p.BlockedFiles.Count + p.AllowedNetwork.Count + p.BlockedNetwork.Count + (p.MaxMemoryMb > 0 ? 1 : 0) + (p.MaxCpuPercent > 0 ? 1 : 0),
            s.IsDefault ? $"executables named {p.Name}" : string.Join(", ", parts));
    }
}
