using System.Text;
using DevOpsAgent.Addresses;
using DevOpsAgent.RuntimeGuard.Policy;
using FsCheck;
using FsCheck.Fluent;

namespace DevOpsAgent.Tests.RuntimeGuard.Policy;

/// <summary>The compiled matchers say what the plain ones say, rule by rule, about anything.</summary>
public sealed class MatcherTests
{
    private static readonly Gen<string> Part = Gen.Elements("a", "b", "etc", "srv", "tenant-0001", "abcdefg", "abcdefgh", "abcdefghi", "x.json", "ä", ".ssh", "..x");
    private static readonly Gen<string> Odd = Gen.Elements("", ".", "..", "...", "*");
    private static readonly Gen<string> Path = Paths(Gen.Frequency((9, Part), (1, Odd)));

    private static readonly Gen<string> Pattern = Paths(Gen.Frequency((8, Part), (1, Gen.Constant("*")))).SelectMany(static p => Gen.Elements(p, p + "/*"));

    private static readonly Gen<string> Address = Gen.OneOf(
        Gen.Choose(0, 3).SelectMany(static a => Gen.Choose(0, 255).Select(b => $"10.{a}.{b % 4}.{b}")),
        Gen.Choose(0, 255).Select(static a => $"{a}.1.2.3"),
        Gen.Choose(0, 65535).Select(static a => $"2001:db8:{a % 4:x}::{a:x}"),
        Gen.Elements("0.0.0.0", "::", "::1", "127.0.0.1", "::ffff:10.1.2.3"));

    private static readonly Gen<string> Entry = Address.Where(static a => !a.StartsWith("::ffff", StringComparison.Ordinal))
        .SelectMany(static a => Gen.Choose(0, a.Contains(':', StringComparison.Ordinal) ? 128 : 32).Select(bits => $"{a}/{bits}"))
        .SelectMany(static range => Gen.Elements("", ":443", ":80-90", ":0-65535", ":443-443").Select(port => range + port))
        .SelectMany(static entry => Gen.Elements("", "connect ", "listen ").Select(direction => direction + entry));

    [Fact]
    public void Files_and_programs()
    {
        var policies = from allowed in Gen.ListOf(Pattern) from blocked in Gen.ListOf(Pattern) from exec in Gen.ListOf(Pattern) select Process(allowed, blocked, exec);
        Prop.ForAll(Arb.From(policies), Arb.From(Gen.NonEmptyListOf(Path)), static (policy, paths) =>
        {
            var rules = new ProcessRules(policy, GuardMode.Enforce);
            foreach (var path in paths.Concat(policy.AllowedFiles.Concat(policy.BlockedFiles).Select(static r => r.Text.Replace("*", "q", StringComparison.Ordinal))))
            {
                var bytes = Encoding.UTF8.GetBytes(path);
                rules.JudgeFile(bytes).ShouldBe(PlainRules.File(policy, bytes).Denial, path);
                rules.JudgeFile(path).ShouldBe(rules.JudgeFile(bytes), path);
                rules.JudgeExec(bytes).ShouldBe(PlainRules.Exec(policy, bytes).Denial, path);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1500));
    }

    [Fact]
    public void Any_bytes_as_a_path()
    {
        var policy = Process(["/etc/*", "/a/*/b"], ["/etc/shadow"], []);
        var rules = new ProcessRules(policy, GuardMode.Enforce);
        Prop.ForAll<byte[]>(any =>
        {
            var bytes = any.Where(static b => b != 0).ToArray(); // the kernel ends a path there
            rules.JudgeFile(bytes.AsSpan()).ShouldBe(PlainRules.File(policy, bytes).Denial);
            byte[] below = [.. "/etc/"u8, .. bytes];
            rules.JudgeFile(below.AsSpan()).ShouldBe(PlainRules.File(policy, below).Denial);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Fact]
    public void Network()
    {
        var questions = from address in Address from port in Gen.Elements<ushort>(0, 22, 79, 80, 90, 91, 443, 65535) from direction in Gen.Elements("connect ", "listen ")
                        select direction + (address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address) + ":" + port;
        var policies = from allowed in Gen.ListOf(Entry) from blocked in Gen.ListOf(Entry) select Process(allowed, blocked);
        Prop.ForAll(Arb.From(policies), Arb.From(Gen.NonEmptyListOf(questions)), static (policy, asked) =>
        {
            var rules = new ProcessRules(policy, GuardMode.Enforce);
            foreach (var text in asked)
            {
                NetworkTarget.TryParse(text, out var target).ShouldBeTrue(text);
                rules.JudgeNetwork(target).ShouldBe(PlainRules.Network(policy, target).Denial, text);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    [Fact]
    public void Many_ranges_in_one_another()
    {
        var random = new Random(5);
        var allowed = Enumerable.Range(0, 400).Select(_ => $"10.{random.Next(4)}.{random.Next(4)}.{random.Next(256)}/{random.Next(8, 33)}:{random.Next(100)}").ToList();
        var blocked = Enumerable.Range(0, 100).Select(_ => $"10.{random.Next(4)}.{random.Next(256)}.0/{random.Next(20, 33)}").ToList();
        var policy = Process(allowed, blocked);
        var rules = new ProcessRules(policy, GuardMode.Enforce);
        for (var i = 0; i < 20_000; i++)
        {
            var target = new NetworkTarget(ClientAddress.FromIPv4((10u << 24) | (uint)random.Next(1 << 19)), (ushort)random.Next(100), NetworkDirection.Connect);
            rules.JudgeNetwork(target).ShouldBe(PlainRules.Network(policy, target).Denial, target.ToString());
        }
    }

    [Fact]
    public void System_calls()
    {
        var policy = PolicyText.App("blocked_syscalls: [ptrace, CLONE3, 425]").Find("app")!;
        var rules = new ProcessRules(policy, GuardMode.Enforce);
        foreach (var name in Syscalls.Numbers.Keys.Append("425").Append("1000").Append("nonsense"))
        {
            rules.Blocks(name).ShouldBe(PlainRules.Call(policy.BlockedSyscalls, name) is not null, name);
        }

        rules.Blocks("io_uring_setup").ShouldBeTrue("425 is its number");
    }

    private static Gen<string> Paths(Gen<string> part) =>
        Gen.Choose(1, 6).SelectMany(n => Gen.ListOf(part, n)).Select(static parts => "/" + string.Join('/', parts));

    private static ProcessPolicy Process(IEnumerable<string> allowed, IEnumerable<string> blocked, IEnumerable<string> exec) => new()
    {
        Name = "app",
        AllowedFiles = Patterns(allowed),
        BlockedFiles = Patterns(blocked),
        AllowedExec = Patterns(exec),
    };

    private static ProcessPolicy Process(IEnumerable<string> allowed, IEnumerable<string> blocked) => new() { Name = "app", AllowedNetwork = Entries(allowed), BlockedNetwork = Entries(blocked) };

    private static List<PolicyRule<PathPattern>> Patterns(IEnumerable<string> texts) =>
        [.. texts.Select(static t => PathPattern.TryParse(t, out var p, out _) ? new PolicyRule<PathPattern>(t, [p], 1) : null).OfType<PolicyRule<PathPattern>>()];

    private static List<PolicyRule<NetworkEntry>> Entries(IEnumerable<string> texts)
    {
        var rules = new List<PolicyRule<NetworkEntry>>();
        foreach (var text in texts)
        {
            var values = new List<NetworkEntry>();
            NetworkEntry.TryParse(text, values, out var error).ShouldBeTrue($"{text} {error}");
            rules.Add(new(text, values, 1));
        }

        return rules;
    }
}
