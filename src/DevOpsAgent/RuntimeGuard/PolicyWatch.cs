using DevOpsAgent.Configuration;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.RuntimeGuard;

/// <summary>
/// Notices that the policy file changed. What can't be read, or is half-written, changes nothing: the old policy stays in
/// force, and the reason is told once.
/// </summary>
internal sealed class PolicyWatch
{
    private readonly string _file;
    private State _accepted;
    private State _told;
    private State _last;

    /// <summary>Call right after the first load.</summary>
    public PolicyWatch(string file)
    {
        _file = file;
        _accepted = _told = _last = State.Of(file);
    }

    /// <summary>One look. Null and no problems: nothing new, or still being written.</summary>
    public GuardPolicy? Look(List<ConfigProblem> problems)
    {
        var now = State.Of(_file);
        if (now == _told)
        {
            _last = now;
            return null;
        }

        if (now != _last)
        {
            _last = now; // whoever writes it may not be done: wait until two looks agree
            return null;
        }

        _told = now;
        if (!now.Exists)
        {
            problems.Add(new(_file, 0, 0, "was deleted; the last policy stays in force"));
            return null;
        }

        // Attack: whoever may rename in the directory puts a link to a file of his own in the policy's place.
        if (now.IsLink && !_accepted.IsLink)
        {
            problems.Add(new(_file, 0, 0, "was a file and is now a link; the last policy stays in force. Restart the guard if that is meant"));
            return null;
        }

        var policy = PolicyFile.TryLoad(_file, problems);
        _accepted = policy is null ? _accepted : now;
        return policy;
    }

    private readonly record struct State(bool Exists, bool IsLink, long Length, DateTime Modified, string? Target)
    {
        public static State Of(string file)
        {
            try
            {
                var info = new FileInfo(file);
                var target = info.LinkTarget is null ? info : info.ResolveLinkTarget(returnFinalTarget: true) as FileInfo;
                return target is not { Exists: true } ? default : new(true, info.LinkTarget is not null, target.Length, target.LastWriteTimeUtc, info.LinkTarget);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return default;
            }
        }
    }
}
