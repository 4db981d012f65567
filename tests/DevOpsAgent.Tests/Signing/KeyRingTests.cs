using System.Security.Cryptography;
using System.Text;
using DevOpsAgent.Signing;
using DevOpsAgent.Tests.Store;

namespace DevOpsAgent.Tests.Signing;

public sealed class KeyRingTests : IDisposable
{
    private static readonly byte[] Data = "what is signed"u8.ToArray();

    private readonly TemporaryDirectory _directory = new();
    private readonly FakeTime _time = new();

    private string Keys => _directory.File("keys");

    private string Private => Path.Combine(Keys, KeyRing.PrivateName);

    private string Public => Path.Combine(Keys, KeyRing.PublicName);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_first_start_makes_keys_for_the_owner_alone()
    {
        KeyRing.OpenExisting(Keys, _time).ShouldBeNull();
        Directory.Exists(Keys).ShouldBeFalse();
        string id;
        byte[] signature, mac;
        using (var ring = Open())
        {
            (id, signature, mac) = (ring.Current.Id, ring.Current.Sign(Data), ring.Mac(Data));
        }

        File.GetUnixFileMode(Keys).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.GetUnixFileMode(Private).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Directory.GetFiles(Keys).Length.ShouldBe(2);

        using var again = Open();
        again.Current.Id.ShouldBe(id);
        again.Mac(Data).ShouldBe(mac);
        again.TryFindPublic(id, out var spki).ShouldBeTrue();
        SigningKey.Verify(spki, Data, signature).ShouldBeTrue();
        again.TryFindPublic(new('0', 64), out _).ShouldBeFalse();
    }

    [Fact]
    public void Many_that_start_at_once_have_one_key()
    {
        var ids = new string[8];
        Parallel.For(0, ids.Length, i =>
        {
            using var ring = Open();
            ids[i] = ring.Current.Id;
        });
        ids.Distinct(StringComparer.Ordinal).ShouldHaveSingleItem();
        Directory.GetFiles(Keys).Length.ShouldBe(2);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void A_key_that_others_may_read_is_refused(UnixFileMode more)
    {
        Open().Dispose();
        File.SetUnixFileMode(Private, UnixFileMode.UserRead | UnixFileMode.UserWrite | more);
        Message().ShouldContain($"chmod 600 {Private}");
    }

    [Fact]
    public void A_directory_that_others_may_write_is_refused()
    {
        Open().Dispose();
        File.SetUnixFileMode(Keys, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupWrite);
        Message().ShouldContain($"chmod 700 {Keys}");
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")]
    [InlineData("rsa")]
    [InlineData("p384")]
    [InlineData("cut")]
    public void A_damaged_key_is_named_with_what_to_do(string content)
    {
        Open().Dispose();
        using var rsa = RSA.Create(2048);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var pem = File.ReadAllText(Private);
        var mac = pem[pem.IndexOf("-----BEGIN DEVOPS", StringComparison.Ordinal)..];
        File.WriteAllText(Private, content switch
        {
            "rsa" => rsa.ExportPkcs8PrivateKeyPem() + "\n" + mac,
            "p384" => other.ExportPkcs8PrivateKeyPem() + "\n" + mac,
            "cut" => pem[..(pem.Length / 3)],
            _ => content,
        });
        Message().ShouldSatisfyAllConditions(static m => m.ShouldContain("damaged"), static m => m.ShouldContain("restore it from a backup"));
    }

    [Fact]
    public void A_private_key_that_is_missing_is_not_replaced_silently()
    {
        Open().Dispose();
        File.Delete(Private);
        Message().ShouldContain("is missing");
        File.Exists(Private).ShouldBeFalse();
    }

    [Fact]
    public void A_start_killed_before_the_public_key_was_written_is_finished()
    {
        Open().Dispose();
        File.Delete(Public);
        using var ring = Open();
        ring.TryFindPublic(ring.Current.Id, out _).ShouldBeTrue();
    }

    [Fact]
    public void After_rotations_everything_back_to_the_first_key_verifies_and_old_private_keys_are_gone()
    {
        var signed = new List<(string Id, byte[] Signature)>();
        byte[] mac;
        using (var ring = Open())
        {
            mac = ring.Mac(Data);
            for (var i = 0; i < 3; i++)
            {
                signed.Add((ring.Current.Id, ring.Current.Sign(Data)));
                _time.Advance(TimeSpan.FromDays(1));
                ring.Rotate();
            }
        }

        using var again = Open();
        again.Known.Count.ShouldBe(4);
        again.Mac(Data).ShouldBe(mac);
        foreach (var (id, signature) in signed)
        {
            id.ShouldNotBe(again.Current.Id);
            again.TryFindPublic(id, out var spki).ShouldBeTrue();
            SigningKey.Verify(spki, Data, signature).ShouldBeTrue();
        }

        PemEncoding.Find(File.ReadAllText(Private)).ShouldNotBe(default);
        File.ReadAllText(Private).Split("BEGIN PRIVATE KEY").Length.ShouldBe(2);
        File.GetUnixFileMode(Private).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public void A_rotation_killed_between_its_two_files_leaves_the_old_key_current()
    {
        string id;
        using (var ring = Open())
        {
            id = ring.Current.Id;
            var before = File.ReadAllBytes(Private);
            ring.Rotate();
            File.WriteAllBytes(Private, before);
        }

        using var again = Open();
        again.Current.Id.ShouldBe(id);
        again.Rotate();
        again.Known.Count.ShouldBe(2);
        Open().Dispose();
    }

    [Fact]
    public void Another_process_sees_the_rotation()
    {
        using var one = Open();
        using var other = Open();
        one.Rotate();
        other.TryFindPublic(one.Current.Id, out _).ShouldBeTrue();
        other.Current.Id.ShouldBe(one.Current.Id);
        one.Rotate();
        other.Refresh();
        other.Current.Id.ShouldBe(one.Current.Id);
        other.Rotate();
        other.Known.Count.ShouldBe(4);
    }

    [Fact]
    public void A_rotation_beside_another_is_refused()
    {
        using var one = Open();
        using var other = Open();
        one.Rotate();
        Should.Throw<KeyException>(other.Rotate).Message.ShouldContain("try again");
    }

    [Fact]
    public void A_public_key_that_nobody_endorsed_is_refused()
    {
        using var ring = Open();
        using var mine = SigningKey.Create();
        using var stranger = SigningKey.Create();
        var first = PublicKeys.First(ring.Current, _time.GetUtcNow());

        // Appended by a stranger, who can't sign for our key.
        Parses(first.ToJson()).ShouldBeTrue();
        var appended = PublicKeyRecord.Make(mine, _time.GetUtcNow(), stranger) with { Previous = ring.Current.Id };
        appended.Follows(first.Records[0]).ShouldBeFalse();

        // Put before ours: he can endorse it, but our key doesn't say that it follows his.
        var root = PublicKeyRecord.Make(stranger, _time.GetUtcNow(), null);
        (first.Records[0] with { Previous = stranger.Id, Endorsement = stranger.Sign(Data) }).Follows(root).ShouldBeFalse();

        File.WriteAllText(Public, Encoding.UTF8.GetString(first.ToJson()).Replace(Convert.ToBase64String(ring.Current.PublicKey)[^12..^4], "AAAAAAAA", StringComparison.Ordinal));
        Message().ShouldContain("were changed");
        File.WriteAllBytes(Public, PublicKeys.First(stranger, _time.GetUtcNow()).ToJson());
        Message().ShouldContain("don't hold the current key");
        File.WriteAllText(Public, "[]");
        Message().ShouldContain("damaged");
    }

    private static bool Parses(byte[] json) => PublicKeys.TryParse(json, out _, out _);

    private KeyRing Open() => KeyRing.Open(Keys, _time);

    private string Message() => Should.Throw<KeyException>(() => Open().Dispose()).Message;
}
