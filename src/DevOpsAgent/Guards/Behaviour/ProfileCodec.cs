using System.Buffers;
using System.Buffers.Binary;

namespace DevOpsAgent.Guards.Behaviour;

/// <summary>
/// A profile as bytes, little endian: version, window length, open window, highest folded window, last seen; the open window's
/// counts and tools; four metrics with baseline and candidate; the closed windows, oldest first.
/// </summary>
internal static class ProfileCodec
{
    private const byte Version = 1;

    public static byte[] Write(AgentProfile profile, int windowSecs)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        buffer.Write([Version]);
        Put(buffer, windowSecs);
        Put(buffer, profile.Window);
        Put(buffer, profile.Folded);
        Put(buffer, profile.LastSeen.UtcTicks);
        Put(buffer, profile.Counts.Calls);
        Put(buffer, profile.Counts.Denied);
        Put(buffer, profile.Counts.Entropy);
        Put(buffer, profile.Counts.Tools);
        foreach (var tool in profile.Counts.ToolHashes)
        {
            Put(buffer, unchecked((long)tool));
        }

        foreach (var metric in BehaviourMetrics.All)
        {
            var state = profile.Metric(metric);
            Put(buffer, state.Usual);
            Put(buffer, state.Candidate);
            Put(buffer, state.Held);
            Put(buffer, state.Quiet);
            Put(buffer, state.Waiting);
        }

        Put(buffer, profile.ClosedCount);
        for (var back = profile.ClosedCount - 1; back >= 0; back--)
        {
            ref readonly var closed = ref profile.Closed(back);
            Put(buffer, closed.Window);
            foreach (var score in closed.Scores)
            {
                Put(buffer, score.Sample);
                Put(buffer, score.Mean);
                Put(buffer, score.Deviation);
                buffer.Write([(byte)score.Flags]);
            }
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>False: not ours, cut off, with numbers that can't be, or of another window length, whose numbers mean something else. Never throws.</summary>
    public static bool TryRead(string agent, ReadOnlySpan<byte> bytes, int windowSecs, out AgentProfile profile)
    {
        profile = new(agent);
        var reader = new Reader(bytes);
        if (reader.Byte() != Version || reader.Long() != windowSecs)
        {
            return false;
        }

        var (window, folded, seen) = (reader.Long(), reader.Long(), reader.Long());
        var (calls, denied, entropy, tools) = (reader.Long(), reader.Long(), reader.Long(), reader.Long());
        if (reader.Failed || window < -1 || folded < -1 || seen is < 0 or > 3155378975999999999 || calls < 0 || denied < 0 || denied > calls || entropy < 0 || tools is < 0 or > WindowCounts.MaxTools)
        {
            return false;
        }

        profile.LastSeen = new(seen, TimeSpan.Zero);
        profile.Counts.Restore(calls, denied, entropy);
        for (var i = 0; i < tools; i++)
        {
            profile.Counts.AddTool(unchecked((ulong)reader.Long()));
        }

        var metrics = default(MetricStates);
        foreach (var metric in BehaviourMetrics.All)
        {
            var (usual, candidate) = (reader.Baseline(), reader.Baseline());
            var (held, quiet, waiting) = (reader.Long(), reader.Long(), reader.Double());
            if (reader.Failed || !usual.IsSound || !candidate.IsSound || held is < 0 or > int.MaxValue || quiet is < 0 or > int.MaxValue || !double.IsFinite(waiting))
            {
                return false;
            }

            metrics[(int)metric] = MetricState.Of(usual, candidate, (int)held, (int)quiet, waiting);
        }

        var count = reader.Long();
        if (reader.Failed || count is < 0 or > AgentProfile.KeptWindows)
        {
            return false;
        }

        var closed = new ClosedWindow[count];
        for (var i = 0; i < closed.Length; i++)
        {
            var (at, scores) = (reader.Long(), default(MetricScores));
            foreach (ref var score in scores)
            {
                score = new(reader.Float(), reader.Float(), reader.Float(), (ScoreFlags)reader.Byte());
                if (!float.IsFinite(score.Sample) || !float.IsFinite(score.Mean) || !float.IsFinite(score.Deviation))
                {
                    return false;
                }
            }

            closed[i] = new(at, scores);
        }

        profile.Restore(window, folded, metrics, closed);
        return reader.IsAtEnd;
    }

    private static void Put(ArrayBufferWriter<byte> buffer, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(buffer.GetSpan(8), value);
        buffer.Advance(8);
    }

    private static void Put(ArrayBufferWriter<byte> buffer, double value) => Put(buffer, BitConverter.DoubleToInt64Bits(value));

    private static void Put(ArrayBufferWriter<byte> buffer, float value)
    {
        BinaryPrimitives.WriteSingleLittleEndian(buffer.GetSpan(4), value);
        buffer.Advance(4);
    }

    private static void Put(ArrayBufferWriter<byte> buffer, in Baseline baseline)
    {
        Put(buffer, baseline.Mean);
        Put(buffer, baseline.Variance);
        Put(buffer, baseline.SlowMean);
        Put(buffer, baseline.Count);
    }

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        public bool Failed { get; private set; }

        public readonly bool IsAtEnd => !Failed && _rest.IsEmpty;

        public byte Byte() => Take(1) is [var value] ? value : (byte)0;

        public long Long() => Take(8) is { Length: 8 } eight ? BinaryPrimitives.ReadInt64LittleEndian(eight) : 0;

        public float Float() => Take(4) is { Length: 4 } four ? BinaryPrimitives.ReadSingleLittleEndian(four) : 0;

        public Baseline Baseline() => Behaviour.Baseline.Of(Double(), Double(), Double(), Long());

        public double Double() => BitConverter.Int64BitsToDouble(Long());

        private ReadOnlySpan<byte> Take(int count)
        {
            if (_rest.Length < count)
            {
                Failed = true;
                return [];
            }

            var taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }
    }
}
