using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DevOpsAgent.Ebpf.Native;

/// <summary>
/// The calls of libbpf 1.1 (Debian 12) that are used. Pointers to libbpf's objects are <c>nint</c>; a call that fails gives 0 or
/// a negative number and sets errno.
/// </summary>
internal static unsafe partial class Libbpf
{
    public const string Library = "libbpf.so.1";

    /// <summary>Null: the library is there; else why it can't be used.</summary>
    public static string? Missing(string library)
    {
        if (!NativeLibrary.TryLoad(library, typeof(Libbpf).Assembly, DllImportSearchPath.SafeDirectories, out _))
        {
            return $"{library} is missing; install libbpf (Debian: libbpf1)";
        }

        return null;
    }

    [LibraryImport(Library, EntryPoint = "libbpf_set_print")]
    public static partial nint SetPrint(delegate* unmanaged[Cdecl]<int, byte*, nint, int> print);

    [LibraryImport(Library, EntryPoint = "libbpf_num_possible_cpus")]
    public static partial int PossibleCpus();

    [LibraryImport(Library, EntryPoint = "bpf_object__open_mem", SetLastError = true)]
    public static partial nint OpenObject(byte* bytes, nuint size, nint options);

    [LibraryImport(Library, EntryPoint = "bpf_object__load")]
    public static partial int LoadObject(nint loaded);

    [LibraryImport(Library, EntryPoint = "bpf_object__close")]
    public static partial void CloseObject(nint loaded);

    [LibraryImport(Library, EntryPoint = "bpf_object__next_program")]
    public static partial nint NextProgram(nint loaded, nint before);

    [LibraryImport(Library, EntryPoint = "bpf_program__name")]
    public static partial nint ProgramName(nint program);

    [LibraryImport(Library, EntryPoint = "bpf_program__section_name")]
    public static partial nint ProgramSection(nint program);

    [LibraryImport(Library, EntryPoint = "bpf_program__set_autoload")]
    public static partial int SetAutoload(nint program, [MarshalAs(UnmanagedType.U1)] bool load);

    [LibraryImport(Library, EntryPoint = "bpf_program__attach", SetLastError = true)]
    public static partial nint Attach(nint program);

    [LibraryImport(Library, EntryPoint = "bpf_program__attach_cgroup", SetLastError = true)]
    public static partial nint AttachCgroup(nint program, int cgroup);

    [LibraryImport(Library, EntryPoint = "bpf_object__next_map")]
    public static partial nint NextMap(nint loaded, nint before);

    [LibraryImport(Library, EntryPoint = "bpf_map__name")]
    public static partial nint MapName(nint map);

    [LibraryImport(Library, EntryPoint = "bpf_map__fd")]
    public static partial int MapHandle(nint map);

    [LibraryImport(Library, EntryPoint = "bpf_map__set_max_entries")]
    public static partial int SetMaxEntries(nint map, uint entries);

    [LibraryImport(Library, EntryPoint = "bpf_map__reuse_fd")]
    public static partial int ReuseMap(nint map, int handle);

    [LibraryImport(Library, EntryPoint = "bpf_link__pin")]
    public static partial int PinLink(nint link, [MarshalAs(UnmanagedType.LPUTF8Str)] string path);

    [LibraryImport(Library, EntryPoint = "bpf_link__destroy")]
    public static partial int DestroyLink(nint link);

    [LibraryImport(Library, EntryPoint = "bpf_obj_pin")]
    public static partial int Pin(int handle, [MarshalAs(UnmanagedType.LPUTF8Str)] string path);

    [LibraryImport(Library, EntryPoint = "bpf_obj_get")]
    public static partial int OpenPinned([MarshalAs(UnmanagedType.LPUTF8Str)] string path);

    [LibraryImport(Library, EntryPoint = "bpf_map_create")]
    public static partial int CreateMap(int type, byte* name, uint keySize, uint valueSize, uint maxEntries, MapOptions* options);

    [LibraryImport(Library, EntryPoint = "bpf_map_update_elem")]
    public static partial int Update(int map, void* key, void* value, ulong flags);

    [LibraryImport(Library, EntryPoint = "bpf_map_lookup_elem")]
    public static partial int Lookup(int map, void* key, void* value);

    [LibraryImport(Library, EntryPoint = "bpf_map_delete_elem")]
    public static partial int Delete(int map, void* key);

    [LibraryImport(Library, EntryPoint = "bpf_map_get_next_key")]
    public static partial int NextKey(int map, void* key, void* next);

    [LibraryImport(Library, EntryPoint = "ring_buffer__new", SetLastError = true)]
    public static partial nint NewRing(int map, delegate* unmanaged[Cdecl]<void*, void*, nuint, int> sample, void* context, nint options);

    [LibraryImport(Library, EntryPoint = "ring_buffer__poll")]
    public static partial int PollRing(nint ring, int milliseconds);

    [LibraryImport(Library, EntryPoint = "ring_buffer__free")]
    public static partial void FreeRing(nint ring);

    /// <summary>struct bpf_map_create_opts, up to the last field used.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct MapOptions
    {
        public nuint Size;
        public uint BtfHandle, BtfKey, BtfValue, BtfVmlinuxValue, InnerMap, Flags;

        public static MapOptions With(uint flags) => new() { Size = (nuint)sizeof(MapOptions), Flags = flags };
    }
}
