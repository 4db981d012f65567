using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DevOpsAgent.Exec.Remote;
using FsCheck;
using FsCheck.Fluent;

namespace DevOpsAgent.Tests.Exec.Remote;

public sealed class SignedFrameTests : IDisposable
{
    private readonly FrameBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void A_frame_survives_its_journey()
    {
        var frame = _bench.Frame() with
        {
            Call = new()
            {
                Operation = CallOperation.Run,
                RequestId = new('b', 32),
                Argv = ["/bin/echo", "ä ö \" \\ \u2028", ""],
                StdinBytes = 3,
                StdinSha256 = new('c', 64),
                TimeoutMs = null,
                Cwd = "/srv",
            },
        };
        var read = SignedFrame.TryRead(_bench.Sign(frame).ToLine()).ShouldNotBeNull().Frame;
        read.Call.Argv.ShouldBe(frame.Call.Argv);
        (read with { Call = frame.Call }).ShouldBe(frame);
        (read.Call with { Argv = frame.Call.Argv }).ShouldBe(frame.Call);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("\"frame\"")]
    [InlineData("{\"frame\":1,\"agent_signature\":2,\"machine_signature\":3}")]
    [InlineData("{\"frame\":\"!\",\"agent_signature\":\"!\",\"machine_signature\":\"!\"}")]
    [InlineData("{\"frame\":\"\\ud800\",\"agent_signature\":\"\",\"machine_signature\":\"\"}")]
    [InlineData("{\"\\ud800\":1,\"agent_signature\":\"\",\"machine_signature\":\"\"}")]
    public void What_is_no_frame_is_malformed(string line) => _bench.Judge.Judge(Encoding.UTF8.GetBytes(line), _bench.Machine.Id).ShouldBe(FrameVerdict.Malformed);

    [Fact]
    public void What_is_nested_deeply_or_too_long_is_malformed()
    {
        foreach (var line in new[] { new string('[', 100_000), string.Concat(Enumerable.Repeat("{\"frame\":", 50_000)), new string('x', SignedFrame.MaxBytes + 1) })
        {
            _bench.Judge.Judge(Encoding.UTF8.GetBytes(line), _bench.Machine.Id).ShouldBe(FrameVerdict.Malformed);
        }

        Inner(static f => f["call"]!["argv"] = JsonNode.Parse("[[[[[[[]]]]]]]")).ShouldBeNull();
        Inner(static f => f["call"]!["argv"] = new JsonArray([.. Enumerable.Range(0, ExecCallJson.MaxArguments + 1).Select(static i => JsonValue.Create(i.ToString(System.Globalization.CultureInfo.InvariantCulture)))])).ShouldBeNull();
        Inner(static f => f["call"]!["argv"] = new JsonArray(JsonValue.Create(new string('x', ExecCallJson.MaxBytes)))).ShouldBeNull();
    }

    [Fact]
    public void Each_key_of_the_frame_is_needed_and_none_other_is_taken()
    {
        var frame = JsonNode.Parse(_bench.Sign(_bench.Frame()).Bytes)!.AsObject();
        foreach (var key in frame.Select(static p => p.Key).ToList())
        {
            Inner(f => f.Remove(key)).ShouldBeNull(key);
            Inner(f => f[key] = JsonNode.Parse("{}")).ShouldBeNull(key);
            Inner(f => f[key] = "HALF", static text => text.Replace("HALF", "\\ud800", StringComparison.Ordinal)).ShouldBeNull(key);
        }

        Inner(static f => f["more"] = 1).ShouldBeNull();
        Inner(static f => f["v"] = 2).ShouldBeNull();
        Inner(static f => f["ts_unix_ms"] = long.MaxValue).ShouldBeNull();
        Inner(static f => f["ts_unix_ms"] = -1).ShouldBeNull();
        Inner(static f => f["receiver"] = f["receiver"]!.GetValue<string>().ToUpperInvariant()).ShouldBeNull();
        Inner(static _ => { }).ShouldNotBeNull();
    }

    [Theory]
    [InlineData("op", "\"shell\"")]
    [InlineData("request_id", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"")]
    [InlineData("request_id", "\"aa\"")]
    [InlineData("argv", "\"/bin/true\"")]
    [InlineData("argv", "[1]")]
    [InlineData("argv", "[null]")]
    [InlineData("stdin_bytes", "-1")]
    [InlineData("stdin_bytes", "1.5")]
    [InlineData("stdin_bytes", "5")]
    [InlineData("timeout_ms", "0")]
    [InlineData("timeout_ms", "1e99")]
    [InlineData("cwd", "7")]
    [InlineData("unknown", "7")]
    public void A_call_with_a_wrong_value_is_malformed(string key, string value) =>
        Inner(f => f["call"]![key] = JsonNode.Parse(value)).ShouldBeNull();

    [Fact]
    public void A_key_that_comes_twice_is_malformed()
    {
        // Two readers could take different ones of the two.
        const string Twice = """{"op":"run","op":"check","request_id":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}""";
        ExecCallJson.TryRead(Encoding.UTF8.GetBytes(Twice)).ShouldBeNull();
        ExecCallJson.TryRead(Encoding.UTF8.GetBytes(Twice.Replace("\"op\":\"check\",", "", StringComparison.Ordinal))).ShouldNotBeNull();
    }

    [Fact]
    public void A_private_or_odd_key_in_the_frame_is_malformed()
    {
        using var p384 = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP384);
        Inner(f => f["agent_key"] = Convert.ToBase64String(p384.ExportSubjectPublicKeyInfo())).ShouldBeNull();
        Inner(f => f["agent_key"] = Convert.ToBase64String(_bench.Agent.PublicKey[..^1])).ShouldBeNull();
        Inner(f => f["agent_key"] = Convert.ToBase64String([.. _bench.Agent.PublicKey, 0])).ShouldBeNull();
        Inner(f => f["agent_key"] = Convert.ToBase64String(new byte[PeerKey.Bytes])).ShouldBeNull();
    }

    [Fact]
    public void No_bytes_make_it_throw()
    {
        var good = _bench.Sign(_bench.Frame());
        var line = good.ToLine();
        Prop.ForAll<byte[]>(noise => _bench.Judge.Judge(noise, _bench.Machine.Id).Reason is not null).QuickCheckThrowOnFailure();

        // A good frame with holes, swaps and noise in it: reaches much deeper than noise alone.
        Prop.ForAll<int, byte, int>((at, value, cut) =>
        {
            var outer = Mutate(line, at, value, cut);
            var inner = Mutate(good.Bytes, at, value, cut);
            var wrapped = (good with { Bytes = inner }).ToLine();
            _ = _bench.Judge.Judge(outer, _bench.Machine.Id);
            return inner.AsSpan().SequenceEqual(good.Bytes) || _bench.Judge.Judge(wrapped, _bench.Machine.Id).Reason is not null;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    private static byte[] Mutate(byte[] source, int at, byte value, int cut)
    {
        var bytes = source.ToArray();
        bytes[(uint)at % (uint)bytes.Length] = value;
        return cut % 3 == 0 ? bytes[..(int)((uint)cut % (uint)bytes.Length)] : bytes;
    }

    private SignedFrame? Inner(Action<JsonObject> change, Func<string, string>? edit = null)
    {
        var good = _bench.Sign(_bench.Frame());
        var json = JsonNode.Parse(good.Bytes)!.AsObject();
        change(json);
        var text = json.ToJsonString(new JsonSerializerOptions { MaxDepth = 64 });
        return SignedFrame.TryRead((good with { Bytes = Encoding.UTF8.GetBytes(edit?.Invoke(text) ?? text) }).ToLine());
    }
}
