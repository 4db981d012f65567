using System.Runtime.CompilerServices;
using DevOpsAgent.Addresses;

namespace DevOpsAgent.Detection;

/// <summary>
/// What the detector remembers of one client. About 200 bytes for a client that did nothing odd; windows and evidence
/// are added as they are needed. Belongs to one thread.
/// </summary>
internal sealed class ClientState(ClientAddress address)
{
    /// <summary>This object and its slot in the table.</summary>
    public const int BaseBytes = 208;

    private const int Stems = 16;
    private const int FewWindows = 8;
    private RatioSums _sums;
    private ConditionWindow?[]? _windows;
    private bool _indexed;
    private (uint Stem, uint Path)[]? _stems;

    public ClientAddress Address { get; } = address;
    public long FirstSeen;
    public long LastSeen;
    public long Requests;

    /// <summary>Pages without suspicion that were answered with success, and styles, scripts, images.</summary>
    public int Pages;

    public int Assets;

    /// <summary>Place in the table's eviction lists.</summary>
    public ClientState? Newer;

    public ClientState? Older;
    public SuspicionTier Tier;
    public bool Dirty;

    /// <summary>A rule that asks for a block fired.</summary>
    public bool HasOwnBlock;

    /// <summary>Was handed out to be stored, or came from there.</summary>
    public bool Stored;

    public int Bytes = BaseBytes;
    public List<EvidenceRecord>? Records;
    private byte _stemAt;

    /// <summary>Adds one request to the decaying sum of each ratio window.</summary>
    public void Count(long time, TimeSpan[] ratioWindows)
    {
        Requests++;
        for (var i = 0; i < ratioWindows.Length; i++)
        {
            _sums[i] = Decay.Apply(_sums[i], LastSeen, time, ratioWindows[i].Ticks) + 1;
        }

        LastSeen = Requests == 1 ? time : Math.Max(LastSeen, time);
        FirstSeen = Requests == 1 ? time : Math.Min(FirstSeen, time);
    }

    /// <summary>An answer of 2xx or 3xx to a request that was no evidence.</summary>
    public void CountView(in EventFacts facts)
    {
        if (facts.Status is >= 200 and < 400)
        {
            var asset = (facts.Flags & FactFlags.Asset) != FactFlags.None;
            Assets += asset ? 1 : 0;
            Pages += asset ? 0 : 1;
        }
    }

    public float Sum(int ratioWindow) => _sums[ratioWindow];

    public ConditionWindow? Find(int condition)
    {
        if (_indexed)
        {
            return _windows![condition];
        }

        if (_windows is { } windows)
        {
            foreach (var window in windows)
            {
                if (window?.Condition == condition)
                {
                    return window;
                }
            }
        }

        return null;
    }

    /// <summary>A few windows are kept in a row; a client with many gets a table with a place for each of all conditions.</summary>
    public ConditionWindow FindOrAdd(int condition, int conditions)
    {
        if (Find(condition) is { } known)
        {
            return known;
        }

        var window = new ConditionWindow(condition);
        _windows ??= new ConditionWindow?[2];
        var at = _indexed ? condition : Array.IndexOf(_windows, null);
        if (at < 0 && _windows.Length >= FewWindows)
        {
            at = condition;
            Index(conditions);
        }
        else if (at < 0)
        {
            at = _windows.Length;
            Array.Resize(ref _windows, at * 2);
        }

        _windows[at] = window;
        return window;
    }

    private void Index(int conditions)
    {
        var few = _windows!;
        _windows = new ConditionWindow?[conditions];
        _indexed = true;
        foreach (var window in few)
        {
            if (window is not null)
            {
                _windows[window.Condition] = window;
            }
        }
    }

    public EvidenceRecord? Record(int threat)
    {
        if (Records is { } records)
        {
            foreach (var record in records)
            {
                if (record.Threat == threat)
                {
                    return record;
                }
            }
        }

        return null;
    }

    /// <summary>True: a refused request whose stem was asked for shortly before under another name (x, then x.php).</summary>
    public bool IsVariant(in EventFacts facts)
    {
        _stems ??= new (uint, uint)[Stems];
        var (stem, path) = ((uint)facts.StemHash, (uint)facts.PathHash);
        var found = false;
        foreach (var known in _stems)
        {
            if (known.Stem == stem)
            {
                if (known.Path == path)
                {
                    return false;
                }

                found = true;
            }
        }

        _stems[_stemAt++ % Stems] = (stem, path);
        return found;
    }

    /// <summary>Recounts the bytes held; called after a request that may have added some.</summary>
    public void Weigh()
    {
        var bytes = BaseBytes + (_stems is null ? 0 : 24 + Stems * 8);
        foreach (var window in _windows ?? [])
        {
            bytes += 8 + (window?.Bytes ?? 0);
        }

        foreach (var record in Records ?? [])
        {
            bytes += record.Bytes;
        }

        Bytes = bytes;
    }

    public void Write(BinaryWriter to)
    {
        to.Write(FirstSeen);
        to.Write(LastSeen);
        to.Write(Requests);
        to.Write(Pages);
        to.Write(Assets);
        to.Write((byte)Tier);
        for (var i = 0; i < RuleSet.MaxRatioWindows; i++)
        {
            to.Write(_sums[i]);
        }

        to.Write(_stemAt);
        to.Write(_stems is not null);
        foreach (var (stem, path) in _stems ?? [])
        {
            to.Write(stem);
            to.Write(path);
        }

        ConditionWindow[] windows = [.. (_windows ?? []).OfType<ConditionWindow>()];
        to.Write((ushort)windows.Length);
        foreach (var window in windows)
        {
            window.Write(to);
        }

        to.Write((byte)(Records?.Count ?? 0));
        foreach (var record in Records ?? [])
        {
            record.Write(to);
        }
    }

    public static ClientState Read(BinaryReader from, ClientAddress address, RuleSet rules)
    {
        var state = new ClientState(address)
        {
            FirstSeen = from.ReadInt64(),
            LastSeen = from.ReadInt64(),
            Requests = from.ReadInt64(),
            Pages = from.ReadInt32(),
            Assets = from.ReadInt32(),
            Tier = (SuspicionTier)Math.Min((byte)SuspicionTier.Fired, from.ReadByte()),
        };
        for (var i = 0; i < RuleSet.MaxRatioWindows; i++)
        {
            state._sums[i] = from.ReadSingle();
        }

        state._stemAt = from.ReadByte();
        if (from.ReadBoolean())
        {
            state._stems = new (uint, uint)[Stems];
            for (var i = 0; i < Stems; i++)
            {
                state._stems[i] = (from.ReadUInt32(), from.ReadUInt32());
            }
        }

        var count = from.ReadUInt16();
        if (count > 0)
        {
            state._windows = new ConditionWindow?[count];
            for (var i = 0; i < count; i++)
            {
                state._windows[i] = ConditionWindow.Read(from, rules.Conditions);
            }

            if (count > FewWindows)
            {
                state.Index(rules.Conditions.Length);
            }
        }

        for (int i = 0, n = from.ReadByte(); i < n; i++)
        {
            var record = EvidenceRecord.Read(from, rules);
            (state.Records ??= []).Add(record);
            state.HasOwnBlock |= record.Fired.Exists(f => rules.Rules[f.Rule].Action == RuleAction.Block);
        }

        state.Weigh();
        return state;
    }

    [InlineArray(RuleSet.MaxRatioWindows)]
    private struct RatioSums
    {
        private float _first;
    }
}

/// <summary>Order of eviction: the first goes first.</summary>
internal enum SuspicionTier : byte
{
    /// <summary>Nothing that marks it.</summary>
    Harmless,

    /// <summary>Has evidence of a threat, no rule above Low fired.</summary>
    Marked,

    /// <summary>A rule of medium severity or more fired.</summary>
    Fired,
}
