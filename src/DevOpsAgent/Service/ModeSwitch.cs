using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Store;

namespace DevOpsAgent.Service;

/// <summary>
/// The operating mode in force: the configured one, until somebody switches at run time. A switch is stored and outlives a
/// restart, but not a change of the configured mode: who edits the file or gives another --mode means it.
/// </summary>
internal sealed class ModeSwitch(IStore store, Mode configured)
{
    private const string Setting = "mode";

    /// <summary>Reads the store: another process may have switched.</summary>
    public Mode Current
    {
        get
        {
            // "auto since review": switched to auto while review was configured.
            var words = store.GetSetting(Setting)?.Split(' ');
            return words is [var mode, "since", var then] && Parse(then) == configured && Parse(mode) is { } switched ? switched : configured;
        }
    }

    /// <summary>Returns the mode that is in force now.</summary>
    public Mode Set(Permit<ModeRequest> permit)
    {
        var mode = permit.Take().Mode;
        store.SetSetting(Setting, mode == configured ? null : $"{Name(mode)} since {Name(configured)}");
        return mode;
    }

    public static string Name(Mode mode) => mode.ToString().ToLowerInvariant();

    private static Mode? Parse(string text) => Enum.TryParse<Mode>(text, ignoreCase: true, out var mode) && Enum.IsDefined(mode) ? mode : null;
}
