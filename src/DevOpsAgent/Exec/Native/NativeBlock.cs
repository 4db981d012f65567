using System.Runtime.InteropServices;
using System.Text;

namespace DevOpsAgent.Exec.Native;

/// <summary>Memory outside the garbage collector's reach for the arguments of one call: structures, strings, arrays of strings.</summary>
internal sealed class NativeBlock : IDisposable
{
    private readonly List<nint> _parts = [];

    /// <summary>Zeroed. The opaque structures of posix_spawn and sigset_t (128 bytes) need at most 336.</summary>
    public nint Zeroed(int bytes = 512)
    {
        var part = Marshal.AllocHGlobal(bytes);
        _parts.Add(part);
        Marshal.Copy(new byte[bytes], 0, part, bytes);
        return part;
    }

    /// <exception cref="SpawnException">It holds a zero byte: the system would see a shorter text than was checked.</exception>
    public nint Text(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new SpawnException("An argument holds a zero byte.");
        }

        var bytes = Encoding.UTF8.GetBytes(text + '\0');
        var part = Marshal.AllocHGlobal(bytes.Length);
        _parts.Add(part);
        Marshal.Copy(bytes, 0, part, bytes.Length);
        return part;
    }

    /// <summary>An array of pointers to texts, ended by a null pointer.</summary>
    public nint Texts(IReadOnlyList<string> texts)
    {
        var array = Zeroed((texts.Count + 1) * nint.Size);
        for (var i = 0; i < texts.Count; i++)
        {
            Marshal.WriteIntPtr(array, i * nint.Size, Text(texts[i]));
        }

        return array;
    }

    public void Dispose()
    {
        foreach (var part in _parts)
        {
            Marshal.FreeHGlobal(part);
        }
    }
}
