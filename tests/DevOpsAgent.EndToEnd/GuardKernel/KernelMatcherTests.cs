using System.Globalization;
using System.Text;
using DevOpsAgent.Addresses;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.EndToEnd.GuardKernel;

/// <summary>
/// The programs in the kernel say what the plain rules say, about policies and questions made at random. Asked in mode audit, so that
/// one process asks everything, and what is denied is told.
/// </summary>
[Collection(TracepointTests.Name)]
public sealed class KernelMatcherTests
{
    private const int Policies = 24;
    private const int Questions = 300;
    private static readonly string[] s_parts = ["a", "b", "etc", "srv", "tenant-0001", "abcdefg", "abcdefgh", "abcdefghi", "x.json", "..x", "a-name-that-is-longer-than-two-words-of-eight-bytes"];

    private static readonly string[] s_leaves = ["one", "two.json", "leaf-8ch", "a-leaf-that-is-longer-than-sixteen-bytes"];

    private readonly Random _random = new(20_261_121);

    [Fact]
    public async Task Files()
    {
        await using var rig = await KernelRig.StartAsync([new("asks", "", "", "", "", false)], folder => PolicyOf(folder, ["/nothing"], []));
        var paths = Enumerable.Range(0, Questions).Select(_ => $"{rig.Folder}{Path(5)}/{s_leaves[_random.Next(s_leaves.Length)]}").Distinct(StringComparer.Ordinal).ToList();
        foreach (var path in paths)
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, "x", TestContext.Current.CancellationToken);
        }

        await AskAsync(
            rig,
            () => PolicyOf(rig.Folder, Patterns(rig.Folder, paths), Patterns(rig.Folder, paths)),
            paths.ConvertAll(static p => "open " + p),
            (policy, question) => PlainRules.File(policy, Encoding.UTF8.GetBytes(question["open ".Length..])).Denial,
            static v => "open " + v.Subject);
    }

    [Fact]
    public async Task Network()
    {
        await using var rig = await KernelRig.StartAsync([new("asks", "", "", "", "", false)], folder => PolicyOf(folder, ["/nothing"], []));
        var questions = Enumerable.Range(0, Questions).Select(_ => $"{(_random.Next(2) == 0 ? "connect" : "listen")} {Address()} {Port()}").Distinct(StringComparer.Ordinal).ToList();
        await AskAsync(
            rig,
            () => $"  asks: {{exe: \"{rig.Folder}/t/asks\", allowed_network: [{Entries(1)}], blocked_network: [{Entries(0)}]}}\n",
            questions,
            static (policy, question) => PlainRules.Network(policy, Target(question)).Denial,
            static v => Said(v));
    }

    private static NetworkTarget Target(string question)
    {
        var parts = question.Split(' ');
        NetworkTarget.TryParse(string.Create(CultureInfo.InvariantCulture, $"{parts[0]} {(parts[1].Contains(':', StringComparison.Ordinal) ? $"[{parts[1]}]" : parts[1])}:{parts[2]}"), out var target).ShouldBeTrue(question);
        return target;
    }

    private static string Said(GuardEvent seen) => $"{(seen.Kind == GuardEventKind.Listen ? "listen" : "connect")} {seen.Subject}";

    private async Task AskAsync(KernelRig rig, Func<string> policy, IReadOnlyList<string> questions, Func<ProcessPolicy, string, Denial> plain, Func<GuardEvent, string> said)
    {
        var file = System.IO.Path.Combine(rig.Folder, "questions");
        var denied = new List<string>();
        rig.Service.OnEvent = seen =>
        {
            lock (denied)
            {
                denied.Add(said(seen));
            }
        };
        for (var round = 0; round < Policies; round++)
        {
            var read = KernelRig.Read("version: \"1.0\"\nmode: audit\non_agent_exit: release\nprocesses:\n" + policy());
            rig.Service.Engine.Reload(read);
            lock (denied)
            {
                denied.Clear();
            }

            // The list itself is opened, too.
            await File.WriteAllLinesAsync(file, questions, TestContext.Current.CancellationToken);
            (await rig.RunAsync("asks", "all", file)).ShouldBe("ok");
            var expected = questions.Where(q => plain(read.Processes[0], q) != Denial.None).Select(Form).Order(StringComparer.Ordinal).ToList();
            await Eventually.True(() => Told().Count >= expected.Count, "all denials told");
            Told().ShouldBe(expected, $"policy {round}");
        }

        List<string> Told()
        {
            lock (denied)
            {
                return [.. denied.Where(d => !d.EndsWith(file, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
            }
        }

        static string Form(string question) => question.StartsWith("open ", StringComparison.Ordinal) ? question : $"{question.Split(' ')[0]} {Target(question)}";
    }

    private static string PolicyOf(string folder, IEnumerable<string> blocked, IEnumerable<string> allowed)
    {
        static string List(IEnumerable<string> patterns) => string.Join(", ", patterns.Select(static p => $"\"{p}\""));
        return $"{(blocked.Contains("/nothing") ? "version: \"1.0\"\nmode: audit\non_agent_exit: release\nprocesses:\n" : "")}  asks: {{exe: \"{folder}/t/asks\", blocked_files: [{List(blocked)}], allowed_files: [{List(allowed)}], allowed_network: [\"*\"]}}\n";
    }

    private string Path(int most) => string.Concat(Enumerable.Range(0, _random.Next(1, most)).Select(_ => "/" + s_parts[_random.Next(s_parts.Length)]));

    /// <summary>Some from the paths that are asked for, whole, cut, with a star for a part, as a tree.</summary>
    private List<string> Patterns(string folder, List<string> paths) =>
    [
        .. Enumerable.Range(0, _random.Next(0, 14)).Select(i =>
        {
            var parts = paths[_random.Next(paths.Count)][folder.Length..].Split('/', StringSplitOptions.RemoveEmptyEntries).ToList();
            if (i < 8 && _random.Next(3) == 0)
            {
                parts[_random.Next(parts.Count)] = "*";
            }

            return folder + "/" + string.Join('/', parts.Take(_random.Next(1, parts.Count + 1))) + (_random.Next(3) == 0 ? "/*" : "");
        }),
    ];

    private string Address() => _random.Next(6) switch
    {
        0 => string.Create(CultureInfo.InvariantCulture, $"127.{_random.Next(3)}.{_random.Next(3)}.{_random.Next(256)}"),
        1 => string.Create(CultureInfo.InvariantCulture, $"10.{_random.Next(3)}.{_random.Next(3)}.{_random.Next(256)}"),
        2 => string.Create(CultureInfo.InvariantCulture, $"2001:db8:{_random.Next(4):x}::{_random.Next(65536):x}"),
        3 => string.Create(CultureInfo.InvariantCulture, $"::ffff:10.{_random.Next(3)}.{_random.Next(3)}.{_random.Next(256)}"),
        4 => "0.0.0.0",
        _ => _random.Next(2) == 0 ? "::" : "::1",
    };

    private int Port() => new[] { 22, 79, 80, 85, 90, 91, 443, 8080, 65535 }[_random.Next(9)];

    private string Entries(int atLeast) => string.Join(", ", Enumerable.Range(0, _random.Next(atLeast, 12)).Select(_ =>
    {
        var v6 = _random.Next(3) == 0;
        var range = v6 ? $"2001:db8:{_random.Next(4):x}::/{_random.Next(129)}" : $"{(_random.Next(2) == 0 ? 10 : 127)}.{_random.Next(3)}.{_random.Next(3)}.{_random.Next(256)}/{_random.Next(33)}";
        range = AddressRange.TryParse(range, out var parsed) ? parsed.ToCidr() : range;
        return $"\"{new[] { "", "connect ", "listen " }[_random.Next(3)]}{range}{new[] { "", ":443", ":80-90", ":0-65535", ":85" }[_random.Next(5)]}\"";
    }));
}
