using System.Text;

namespace DevOpsAgent.Ebpf.Tables;

/// <summary>
/// The hashes of bpf/paths.h: two lanes of 64 bits for a component, folded over the components of a path. Seeded at random
/// when the maps are made, so that nobody can choose names that collide with a rule.
/// </summary>
internal sealed class PathHash(ulong seed1, ulong seed2, ulong seed3, ulong seed4)
{
    private const ulong Lane1 = 0x9E3779B97F4A7C15;
    private const ulong Lane2 = 0xC2B2AE3D27D4EB4F;

    /// <summary>Of "/".</summary>
    public (ulong A, ulong B) Root => (seed3, seed4);

    public (ulong A, ulong B) Component(ReadOnlySpan<byte> name)
    {
        ulong h1 = seed1 ^ (ulong)name.Length, h2 = seed2 + (ulong)name.Length;
        for (var at = 0; at < name.Length; at += 8)
        {
            var word = 0UL;
            for (var i = Math.Min(8, name.Length - at) - 1; i >= 0; i--)
            {
                word = word << 8 | name[at + i];
            }

            h1 = (h1 ^ word) * Lane1;
            h1 ^= h1 >> 32;
            h2 = (h2 + word) * Lane2;
            h2 ^= h2 >> 29;
        }

        return (h1, h2);
    }

    public (ulong A, ulong B) Component(string name) => Component(Encoding.UTF8.GetBytes(name));

    /// <param name="path">Absolute and canonical; "" and "/" are the root.</param>
    public (ulong A, ulong B) Path(ReadOnlySpan<byte> path)
    {
        var (p1, p2) = Root;
        foreach (var range in path.Split((byte)'/'))
        {
            var name = path[range];
            if (name.IsEmpty)
            {
                continue;
            }

            var (c1, c2) = Component(name);
            p1 = (p1 ^ c1) * Lane1;
            p1 ^= p1 >> 32;
            p2 = (p2 + c2) * Lane2;
            p2 ^= p2 >> 29;
        }

        return (p1, p2);
    }

    public (ulong A, ulong B) Path(string path) => Path(Encoding.UTF8.GetBytes(path));
}
