using System.Security.Cryptography;

namespace DevOpsAgent.Guards.Receipts;

/// <summary>
/// Sums up the entries since the checkpoint before it. Every entry whose seq is a multiple of <see cref="Every"/> is one, and one
/// closes a clean shutdown.
/// </summary>
/// <param name="Root">The Merkle root of the ids of entries <paramref name="First"/> to <paramref name="Last"/>, 64 hex.</param>
/// <param name="Previous">The id of the checkpoint before; null for the first.</param>
internal sealed record Checkpoint(DateTimeOffset At, long First, long Last, long Count, string Root, string? Previous)
{
    public const int Every = 256;

    public static bool IsDue(long seq) => seq % Every == 0;

    /// <summary>
    /// The tree hash of RFC 6962 (2.1) over 32-byte leaves: leaves and nodes are hashed with different prefixes, so that no node
    /// passes for a leaf.
    /// </summary>
    public static string RootOf(IReadOnlyList<byte[]> ids)
    {
        if (ids.Count == 0)
        {
            return Convert.ToHexStringLower(SHA256.HashData([]));
        }

        Span<byte> leaf = stackalloc byte[33];
        Span<byte> node = stackalloc byte[65];
        (leaf[0], node[0]) = (0, 1);
        var level = new byte[ids.Count][];
        for (var i = 0; i < level.Length; i++)
        {
            ids[i].CopyTo(leaf[1..]);
            level[i] = SHA256.HashData(leaf);
        }

        // Pairing from the left and carrying an odd last node up gives the same tree as splitting at powers of two.
        for (var count = level.Length; count > 1; count = (count + 1) / 2)
        {
            for (var i = 0; i < count / 2; i++)
            {
                level[2 * i].CopyTo(node[1..]);
                level[2 * i + 1].CopyTo(node[33..]);
                level[i] = SHA256.HashData(node);
            }

            if (count % 2 == 1)
            {
                level[count / 2] = level[count - 1];
            }
        }

        return Convert.ToHexStringLower(level[0]);
    }
}
