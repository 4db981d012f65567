using System.Reflection;
using System.Reflection.Emit;

namespace DevOpsAgent.Tests;

/// <summary>The types that a type's compiled code knows: bases, signatures, locals, and what its instructions name. Constants, which the compiler copies, don't count.</summary>
internal static class UsedTypes
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(static f => (OpCode)f.GetValue(null)!).ToDictionary(static c => c.Value);

    public static HashSet<Type> Of(Type type)
    {
        var found = new HashSet<Type>();
        Add(found, type.BaseType);
        Add(found, type.GetInterfaces());
        Add(found, type.GetFields(All).Select(static f => f.FieldType));
        foreach (var method in type.GetMethods(All).Concat<MethodBase>(type.GetConstructors(All)))
        {
            AddSignature(found, method);
            if (method.GetMethodBody() is { } body)
            {
                Add(found, body.LocalVariables.Select(static l => l.LocalType));
                AddInstructions(found, type, method, body.GetILAsByteArray()!);
            }
        }

        return found;
    }

    private static void AddInstructions(HashSet<Type> found, Type type, MethodBase method, byte[] code)
    {
        var ofType = type.IsGenericType ? type.GetGenericArguments() : null;
        var ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (var at = 0; at < code.Length;)
        {
            // Opcodes of two bytes begin with 0xFE: ECMA-335, III.1.9.
            var op = code[at] == 0xFE ? Codes[unchecked((short)(0xFE00 | code[at + 1]))] : Codes[code[at]];
            at += op.Size;
            if (op.OperandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineType or OperandType.InlineTok)
            {
                Add(found, type.Module.ResolveMember(BitConverter.ToInt32(code, at), ofType, ofMethod));
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

    private static void Add(HashSet<Type> found, MemberInfo? member)
    {
        switch (member)
        {
            case Type type:
                Add(found, type);
                break;
            case MethodBase method:
                Add(found, method.DeclaringType);
                AddSignature(found, method);
                Add(found, method.IsGenericMethod ? method.GetGenericArguments() : []);
                break;
            case FieldInfo field:
                Add(found, field.DeclaringType);
                Add(found, field.FieldType);
                break;
        }
    }

    private static void AddSignature(HashSet<Type> found, MethodBase method)
    {
        Add(found, method.GetParameters().Select(static p => p.ParameterType));
        Add(found, (method as MethodInfo)?.ReturnType);
    }

    private static void Add(HashSet<Type> found, IEnumerable<Type> types)
    {
        foreach (var type in types)
        {
            Add(found, type);
        }
    }

    private static void Add(HashSet<Type> found, Type? type)
    {
        while (type is { HasElementType: true })
        {
            type = type.GetElementType();
        }

        if (type is null or { IsGenericParameter: true })
        {
            return;
        }

        Add(found, type.IsGenericType ? type.GetGenericArguments() : []);
        found.Add(type.IsGenericType ? type.GetGenericTypeDefinition() : type);
    }
}
