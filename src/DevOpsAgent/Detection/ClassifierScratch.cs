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

    /// <summary>A megabyte: as many as the larger word lists of scanners have, which different scanners share.</summary>
    private const int PathSlots = 16384;
    private const int AgentSlots = 512;

    private readonly PathSlot[] _paths = new PathSlot[PathSlots];
    private readonly AgentSlot[] _agents = new AgentSlot[AgentSlots];

    /// <summary>Secret, so that nobody can craft a secret path with the key of a harmless one.</summary>
    private readonly ulong _seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));

    internal readonly CanonicalPath Canonical = new();

    internal ulong Key(ReadOnlySpan<byte> raw) => Hash64.Of(raw, _seed) | 1;

    /// <summary>
    /// The slot with this key, or the one to write what is read for it. Two paths share two slots, the newer first, so that
    /// two frequent ones don't drive each other out.
    /// </summary>
    internal ref PathSlot PathFor(ulong key)
    {
        var at = (int)(key >> 40) & (PathSlots - 2);
        ref var first = ref _paths[at];
        ref var second = ref _paths[at + 1];
        if (first.Key == key)
        {
            return ref first;
        }

        if (second.Key != key)
        {
            second = first;
            return ref first;
        }

        return ref second;
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
