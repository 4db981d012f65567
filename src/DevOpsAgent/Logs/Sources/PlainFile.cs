using Microsoft.Win32.SafeHandles;

namespace DevOpsAgent.Logs.Sources;

internal sealed class PlainFile(SafeFileHandle handle, FileId id) : LogContent(id)
{
    public override bool Sealed => false;

    public override string? Problem => null;

    public override int Read(Span<byte> into, long offset) => RandomAccess.Read(handle, into, offset);

    public override bool TryLook(out FileFacts facts) => FileIdentity.TryLook(handle, out facts);

    public override void Dispose() => handle.Dispose();
}
