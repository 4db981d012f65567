using DevOpsAgent.Exec.Remote;
using DevOpsAgent.Signing;
using DevOpsAgent.Tests.Store;

namespace DevOpsAgent.Tests.Exec.Remote;

public sealed class TrustFileTests : IDisposable
{
    private static readonly DateTimeOffset Added = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);
    private readonly TemporaryDirectory _directory = new();
    private readonly List<string?> _problems = [];

    private string File => _directory.File("trust.json");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void What_is_added_is_read_back_and_what_is_removed_is_gone()
    {
        var (agent, machine) = (Entry(PeerKind.Agent), Entry(PeerKind.Machine));
        TrustFile.Add(File, agent).ShouldBeTrue();
        TrustFile.Add(File, machine).ShouldBeTrue();
        TrustFile.Add(File, machine).ShouldBeFalse();
        TrustFile.Read(File).ShouldBe([agent, machine]);
        TrustFile.Remove(File, agent.Key.Id).ShouldBeTrue();
        TrustFile.Remove(File, agent.Key.Id).ShouldBeFalse();
        TrustFile.Read(File).ShouldBe([machine]);
        System.IO.File.GetUnixFileMode(File).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Directory.GetFiles(_directory.Path).Select(Path.GetFileName).Order().ShouldBe(["trust.json", "trust.json.lock"]);
    }

    [Fact]
    public void A_change_is_seen_at_the_next_question()
    {
        var trust = new TrustStore(File, _problems.Add);
        var entry = Entry(PeerKind.Agent);
        trust.IsTrusted(PeerKind.Agent, entry.Key.Id).ShouldBeFalse();
        _problems.ShouldHaveSingleItem().ShouldNotBeNull().ShouldContain("exec trust add");
        TrustFile.Add(File, entry);
        trust.IsTrusted(PeerKind.Agent, entry.Key.Id).ShouldBeTrue();
        trust.IsTrusted(PeerKind.Machine, entry.Key.Id).ShouldBeFalse();
        _problems[^1].ShouldBeNull();
        TrustFile.Remove(File, entry.Key.Id);
        trust.IsTrusted(PeerKind.Agent, entry.Key.Id).ShouldBeFalse();
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"version": 2, "trusted": []}""")]
    [InlineData("""{"version": 1, "trusted": [{}]}""")]
    [InlineData("""{"version": 1, "trusted": [7]}""")]
    [InlineData("""{"version": 1, "trusted": [{"kind":"agent","id":"x","public_key":"!","description":"","added_at":"2026-11-21T09:00:00Z"}]}""")]
    [InlineData("""{"version": 1, "trust": []}""")]
    [InlineData("""{"version": 1, "trusted": [], "trusted": []}""")]
    public void A_file_with_anything_odd_in_it_trusts_nobody_and_says_so(string text)
    {
        var entry = Entry(PeerKind.Agent);
        TrustFile.Add(File, entry);
        var trust = new TrustStore(File, _problems.Add);
        trust.IsTrusted(PeerKind.Agent, entry.Key.Id).ShouldBeTrue();
        System.IO.File.WriteAllText(File, text);
        trust.IsTrusted(PeerKind.Agent, entry.Key.Id).ShouldBeFalse();
        trust.IsTrusted(PeerKind.Agent, entry.Key.Id).ShouldBeFalse();
        _problems.ShouldHaveSingleItem().ShouldNotBeNull().ShouldContain("nobody in it is trusted");
    }

    [Fact]
    public void An_id_that_is_not_its_keys_makes_the_file_invalid()
    {
        var (one, two) = (Entry(PeerKind.Agent), Entry(PeerKind.Agent));
        var text = TrustFile.Format([one]).Replace(one.Key.Id, two.Key.Id, StringComparison.Ordinal);
        Should.Throw<IdentityException>(() => TrustFile.Parse(text, "trust.json")).Message.ShouldContain("entry 1 is not valid");
    }

    [Fact]
    public void A_file_that_others_may_write_trusts_nobody()
    {
        var entry = Entry(PeerKind.Agent);
        TrustFile.Add(File, entry);
        var trust = new TrustStore(File, _problems.Add);
        trust.IsTrusted(PeerKind.Agent, entry.Key.Id).ShouldBeTrue();
        System.IO.File.SetUnixFileMode(File, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupWrite);
        trust.IsTrusted(PeerKind.Agent, entry.Key.Id).ShouldBeFalse();
        _problems[^1].ShouldNotBeNull().ShouldContain("is open to other users (mode 620)");
    }

    private static TrustEntry Entry(PeerKind kind)
    {
        using var key = SigningKey.Create();
        return new(kind, new(key.Id, key.PublicKey), "a description with \" and ä", Added);
    }
}
