using System.Security.Cryptography;

namespace DevOpsAgent.Detection;

/// <summary>
/// Working memory of one classifying thread: buffers for the canonical form, and what was found for recent paths and
/// agents, because most requests of a site repeat. Not safe for two threads at once.
/// </summary>
internal sealed class ClassifierScratch
{
    /// <summary>More segments than this are counted but not looked at one by one; no list reaches so deep.</summary>
    public const int MaxSegments = 128;

    /// <summary>One and a half megabytes: as many as the larger word lists of scanners have, which different scanners share.</summary>
    private const int PathSlots = 32768;
    private const int Ways = 4;
    private const int AgentSlots = 2048;

    private readonly PathSlot[] _paths = new PathSlot[PathSlots];
    private readonly AgentSlot[] _agents = new AgentSlot[AgentSlots];

    /// <summary>Secret, so that nobody can craft a secret path with the key of a harmless one.</summary>
    private readonly ulong _seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));

    private uint _turn;

    internal readonly CanonicalPath Canonical = new();

    internal ulong Key(ReadOnlySpan<byte> raw) => Hash64.Of(raw, _seed) | 1;

    /// <summary>
    /// The slot with this key, or the one to write what is read for it. Four neighbours share their places; whose turn it is
    /// gives way, so that a word list that is a little too long doesn't drive itself out, round after round.
    /// </summary>
    internal ref PathSlot PathFor(ulong key)
    {
        var set = _paths.AsSpan((int)(key >> 40) & (PathSlots - Ways), Ways);
        for (var i = 0; i < Ways; i++)
        {
            if (set[i].Key == key)
            {
                return ref set[i];
            }
        }

        return ref set[(int)(_turn++ & (Ways - 1))];
    }

    internal ref AgentSlot AgentFor(ulong key) => ref _agents[(int)(key >> 40) & (AgentSlots - 1)];

    internal struct PathSlot
    {
        public ulong Key;
        public ulong Tags;
        public ulong PathHash;
        public ulong RequestHash;
        public ulong StemHash;
        public FactFlags Flags;
        public byte Depth;
    }

    internal struct AgentSlot
    {
        public ulong Key;
        public ulong Tags;
        public ulong Hash;
    }
}
