namespace DevOpsAgent.Guards.Behaviour;

/// <summary>A profile in memory, with what ties it to its stored row.</summary>
internal sealed class ProfileEntry
{
    private WindowCounts _unsaved = new();
    private WindowCounts _saving = new();
    private long _unsavedWindow = -1;

    public ProfileEntry(AgentProfile profile, long version)
    {
        (Profile, Version) = (profile, version);
        Node = new(this);
    }

    public AgentProfile Profile { get; private set; }

    /// <summary>Of the stored row; 0: none is stored.</summary>
    public long Version { get; set; }

    public bool IsDirty { get; set; }

    /// <summary>Its place in the order of last seen.</summary>
    public LinkedListNode<ProfileEntry> Node { get; }

    /// <summary>The answer for the closed windows; null: to be made.</summary>
    public GuardDecision? Decision { get; set; }

    /// <summary>Also kept apart until it is stored, for the case that another process stored this row meanwhile.</summary>
    public void AddUnsaved(ulong tool, bool denied, double entropy)
    {
        if (_unsavedWindow != Profile.Window)
        {
            _unsavedWindow = Profile.Window;
            _unsaved.Clear();
            _saving.Clear();
        }

        _unsaved.Add(tool, denied, entropy);
        IsDirty = true;
    }

    public BehaviourRow Snapshot(int windowSecs)
    {
        (_saving, _unsaved) = (_unsaved, _saving);
        _unsaved.Clear();
        IsDirty = false;
        return new(Profile.Agent, ProfileCodec.Write(Profile, windowSecs), Version, Profile.LastSeen);
    }

    /// <summary>It was stored as the snapshot said.</summary>
    public void Saved(long version)
    {
        Version = version;
        _saving.Clear();
    }

    /// <summary>It was not stored: what was kept apart stays so.</summary>
    public void NotSaved()
    {
        _unsaved.Add(_saving);
        _saving.Clear();
        IsDirty = true;
    }

    /// <summary>Another process stored this row, or removed it: that one stands, and what it doesn't know is added to it.</summary>
    public void Replace(AgentProfile stored, long version)
    {
        NotSaved();
        if (_unsaved.Calls > 0 && (stored.Window < 0 || stored.Window == _unsavedWindow))
        {
            if (stored.Window < 0)
            {
                stored.Restore(_unsavedWindow, _unsavedWindow - 1, default, []);
            }

            stored.Counts.Add(_unsaved);
        }

        if (stored.LastSeen < Profile.LastSeen)
        {
            stored.LastSeen = Profile.LastSeen;
        }

        (Profile, Version, Decision) = (stored, version, null);
    }
}
