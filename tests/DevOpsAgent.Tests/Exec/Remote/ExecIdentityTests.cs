using System.Security.Cryptography;
using DevOpsAgent.Exec.Remote;
using DevOpsAgent.Signing;
using DevOpsAgent.Tests.Store;

namespace DevOpsAgent.Tests.Exec.Remote;

public sealed class ExecIdentityTests : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly TemporaryDirectory _directory = new();

    private string Keys => _directory.File("keys");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_new_identity_is_private_and_loads_with_the_same_id()
    {
        var made = ExecIdentity.Create(Keys, PeerKind.Agent);
        using var loaded = ExecIdentity.Load(Keys, PeerKind.Agent);
        loaded.Id.ShouldBe(made.Id);
        made.Id.ShouldMatch("^[0-9a-f]{64}$");
        File.GetUnixFileMode(ExecIdentity.KeyFile(Keys, PeerKind.Agent)).ShouldBe(Private);
        File.GetUnixFileMode(Keys).ShouldBe(Private | UnixFileMode.UserExecute);
        PeerKey.TryReadPem(File.ReadAllText(ExecIdentity.PublicFile(Keys, PeerKind.Agent)), out var key, out _).ShouldBeTrue();
        key!.Id.ShouldBe(made.Id);
        SigningKey.Verify(made.PublicKey, [1], loaded.Sign([1])).ShouldBeTrue();
    }

    [Fact]
    public void A_key_is_never_overwritten()
    {
        ExecIdentity.Create(Keys, PeerKind.Machine);
        var before = File.ReadAllText(ExecIdentity.KeyFile(Keys, PeerKind.Machine));
        Should.Throw<IdentityException>(() => ExecIdentity.Create(Keys, PeerKind.Machine)).Message.ShouldContain("exists already and is not overwritten");
        File.ReadAllText(ExecIdentity.KeyFile(Keys, PeerKind.Machine)).ShouldBe(before);
    }

    [Fact]
    public void A_key_that_others_may_read_is_not_used()
    {
        ExecIdentity.Create(Keys, PeerKind.Agent);
        File.SetUnixFileMode(ExecIdentity.KeyFile(Keys, PeerKind.Agent), Private | UnixFileMode.OtherRead);
        Should.Throw<IdentityException>(() => ExecIdentity.Load(Keys, PeerKind.Agent)).Message.ShouldContain("chmod 600");
    }

    [Theory]
    [InlineData("nothing of a key")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")]
    [InlineData("public")]
    [InlineData("p384")]
    public void A_file_that_holds_no_such_key_is_named(string content)
    {
        ExecIdentity.Create(Keys, PeerKind.Agent);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        File.WriteAllText(ExecIdentity.KeyFile(Keys, PeerKind.Agent), content switch
        {
            "public" => File.ReadAllText(ExecIdentity.PublicFile(Keys, PeerKind.Agent)),
            "p384" => other.ExportPkcs8PrivateKeyPem(),
            _ => content,
        });
        var message = Should.Throw<IdentityException>(() => ExecIdentity.Load(Keys, PeerKind.Agent)).Message;
        message.ShouldStartWith(ExecIdentity.KeyFile(Keys, PeerKind.Agent));
        message.ShouldContain("exec identity new --agent");
    }

    [Fact]
    public void A_missing_key_says_how_to_make_it() =>
        Should.Throw<IdentityException>(() => ExecIdentity.Load(Keys, PeerKind.Machine)).Message.ShouldContain("exec identity new --machine --out " + Keys);

    [Fact]
    public void A_private_key_is_not_taken_for_a_public_one()
    {
        using var key = SigningKey.Create();
        PeerKey.TryReadPem(key.ToPem(), out _, out var wrong).ShouldBeFalse();
        wrong.ShouldNotBeNull().ShouldContain("must not leave its machine");
        PeerKey.TryReadPem("hello", out _, out wrong).ShouldBeFalse();
        PeerKey.TryReadPem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", out _, out wrong).ShouldBeFalse();
        wrong.ShouldNotBeNull().ShouldContain("P-256");
    }

    [Fact]
    public void The_id_of_a_local_user_is_stable() =>
        // SHA-256 of "devops-agent local uid 0": printf 'devops-agent local uid 0' | sha256sum
        LocalCaller.AgentId(0).ShouldBe("0dab3966cf145a3c793a8b926c27b36b21da20c11c3ed68f981188fbaa4a04e3");
}
