using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DevOpsAgent.Addresses;
using DevOpsAgent.Logs;
using FsCheck;
using FsCheck.Fluent;

namespace DevOpsAgent.Tests.Logs;

/// <summary>Whatever bytes come: no exception, slices within bounds, no allocation.</summary>
public sealed class LineParserRobustnessTests
{
    private static readonly string[] s_files =
        ["logs/traefik-v3.jsonl", "logs/traefik-v2.jsonl", "logs/traefik.clf.log", "awkward/access.jsonl", "awkward/access.log"];

    private readonly LineParser _parser = new(new ClientResolver([AddressRange.Parse("198.51.100.0/24"), AddressRange.Parse("10.0.0.0/8")]));

    [Fact]
    public void A_line_cut_anywhere_is_refused_or_read()
    {
        foreach (var file in s_files)
        {
            foreach (var line in ParsedLine.Lines(file).TakeLast(25).Where(l => l.Length < 4000))
            {
                for (var length = 0; length <= line.Length; length++)
                {
                    Read(line.AsSpan(0, length));
                }

                for (var start = 1; start < line.Length; start++)
                {
                    Read(line.AsSpan(start));
                }
            }
        }
    }

    [Fact]
    public void A_json_line_cut_anywhere_is_never_read()
    {
        foreach (var line in ParsedLine.Lines("logs/traefik-v3.jsonl").Take(20))
        {
            for (var length = 0; length < line.Length; length++)
            {
                _parser.TryParse(line.AsSpan(0, length), out _, out var reason).ShouldBeFalse();
                reason.ShouldBe(length == 0 ? UnparsedReason.Empty : UnparsedReason.Truncated);
            }
        }
    }

    [Fact]
    public void Damaged_lines_are_refused_or_read()
    {
        var random = new Random(20261121);
        var lines = s_files.SelectMany(ParsedLine.Lines).Where(l => l.Length is > 0 and < 4000).ToArray();
        byte[] nasty = [.. "\"\\{}[]:,- \0\n\r/%u0123456789"u8, 0x80, 0xFF, 0xED];
        for (var i = 0; i < 60_000; i++)
        {
            var line = lines[random.Next(lines.Length)].ToList();
            for (var damage = random.Next(1, 6); damage > 0 && line.Count > 1; damage--)
            {
                var at = random.Next(line.Count);
                switch (random.Next(5))
                {
                    case 0: line[at] = nasty[random.Next(nasty.Length)]; break;
                    case 1: line.Insert(at, nasty[random.Next(nasty.Length)]); break;
                    case 2: line.RemoveRange(at, Math.Min(random.Next(1, 20), line.Count - at)); break;
                    case 3: line[at] ^= (byte)(1 << random.Next(8)); break;
                    default: line.InsertRange(at, line.GetRange(random.Next(line.Count / 2), Math.Min(40, line.Count / 2))); break;
                }
            }

            Read(CollectionsMarshal.AsSpan(line));
        }
    }

    [Fact]
    public void Random_bytes_are_refused_or_read() =>
        Prop.ForAll<byte[], byte>((bytes, first) =>
        {
            Read(bytes);
            byte[] start = (first % 4) switch
            {
                0 => [.. "{\""u8],
                1 => [.. "{\"log\":\""u8],
                2 => [.. "2026-11-21T07:40:01.1Z stdout P "u8],
                _ => [.. "1.2.3.4 - - [21/Nov/2026:07:36:38 +0000] \""u8],
            };
            Read([.. start, .. bytes]);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Wrappers_inside_parts_end()
    {
        // Attack on the reader's stack: what the parts make is a wrapper, whose text would be joined to the parts, and so on.
        Read("2026-11-21T07:40:01.1Z stdout P {\"log\":"u8);
        Read("2026-11-21T07:40:01.1Z stdout F \" \"}"u8);
        var random = new Random(5);
        string[] parts =
        [
            "2026-11-21T07:40:01.1Z stdout P ", "2026-11-21T07:40:01.1Z stdout F ", "2026-11-21T07:40:01.1Z stderr P ", "{\"log\":\"", "{\"log\":\"{\\\"log\\\":\\\"",
            new string('a', 17_000), new string(' ', 17_000), " ", "\"}", "\\n\"}", "\",\"stream\":\"stderr\"}", "}", "\\\"}",
        ];
        for (var i = 0; i < 5_000; i++)
        {
            Read(System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, random.Next(1, 7)).Select(_ => parts[random.Next(parts.Length)]))));
        }
    }

    [Fact]
    public void Lines_of_one_byte_repeated_are_refused()
    {
        for (var b = 0; b < 256; b++)
        {
            var line = new byte[LineBoundary.MaxLine];
            line.AsSpan().Fill((byte)b);
            Read(line);
            line[0] = (byte)'{';
            Read(line);
            "{\"log\":\""u8.CopyTo(line);
            Read(line);
        }
    }

    [Fact]
    public void Lines_cost_no_allocation()
    {
        var lines = s_files.SelectMany(ParsedLine.Lines).Where(l => l.Length < LineBoundary.MaxLine).ToArray();
        string v6 = """{"ClientAddr":"[2001:db8::1%eth0]:5","ClientHost":"::ffff:10.0.0.1","DownstreamStatus":"4.04e2","RequestPath":"\u00e9","StartUTC":"2026-11-21T07:36:38Z"}""";
        lines = [.. lines, System.Text.Encoding.UTF8.GetBytes(v6)];
        Pass(lines, 2);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Pass(lines, 100_000 / lines.Length + 1);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    private void Pass(byte[][] lines, int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            foreach (var line in lines)
            {
                _ = _parser.TryParse(line, out _, out _);
            }
        }
    }

    private void Read(ReadOnlySpan<byte> line)
    {
        var good = _parser.TryParse(line, out var e, out var reason);
        if (!good)
        {
            ((int)reason).ShouldBeLessThanOrEqualTo((int)UnparsedReason.BadClf);
            e.Path.IsEmpty.ShouldBeTrue();
            return;
        }

        reason.ShouldBe(UnparsedReason.None);
        e.Client.IsNone.ShouldBeFalse();
        e.Status.ShouldBeInRange(0, 999);
        new DateTime(e.Time, DateTimeKind.Utc).Year.ShouldBeInRange(TimeText.FirstYear - 1, TimeText.LastYear + 1);
        e.DurationNs.ShouldBeGreaterThanOrEqualTo(0);
        e.Format.ShouldNotBe(LogFormat.Unknown);
        Touch(e.Path);
        Touch(e.Agent);
        Touch(e.User);
        Touch(e.ClientHost);
        Touch(e.Router);
        Touch(e.Method);
        Touch(e.Host);
    }

    // A slice out of bounds would read past the array here.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Touch(ReadOnlySpan<byte> text)
    {
        text.Length.ShouldBeLessThanOrEqualTo(LineBoundary.MaxLine);
        _ = text.Count((byte)'x');
    }
}
