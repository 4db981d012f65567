using DevOpsAgent.Configuration;

namespace DevOpsAgent.Guards.Behaviour;

/// <summary>The stored profiles as of now, for people: read only, whichever process feeds them. A running agent stores them every few seconds.</summary>
internal static class BehaviourReport
{
    /// <summary>Most recently seen first. A row that can't be read is left out: the agent that owns it begins it anew.</summary>
    /// <exception cref="Store.StoreException">The database can't be read.</exception>
    public static IReadOnlyList<AgentProfile> Read(IBehaviourStore store, BehaviourConfig config, DateTimeOffset now)
    {
        var profiles = new List<AgentProfile>();
        foreach (var row in store.Load())
        {
            if (ProfileCodec.TryRead(row.Agent, row.State, config.WindowSecs, out var profile))
            {
                profile.Advance(BehaviourProfiles.WindowOf(now, config), config);
                profiles.Add(profile);
            }
        }

        return profiles;
    }
}
