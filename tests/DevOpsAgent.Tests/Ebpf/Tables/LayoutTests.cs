using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DevOpsAgent.Ebpf;
using DevOpsAgent.Ebpf.Tables;

namespace DevOpsAgent.Tests.Ebpf.Tables;

/// <summary>What C# writes is what the programs in the kernel read.</summary>
public sealed class LayoutTests
{
    [Fact]
    public void Structs_are_those_of_the_objects_BTF()
    {
        var bytes = GuardObject.Bytes();
        Assert.SkipWhen(bytes is null, "built without clang: there are no kernel programs");
        var structs = BtfStructs.Read(bytes!);
        Same<RuleKey>(structs["rule_key"]);
        Same<RuleValue>(structs["rule_value"]);
        Same<NetKey>(structs["net_key"]);
        Same<NetValue>(structs["net_value"]);
        Same<PortKey>(structs["port_key"]);
        Same<Ruleset>(structs["ruleset"]);
        Same<Selection>(structs["selection"]);
        Same<TaskState>(structs["task_state"]);
        Same<GuardConfig>(structs["guard_config"]);
        Same<KernelEvent>(structs["event"]);
    }

    /// <summary>The size, and the place of each plain field: found by writing it and looking which byte changed.</summary>
    private static void Same<T>((int Size, IReadOnlyList<int> Offsets) native)
        where T : unmanaged
    {
        Unsafe.SizeOf<T>().ShouldBe(native.Size, typeof(T).Name);
        foreach (var field in typeof(T).GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Where(static f => f.FieldType.IsPrimitive || f.FieldType.IsEnum))
        {
            object boxed = default(T);
            var plain = field.FieldType.IsEnum ? Enum.GetUnderlyingType(field.FieldType) : field.FieldType;
            var ones = Convert.ChangeType(1, plain, System.Globalization.CultureInfo.InvariantCulture);
            field.SetValue(boxed, field.FieldType.IsEnum ? Enum.ToObject(field.FieldType, ones) : ones);
            var value = (T)boxed;
            var at = MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(ref value, 1)).IndexOf((byte)1);
            (native.Offsets.Contains(at) || field.Name.StartsWith("_pad", StringComparison.Ordinal)).ShouldBeTrue($"{typeof(T).Name}.{field.Name} is at {at}, the object's members at {string.Join(", ", native.Offsets)}");
        }
    }
}
