using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DevOpsAgent.Ebpf.Native;

/// <summary>A map of the kernel by its handle.</summary>
internal readonly unsafe record struct BpfMap(int Handle, string Name)
{
    public const ulong Any = 0;
    public const ulong OnlyNew = 1;

    private const int ErrNoEntry = 2;
    private const int TypeHash = 1;
    private const int TypeLpmTrie = 11;
    private const uint NoPrealloc = 1;

    public static BpfMap NewHash<TKey, TValue>(string name, int entries)
        where TKey : unmanaged
        where TValue : unmanaged => New<TKey, TValue>(name, TypeHash, entries, 0);

    public static BpfMap NewTrie<TKey, TValue>(string name, int entries)
        where TKey : unmanaged
        where TValue : unmanaged => New<TKey, TValue>(name, TypeLpmTrie, entries, NoPrealloc);

    /// <summary>False: it is not there already or was, as the flags ask; anything else that fails is an exception.</summary>
    public void Set<TKey, TValue>(TKey key, in TValue value, ulong flags = Any)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        fixed (TValue* pointer = &value)
        {
            var error = Libbpf.Update(Handle, &key, pointer, flags);
            if (error < 0 && flags != OnlyNew)
            {
                throw new KernelException($"map {Name}: {Libc.Message(-error)}");
            }
        }
    }

    public bool TryGet<TKey, TValue>(TKey key, out TValue value)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        value = default;
        fixed (TValue* pointer = &value)
        {
            return Libbpf.Lookup(Handle, &key, pointer) == 0;
        }
    }

    public void Remove<TKey>(TKey key)
        where TKey : unmanaged
    {
        var error = Libbpf.Delete(Handle, &key);
        if (error < 0 && error != -ErrNoEntry)
        {
            throw new KernelException($"map {Name}: {Libc.Message(-error)}");
        }
    }

    /// <summary>All keys at one moment or another: others may come and go meanwhile.</summary>
    public List<TKey> Keys<TKey>()
        where TKey : unmanaged
    {
        var keys = new List<TKey>();
        TKey next;
        var more = Libbpf.NextKey(Handle, null, &next) == 0;
        while (more && keys.Count < 1 << 20)
        {
            keys.Add(next);
            var key = next;
            more = Libbpf.NextKey(Handle, &key, &next) == 0;
        }

        return keys;
    }

    /// <summary>A counter per processor, added up.</summary>
    public long Sum(uint key, int processors)
    {
        var values = stackalloc ulong[processors];
        if (Libbpf.Lookup(Handle, &key, values) != 0)
        {
            return 0;
        }

        var sum = 0UL;
        for (var i = 0; i < processors; i++)
        {
            sum += values[i];
        }

        return (long)sum;
    }

    public void Close() => _ = Libc.Close(Handle);

    private static BpfMap New<TKey, TValue>(string name, int type, int entries, uint flags)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        var options = Libbpf.MapOptions.With(flags);
        fixed (byte* text = System.Text.Encoding.ASCII.GetBytes(name + "\0"))
        {
            var handle = Libbpf.CreateMap(type, text, (uint)sizeof(TKey), (uint)sizeof(TValue), (uint)Math.Max(1, entries), &options);
            return handle >= 0 ? new(handle, name) : throw new KernelException($"map {name} of {entries} entries: {Libc.Message(-handle)}");
        }
    }
}

/// <summary>The kernel or libbpf refused something; the message says what, and its own words.</summary>
internal sealed class KernelException(string message) : InvalidOperationException(message);
