using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using DevOpsAgent.App.ExecService;
using DevOpsAgent.Exec.Remote;

namespace DevOpsAgent.Tests.ExecService;

public sealed class CallBodyTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("line\nrest", 10, "line")]
    [InlineData("\nrest", 10, "")]
    [InlineData("line", 10, null)]
    [InlineData("", 10, null)]
    [InlineData("a long line\nrest", 10, null)]
    [InlineData("a long line without an end", 10, null)]
    public async Task The_first_line_is_read_within_its_limit(string body, int limit, string? expected)
    {
        var line = await CallBody.ReadLineAsync(Body(body), limit, Cancellation);
        (line is null ? null : Encoding.UTF8.GetString(line)).ShouldBe(expected);
    }

    [Theory]
    [InlineData("hello", 5, true)]
    [InlineData("", 0, true)]
    [InlineData("hell", 5, false)]
    [InlineData("hello!", 5, false)]
    [InlineData("", 5, false)]
    [InlineData("x", 0, false)]
    [InlineData("hellO", 5, false)]
    public async Task Standard_input_is_what_was_announced_or_nothing(string sent, int announced, bool fine)
    {
        var call = Call(announced, announced == 0 ? null : "hello");
        var stdin = await CallBody.ReadStdinAsync(Body(sent), call, cap: 100, Cancellation);
        stdin.HasValue.ShouldBe(fine);
        if (fine)
        {
            Encoding.UTF8.GetString(stdin!.Value.Span).ShouldBe(sent);
        }
    }

    [Fact]
    public async Task Of_too_much_only_one_byte_beyond_the_cap_is_kept()
    {
        var stdin = await CallBody.ReadStdinAsync(Body(new string('x', 1000)), Call(1_000_000_000_000, "anything"), cap: 100, Cancellation);
        stdin!.Value.Length.ShouldBe(101);
    }

    private static ExecCall Call(long bytes, string? content) => new()
    {
        Operation = CallOperation.Run,
        RequestId = new('0', 32),
        StdinBytes = bytes,
        StdinSha256 = content is null ? null : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content))),
    };

    private static PipeReader Body(string text) => PipeReader.Create(new MemoryStream(Encoding.UTF8.GetBytes(text)));
}
