namespace DevOpsAgent.Kubernetes.Client;

/// <summary>A cluster as the agent finds it.</summary>
/// <param name="User">As the server sees us; null: it has no question for that (before Kubernetes 1.28).</param>
/// <param name="Skew">The server's clock less ours.</param>
/// <param name="HasTraefik">Traefik's kinds are served, of either group.</param>
internal sealed record ClusterCheckup(string Version, string? User, TimeSpan Skew, bool HasTraefik, IReadOnlyList<LackingRight> Lacking)
{
    private const int AtOnce = 8;

    /// <summary>Asks for each needed right by SelfSubjectAccessReview; rights to kinds that the cluster doesn't have aren't needed.</summary>
    /// <exception cref="KubernetesException">It can't be asked.</exception>
    public static async Task<ClusterCheckup> ReadAsync(KubernetesApi api, CancellationToken cancellationToken)
    {
        var version = await api.VersionAsync(cancellationToken);
        var types = await api.DiscoverAsync(cancellationToken);
        var questions =
            from needed in NeededRights.All
            from resource in needed.Resources
            let type = types.FirstOrDefault(t => t.Group == needed.Group && t.Plural == resource)
            where type is not null
            from verb in needed.Verbs
            select (needed, type, verb, ns: needed.InNamespace ? api.Namespace : null);
        using var places = new SemaphoreSlim(AtOnce, AtOnce);
        var answers = await Task.WhenAll(questions.Select(async q =>
        {
            await places.WaitAsync(cancellationToken);
            try
            {
                return new Answer(q.needed, q.type.Plural, q.verb, q.ns, await api.MayAsync(q.verb, q.type, q.ns, null, cancellationToken));
            }
            finally
            {
                places.Release();
            }
        }));
        return new(version, await api.WhoAmIAsync(cancellationToken), api.ClockSkew, types.Any(static t => t.Plural == "ingressroutes"), Lack(answers));
    }

    /// <summary>Resources that lack the same verbs stand in one rule.</summary>
    private static List<LackingRight> Lack(IEnumerable<Answer> answers) =>
    [
        .. from answer in answers
           where !answer.May
           group answer by (answer.Needed, answer.Resource, answer.Namespace) into lack
           group lack by (lack.Key.Needed, lack.Key.Namespace, Verbs: string.Join(", ", lack.Select(static l => l.Verb))) into rule
           select new LackingRight(RbacRule.ToYaml(rule.Key.Needed.Group, rule.Select(static r => r.Key.Resource), [rule.Key.Verbs]), rule.Key.Namespace, rule.Key.Needed.What),
    ];

    private readonly record struct Answer(NeededRights Needed, string Resource, string Verb, string? Namespace, bool May);
}

/// <param name="Rule">One line of YAML for a Role's or ClusterRole's rules.</param>
/// <param name="Namespace">Null: for a ClusterRole.</param>
/// <param name="What">What doesn't work without it.</param>
internal sealed record LackingRight(string Rule, string? Namespace, string What);
