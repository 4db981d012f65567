using System.Net;
using System.Text;
using DevOpsAgent.Agent.Llm;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Tests.Agent.Llm;

/// <summary>A stream may be cut into pieces anywhere: in a character, in an escape, between CR and LF, in a key's name.</summary>
public sealed class BoundariesTests
{
    [Theory]
    [InlineData("OllamaGenerate")]
    [InlineData("OllamaChat")]
    [InlineData("OpenAi")]
    [InlineData("Anthropic")]
    public async Task Two_pieces_at_every_byte_give_the_same_text_and_calls(string name)
    {
        var dialect = Enum.Parse<LlmDialect>(name);
        foreach (var (body, type) in new[] { Wire.Text(dialect, true, "a\"ü🐧", "\nz"), Wire.Calls(dialect, true) })
        {
            foreach (var text in new[] { body, body.Replace("\n", "\r\n", StringComparison.Ordinal) })
            {
                var bytes = Encoding.UTF8.GetBytes(text);
                var whole = await ReadAsync(dialect, type, [bytes]);
                whole.Length.ShouldBeGreaterThan(4);
                for (var i = 1; i < bytes.Length; i++)
                {
                    (await ReadAsync(dialect, type, [bytes[..i], bytes[i..]])).ShouldBe(whole, $"cut at {i}");
                }

                (await ReadAsync(dialect, type, [.. bytes.Select(static b => new[] { b })])).ShouldBe(whole, "byte by byte");
            }
        }
    }

    [Theory]
    [InlineData("OpenAi")]
    [InlineData("Anthropic")]
    public async Task An_error_event_is_found_however_it_is_cut(string name)
    {
        var dialect = Enum.Parse<LlmDialect>(name);
        var (body, type) = Wire.Text(dialect, true, "fine");
        var at = body.IndexOf("\n\n", StringComparison.Ordinal) + 2;
        var bytes = Encoding.UTF8.GetBytes(body[..at] + "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n" + body[at..]);
        for (var i = at; i < bytes.Length; i++)
        {
            (await Should.ThrowAsync<LlmException>(() => ReadAsync(dialect, type, [bytes[..i], bytes[i..]]))).Kind.ShouldBe(LlmFault.Overloaded);
        }
    }

    private static async Task<string> ReadAsync(LlmDialect dialect, string type, byte[][] pieces)
    {
        using var client = ChatClients.Create(Wire.Config(dialect, new("http://127.0.0.1:1")), TimeProvider.System, new() { Tries = 1 }, new Network(type, pieces));
        var answer = await client.AskAsync(true, new() { Tools = [Wire.Tool("query_logs")] });
        return answer.Text + string.Concat(answer.Messages.SelectMany(static m => m.Contents).OfType<FunctionCallContent>().Select(static c => $"{c.Name}({c.Arguments!["n"]})"));
    }

    /// <summary>A network that gives these pieces, one per read.</summary>
    private sealed class Network(string type, byte[][] pieces) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new StreamContent(new Pieces(pieces)) { Headers = { ContentType = new(type) } },
        });
    }

    private sealed class Pieces(byte[][] pieces) : MemoryStream
    {
        private int _next;
        private int _offset;

        public override int Read(Span<byte> buffer)
        {
            if (_next == pieces.Length)
            {
                return 0;
            }

            var piece = pieces[_next].AsSpan(_offset);
            var count = Math.Min(piece.Length, buffer.Length);
            piece[..count].CopyTo(buffer);
            _offset += count;
            if (_offset == pieces[_next].Length)
            {
                (_next, _offset) = (_next + 1, 0);
            }

            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(Read(buffer.Span));

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.FromResult(Read(buffer, offset, count));
    }
}
