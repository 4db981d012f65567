using System.Globalization;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Store;

namespace DevOpsAgent.Blocking;

/// <summary>
/// The stored form of a block's and an unblock's action. The subject begins with the range ("203.0.113.7/32 for
/// 04:00:00 at ...") or the block ("block 12, ..."): so an intent is found again after a crash.
/// </summary>
internal static class BlockAction
{
    public const string Block = "block";
    public const string Unblock = "unblock";

    public static ActionRecord Intend(BlockRequest request, TimeSpan ttl, string where, DateTimeOffset now) => new()
    {
        IncidentId = request.IncidentId,
        ActionType = Block,
        Mode = request.Mode,
        IntendedAt = now,
        ApprovedBy = request.By,
        Origin = request.Origin,
        Subject = $"{request.Range.ToCidr()} for {ttl.ToString("c", CultureInfo.InvariantCulture)} at {where}",
    };

    public static ActionRecord IntendLift(Block block, string by, string origin, DateTimeOffset now) => new()
    {
        IncidentId = block.IncidentId,
        ActionType = Unblock,
        Mode = Mode.Review,
        IntendedAt = now,
        ApprovedBy = by,
        Origin = origin,
        Subject = $"block {block.Id}, {block.Range.ToCidr()}",
    };

    public static string Undo(Block block) => $"devops-agent blocks remove {block.Id}";

    /// <summary>What undoes a lift: the same block by hand for the time that was left.</summary>
    public static string UndoLift(Block block, DateTimeOffset now) =>
        $"devops-agent blocks add {block.Range} --ttl {Math.Max(1, (long)(block.ExpiresAt - now).TotalSeconds)}s";

    /// <summary>True: this open action is the intent of this block.</summary>
    public static bool Intends(ActionRecord action, Block block) =>
        action.ActionType == Block && action.IncidentId == block.IncidentId && (action.IntendedAt - block.CreatedAt).Duration() < TimeSpan.FromSeconds(1)
        && action.Subject.StartsWith(block.Range.ToCidr() + " ", StringComparison.Ordinal);

    /// <summary>The block that an unblock is about, from "block 12, ..."; 0 for any other action.</summary>
    public static long LiftedBlock(ActionRecord action)
    {
        if (action.ActionType != Unblock || !action.Subject.StartsWith("block ", StringComparison.Ordinal))
        {
            return 0;
        }

        var comma = action.Subject.IndexOf(',', StringComparison.Ordinal);
        return comma > 6 && long.TryParse(action.Subject.AsSpan(6, comma - 6), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;
    }
}
