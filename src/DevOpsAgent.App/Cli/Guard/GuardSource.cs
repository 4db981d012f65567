using System.CommandLine;
using DevOpsAgent.Configuration;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.App.Cli.GuardCommands;

/// <summary>Which policy, in which mode: option, configuration, the variables of the Go daemon, the default place; in this order.</summary>
internal sealed class GuardSource
{
    private const string PolicyVariable = "SOC_GUARD_POLICY";
    private const string ModeVariable = "SOC_GUARD_MODE";

    private readonly CommandContext _context;

    private GuardSource(CommandContext context) => _context = context;

    public static GuardSource AddTo(Command command, CommandContext context)
    {
        var policy = new Option<string?>("--policy") { Description = "The policy (default: runtime_guard.policy)", HelpName = "file" };
        var mode = new Option<string?>("--mode") { Description = "audit, alert or enforce, in place of the policy's own", HelpName = "mode" };
        mode.CompletionSources.Add([.. GuardModes.Names]);
        context.Options.Bind(policy, "runtime_guard.policy");
        context.Options.Bind(mode, "runtime_guard.mode");
        command.Options.Add(policy);
        command.Options.Add(mode);
        return new(context);
    }

    /// <summary>The whole configuration, for parts that need more than the guard's own.</summary>
    public AgentConfig Whole(ParseResult parsed) => _context.Load(parsed).Config;

    public RuntimeGuardConfig Config(ParseResult parsed)
    {
        var config = _context.Load(parsed).Config.RuntimeGuard;
        var environment = _context.Terminal.Environment;
        var mode = config.Mode ?? Given(environment, ModeVariable);
        if (mode is not null && !GuardModes.TryParse(mode, out _))
        {
            throw CommandException.Usage($"{ModeVariable} must be audit, alert or enforce, not '{mode}'.");
        }

        return config with { Policy = config.Policy ?? Given(environment, PolicyVariable) ?? PolicyFile.DefaultPath, Mode = mode };
    }

    /// <summary>Throws <see cref="ConfigException"/> with all that is wrong in the policy.</summary>
    public GuardPolicy Load(ParseResult parsed)
    {
        var config = Config(parsed);
        var policy = PolicyFile.Load(config.Policy!);
        return config.Mode is { } word && GuardModes.TryParse(word, out var mode) ? policy with { Mode = mode } : policy;
    }

    private static string? Given(IReadOnlyDictionary<string, string> environment, string name) =>
        environment.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;
}
