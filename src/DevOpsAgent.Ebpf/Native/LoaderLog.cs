using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace DevOpsAgent.Ebpf.Native;

/// <summary>What libbpf says while a thread of ours loads something: among it the verifier's own words.</summary>
internal static unsafe class LoaderLog
{
    /// <summary>Per thread: libbpf calls back on the thread that called it.</summary>
    [ThreadStatic]
    private static StringBuilder? t_text;

    private const int MaxText = 1 << 20;
    private const int Debug = 2;

    /// <summary>Runs an action and gives all that libbpf said meanwhile.</summary>
    public static (T Result, string Text) Of<T>(Func<T> action)
    {
        t_text = new();
        Libbpf.SetPrint(&Print);
        try
        {
            var result = action();
            return (result, t_text.ToString());
        }
        finally
        {
            t_text = null;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Print(int level, byte* format, nint list)
    {
        if (level >= Debug || t_text is not { Length: < MaxText } text)
        {
            return 0;
        }

        const int Size = 1 << 16;
        var buffer = (byte*)NativeMemory.Alloc(Size);
        var written = Libc.FormatList(buffer, Size, format, list);
        if (written > 0)
        {
            text.Append(Encoding.UTF8.GetString(buffer, Math.Min(written, Size - 1)));
        }

        NativeMemory.Free(buffer);
        return 0;
    }
}
