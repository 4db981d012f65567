using DevOpsAgent.Logs.Sources;

namespace DevOpsAgent.Tests.Logs.Sources;

public sealed class FileIdentityTests : IDisposable
{
    private readonly LogFolder _logs = new();

    public void Dispose() => _logs.Dispose();

    [Fact]
    public void A_rename_keeps_the_identity_and_a_new_file_has_another()
    {
        _logs.Append("one\n");
        FileIdentity.Look(_logs.Log, out var before).ShouldBe(FileLookup.Found);
        before.Kind.ShouldBe(FileKind.Regular);
        before.Size.ShouldBe(4);
        new DateTime(before.Modified, DateTimeKind.Utc).ShouldBe(File.GetLastWriteTimeUtc(_logs.Log));
        _logs.Rename("access.log", "access.log.1");
        _logs.Append("two\n");
        FileIdentity.Look(_logs.At("access.log.1"), out var renamed).ShouldBe(FileLookup.Found);
        renamed.ShouldBe(before);
        FileIdentity.Look(_logs.Log, out var other).ShouldBe(FileLookup.Found);
        other.Id.ShouldNotBe(before.Id);
    }

    [Fact]
    public void A_handle_has_the_identity_of_its_path()
    {
        _logs.Append("one\n");
        using var handle = File.OpenHandle(_logs.Log);
        FileIdentity.TryLook(handle, out var byHandle).ShouldBeTrue();
        FileIdentity.Look(_logs.Log, out var byPath);
        byHandle.ShouldBe(byPath);
        handle.Dispose();
        FileIdentity.TryLook(handle, out _).ShouldBeFalse();
    }

    [Fact]
    public void Says_what_is_no_file()
    {
        FileIdentity.Look(_logs.Folder, out var facts).ShouldBe(FileLookup.Found);
        facts.Kind.ShouldBe(FileKind.Directory);
        FileIdentity.Look(_logs.At("none"), out _).ShouldBe(FileLookup.Missing);
        _logs.Append("one\n");
        FileIdentity.Look(_logs.At("access.log/below"), out _).ShouldBe(FileLookup.Missing);
        FileIdentity.Look("\0", out _).ShouldBe(FileLookup.Missing);
        FileIdentity.Look(new string('x', 5000), out _).ShouldBe(FileLookup.Refused);
    }

    [Theory]
    [InlineData("66304:1234", true)]
    [InlineData("18446744073709551615:0", true)]
    [InlineData("", false)]
    [InlineData(null, false)]
    [InlineData("1:2:3", false)]
    [InlineData("-1:2", false)]
    [InlineData("a:b", false)]
    public void Is_kept_as_text(string? text, bool valid)
    {
        FileId.TryParse(text, out var id).ShouldBe(valid);
        if (valid)
        {
            id.ToString().ShouldBe(text);
        }
    }
}
