namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>
/// Which objects one Traefik reads: by provider, namespace, label and class. Where its settings aren't known, what isn't plainly meant
/// for somebody else counts as read.
/// </summary>
internal sealed class Watching(TraefikSettings settings, ClusterObjects objects)
{
    private const string ClassAnnotation = "kubernetes.io/ingress.class";
    private const string Controller = "traefik.io/ingress-controller";
    private const string GatewayController = "traefik.io/gateway-controller";
    private const string Default = "traefik";

    private readonly LabelSelector _crd = LabelSelector.OfText(settings.Crd.LabelSelector);
    private readonly LabelSelector _ingress = LabelSelector.OfText(settings.Ingress.LabelSelector);
    private readonly LabelSelector _gateway = LabelSelector.OfText(settings.Gateway.LabelSelector);

    public TraefikSettings Settings => settings;

    /// <summary>Null: it is read. Else why not.</summary>
    public string? WhyNotSeen(ClusterObject item) => item.Ref.Group switch
    {
        WantedKinds.Traefik or WantedKinds.OldTraefik => Crd(item),
        WantedKinds.Gateway => Scope(settings.Gateway, _gateway, "kubernetesGateway", item),
        WantedKinds.Networking => Ingress(item),
        _ => null,
    };

    /// <summary>The Gateway's class is Traefik's. Null: not told by anything that was read, judged by its name.</summary>
    public bool IsOurs(ClusterObject gateway, out bool known)
    {
        var name = gateway.Spec.At("gatewayClassName").Text() ?? "";
        var type = objects.Find("GatewayClass", null, ShownText.Of(name, 260));
        known = type is not null;
        return type is not null ? type.Spec.At("controllerName").Text() == GatewayController : name.Contains(Default, StringComparison.OrdinalIgnoreCase);
    }

    private string? Crd(ClusterObject item)
    {
        if (item.Ref.Group == WantedKinds.OldTraefik && settings.Major >= 3)
        {
            return $"Traefik {settings.Version} doesn't read {WantedKinds.OldTraefik}, only {WantedKinds.Traefik}";
        }

        if (item.Ref.Group == WantedKinds.Traefik && settings.Major == 2 && TraefikImage.Minor(settings.Version) < 10)
        {
            return $"Traefik {settings.Version} doesn't read {WantedKinds.Traefik}, only {WantedKinds.OldTraefik}";
        }

        if (Scope(settings.Crd, _crd, "kubernetesCRD", item) is { } why)
        {
            return why;
        }

        // Only routes have a class.
        return !item.Ref.Kind.StartsWith("IngressRoute", StringComparison.Ordinal) ? null
            : ClassProblem(item, settings.Crd.IngressClass, item.Spec.At("ingressClassName").Text() ?? item.Annotations.GetValueOrDefault(ClassAnnotation) ?? "");
    }

    private string? Ingress(ClusterObject item)
    {
        if (item.Ref.Kind != "Ingress")
        {
            return null;
        }

        var name = item.Spec.At("ingressClassName").Text();
        if (settings.IngressNginx && !settings.Ingress.Enabled)
        {
            return null;
        }

        if (Scope(settings.Ingress, _ingress, "kubernetesIngress", item) is { } why)
        {
            return why;
        }

        if (name is null)
        {
            return ClassProblem(item, settings.Ingress.IngressClass, item.Annotations.GetValueOrDefault(ClassAnnotation) ?? "");
        }

        var known = objects.Find("IngressClass", null, ShownText.Of(name, 260));
        var option = settings.Ingress.IngressClass;
        if (option.Length > 0)
        {
            return name == option ? null : $"its class is '{ShownText.Of(name, 80)}', Traefik reads only '{option}'";
        }

        return known is null
            ? name.Contains(Default, StringComparison.OrdinalIgnoreCase) ? null : $"its class '{ShownText.Of(name, 80)}' isn't known to be Traefik's"
            : known.Spec.At("controller").Text() == Controller ? null : $"its class '{ShownText.Of(name, 80)}' is of {ShownText.Of(known.Spec.At("controller").Text(), 80)}";
    }

    private static string? ClassProblem(ClusterObject item, string option, string own)
    {
        var seen = option.Length > 0 ? own == option : own is "" or Default;
        var wanted = option.Length > 0 ? $"'{option}'" : "'traefik' or none";
        return seen ? null : $"{(own.Length == 0 ? "it has no class" : $"its class is '{ShownText.Of(own, 80)}'")}, Traefik reads only {wanted}{(item.Ref.Kind == "Ingress" ? "" : " (annotation kubernetes.io/ingress.class)")}";
    }

    private string? Scope(KubernetesProvider provider, LabelSelector selector, string name, ClusterObject item)
    {
        if (!provider.Enabled)
        {
            return settings.Known ? $"the provider {name} is off" : null;
        }

        return !provider.Watches(item.Ref.Namespace) ? $"Traefik reads only namespace {string.Join(", ", provider.Namespaces.Take(8))}"
            : !selector.Matches(item.Labels) ? $"it lacks the labels that Traefik selects by: {provider.LabelSelector}"
            : null;
    }
}
