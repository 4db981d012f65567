using System.Buffers.Binary;
using System.Text;

namespace DevOpsAgent.Tests.Ebpf.Tables;

/// <summary>Sizes and the offsets of the members of all structs in an object's BTF (Documentation/bpf/btf.rst).</summary>
internal static class BtfStructs
{
    private const int KindStruct = 4;

    public static IReadOnlyDictionary<string, (int Size, IReadOnlyList<int> Offsets)> Read(byte[] elf)
    {
        var btf = Section(elf, ".BTF");
        var header = Int(btf, 4);
        var types = btf.AsSpan(header + Int(btf, 8), Int(btf, 12));
        var strings = btf.AsSpan(header + Int(btf, 16), Int(btf, 20)).ToArray();
        var structs = new Dictionary<string, (int, IReadOnlyList<int>)>(StringComparer.Ordinal);
        for (var at = 0; at < types.Length;)
        {
            var info = (uint)Int(types, at + 4);
            var (kind, count) = ((int)(info >> 24 & 0x1F), (int)(info & 0xFFFF));
            if (kind == KindStruct)
            {
                var offsets = new List<int>();
                for (var member = 0; member < count; member++)
                {
                    offsets.Add((Int(types, at + 12 + member * 12 + 8) & 0xFFFFFF) / 8);
                }

                structs.TryAdd(Text(strings, Int(types, at)), (Int(types, at + 8), offsets));
            }

            at += 12 + kind switch { 1 or 14 or 17 => 4, 3 => 12, 4 or 5 or 15 or 19 => count * 12, 6 or 13 => count * 8, _ => 0 };
        }

        return structs;
    }

    private static byte[] Section(byte[] elf, string name)
    {
        var table = (int)BinaryPrimitives.ReadInt64LittleEndian(elf.AsSpan(0x28));
        var (size, count, names) = (Short(elf, 0x3A), Short(elf, 0x3C), Short(elf, 0x3E));
        var strings = elf[Offset(names)..];
        for (var i = 0; i < count; i++)
        {
            if (Text(strings, Int(elf, table + i * size)) == name)
            {
                return elf[Offset(i)..(Offset(i) + Int(elf, table + i * size + 0x20))];
            }
        }

        throw new InvalidDataException($"no section {name}");

        int Offset(int index) => Int(elf, table + index * size + 0x18);
    }

    private static int Int(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt32LittleEndian(bytes[at..]);

    private static int Short(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));

    private static string Text(ReadOnlySpan<byte> strings, int at) => Encoding.ASCII.GetString(strings[at..(at + strings[at..].IndexOf((byte)0))]);
}
