namespace DevOpsAgent.Exec.Remote;

/// <summary>
/// The nonces of accepted frames, for as long as a frame with that time would be accepted. What is forgotten can't come back: frames
/// at or below the newest forgotten time are refused, even if the clock is set back. Frames of an earlier start of the server
/// are refused by their start id, so nothing needs to be kept over a restart.
/// </summary>
/// <param name="skew">How far a frame's time may be from ours, both ways.</param>
internal sealed class ReplayMemory(TimeSpan skew)
{
    /// <summary>Per agent, so that one can't use up the room of others; the number of agents is bounded by the trust file. 4,096 in a minute is 68 a second.</summary>
    public const int MaxPerAgent = 4096;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Nonces> _agents = new(StringComparer.Ordinal);

    /// <summary>Only asks; for checks before the sender is known to be trusted, whose nonces must not take room.</summary>
    public ReplayVerdict Look(string agentId, string nonce, DateTimeOffset time, DateTimeOffset now)
    {
        lock (_gate)
        {
            return time < now - skew || time > now + skew ? ReplayVerdict.Skew
                : _agents.TryGetValue(agentId, out var nonces) ? nonces.Look(nonce, time)
                : ReplayVerdict.Fresh;
        }
    }

    /// <summary>Asks and remembers, in one step: of two equal frames at the same time one is a replay.</summary>
    public ReplayVerdict Remember(string agentId, string nonce, DateTimeOffset time, DateTimeOffset now)
    {
        lock (_gate)
        {
            if (time < now - skew || time > now + skew)
            {
                return ReplayVerdict.Skew;
            }

            if (!_agents.TryGetValue(agentId, out var nonces))
            {
                _agents[agentId] = nonces = new();
            }

            nonces.Forget(now - skew);
            return nonces.Remember(nonce, time);
        }
    }

    private sealed class Nonces
    {
        private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
        private readonly PriorityQueue<string, DateTimeOffset> _byTime = new();
        private DateTimeOffset _forgotten = DateTimeOffset.MinValue;

        public ReplayVerdict Look(string nonce, DateTimeOffset time) => _seen.Contains(nonce) || time <= _forgotten ? ReplayVerdict.Replayed : ReplayVerdict.Fresh;

        public ReplayVerdict Remember(string nonce, DateTimeOffset time)
        {
            if (Look(nonce, time) is ReplayVerdict.Replayed)
            {
                return ReplayVerdict.Replayed;
            }

            if (_seen.Count >= MaxPerAgent)
            {
                return ReplayVerdict.Full;
            }

            _seen.Add(nonce);
            _byTime.Enqueue(nonce, time);
            return ReplayVerdict.Fresh;
        }

        public void Forget(DateTimeOffset before)
        {
            while (_byTime.TryPeek(out _, out var time) && time < before)
            {
                _seen.Remove(_byTime.Dequeue());
                _forgotten = time > _forgotten ? time : _forgotten;
            }
        }
    }
}

internal enum ReplayVerdict
{
    Fresh,
    Skew,
    Replayed,

    /// <summary>The agent sent more frames within the time window than are remembered: refused rather than forgotten.</summary>
    Full,
}
