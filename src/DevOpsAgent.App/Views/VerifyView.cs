using DevOpsAgent.Guards.Receipts;

namespace DevOpsAgent.App.Views;

/// <summary>What <c>receipts verify --json</c> prints.</summary>
internal sealed record VerifyView(
    bool Ok, long Entries, long Receipts, long Checkpoints, long OpenIntents, long NotYetSigned, string? LastId, IReadOnlyList<string> Notes, VerifyFaultView? Fault)
{
    public static VerifyView Of(VerifyReport r) => new(
        r.Fault is null, r.Entries, r.Receipts, r.Checkpoints, r.OpenIntents, r.NotYetSigned, r.LastId, r.Notes,
        r.Fault is { } f ? new(f.Seq, f.At, f.Code, f.Problem, f.WhatToDo) : null);
}

internal sealed record VerifyFaultView(long Seq, DateTimeOffset? At, string Code, string Problem, string WhatToDo);
