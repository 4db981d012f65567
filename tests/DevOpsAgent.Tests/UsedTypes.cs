using System.Reflection;

namespace DevOpsAgent.Tests;

/// <summary>The types that a type's compiled code knows: bases, signatures, locals, and what its instructions name. Constants, which the compiler copies, don't count.</summary>
internal static class UsedTypes
{
    public static HashSet<Type> Of(Type type)
    {
        var found = new HashSet<Type>();
        Add(found, type.BaseType);
        Add(found, type.GetInterfaces());
        Add(found, type.GetFields(Instructions.Declared).Select(static f => f.FieldType));
        foreach (var method in type.GetMethods(Instructions.Declared).Concat<MethodBase>(type.GetConstructors(Instructions.Declared)))
        {
            AddSignature(found, method);
            if (method.GetMethodBody() is { } body)
            {
                Add(found, body.LocalVariables.Select(static l => l.LocalType));
                foreach (var member in Instructions.Named(type, method, body))
                {
                    Add(found, member);
                }
            }
        }

        return found;
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
