namespace DevOpsAgent.Exec.Acl;

/// <summary>One allowed argv.</summary>
/// <param name="Program">The file that argv[0] meant when the ACL was loaded.</param>
internal sealed record AclCommand(IReadOnlyList<AclToken> Argv, PinnedFile Program)
{
    /// <summary>Same length, and every token of its form.</summary>
    public bool Matches(IReadOnlyList<string> argv)
    {
        if (argv.Count != Argv.Count)
        {
            return false;
        }

        for (var i = 0; i < argv.Count; i++)
        {
            if (!Argv[i].Matches(argv[i]))
            {
                return false;
            }
        }

        return true;
    }

    public override string ToString() => string.Join(' ', Argv.Select(static t => t.Text));
}
