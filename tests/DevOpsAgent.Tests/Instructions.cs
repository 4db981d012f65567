using System.Reflection;
using System.Reflection.Emit;

namespace DevOpsAgent.Tests;

/// <summary>Reads compiled code: what a method's instructions name.</summary>
internal static class Instructions
{
    public const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(static f => (OpCode)f.GetValue(null)!).ToDictionary(static c => c.Value);

    /// <summary>Fields, methods and types, in the order of the instructions.</summary>
    public static IEnumerable<MemberInfo> Named(Type type, MethodBase method, MethodBody body)
    {
        var code = body.GetILAsByteArray()!;
        var ofType = type.IsGenericType ? type.GetGenericArguments() : null;
        var ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (var at = 0; at < code.Length;)
        {
            // Opcodes of two bytes begin with 0xFE: ECMA-335, III.1.9.
            var op = code[at] == 0xFE ? Codes[unchecked((short)(0xFE00 | code[at + 1]))] : Codes[code[at]];
            at += op.Size;
            if (op.OperandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineType or OperandType.InlineTok
                && type.Module.ResolveMember(BitConverter.ToInt32(code, at), ofType, ofMethod) is { } member)
            {
                yield return member;
            }

            at += op.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }
}
