using System.Collections;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Tests.Configuration;

/// <summary>config/default.yaml, the table of keys and the code's defaults say the same.</summary>
public sealed class DefaultYamlTests
{
    private static readonly string Text = ConfigReader.BuiltIn();

    [Fact]
    public void Loads_to_exactly_the_codes_defaults()
    {
        using var folder = new TemporaryFolder();
        var loaded = ConfigReader.Load(new() { File = folder.Write("config.yaml", Text) });
        Flat(loaded.Config).ShouldBe(Flat(new AgentConfig()));
        loaded.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public void A_run_without_file_has_no_origins_but_default() => ConfigReader.Load(new()).Origins.ShouldBeEmpty();

    [Fact]
    public void Every_property_is_a_key_and_every_key_a_property() =>
        ConfigKeys.All.Keys.Select(static k => k.Path).Order(StringComparer.Ordinal).ShouldBe(Paths(typeof(AgentConfig), "").Order(StringComparer.Ordinal));

    [Fact]
    public void Every_property_of_a_log_is_a_key() =>
        ConfigKeys.Log.Keys.Select(static k => k.Path).Order(StringComparer.Ordinal).ShouldBe(Paths(typeof(LogConfig), "").Order(StringComparer.Ordinal));

    [Fact]
    public void Every_key_stands_in_the_file()
    {
        using var folder = new TemporaryFolder();
        var loaded = ConfigReader.Load(new() { File = folder.Write("config.yaml", Text) });
        ConfigKeys.All.Keys.Select(static k => k.Path).Except(loaded.Origins.Keys, StringComparer.Ordinal).ShouldBeEmpty();
    }

    [Fact]
    public void The_commented_example_of_a_log_loads_and_has_every_key()
    {
        var lines = Text.Split('\n');
        var start = Array.IndexOf(lines, "# logs:");
        var example = lines[start..Array.IndexOf(lines, "logs: []")].Select(static l => l.Length > 1 ? l[2..] : "");
        using var folder = new TemporaryFolder();
        var loaded = ConfigReader.Load(new() { File = folder.Write("config.yaml", string.Join('\n', example)) });
        Flat(loaded.Config.Logs.ShouldHaveSingleItem()).ShouldBe(Flat(new LogConfig { Path = "/var/log/traefik/access.log" }));
        foreach (var key in ConfigKeys.Log.Keys)
        {
            example.ShouldContain(l => l.TrimStart(' ', '-').StartsWith(key.Path + ":", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Every_key_is_explained()
    {
        var lines = Text.Split('\n');
        for (var i = 1; i < lines.Length; i++)
        {
            // Names that explain themselves, and pairs that share one explanation above them.
            if (Regex.IsMatch(lines[i], "^ *[a-z_0-9]+:", RegexOptions.NonBacktracking) && !Regex.IsMatch(lines[i], "^  (username|index_pattern|enabled|min_prefix_ipv6|path|keep_size|keep_for):", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture))
            {
                lines[i - 1].TrimStart().ShouldStartWith("#", customMessage: lines[i]);
            }
        }
    }

    [Fact]
    public void No_two_keys_share_a_variable() =>
        ConfigKeys.All.Keys.Select(static k => EnvironmentOverrides.NameOf(k.Path)).Append(EnvironmentOverrides.FileVariable).Distinct(StringComparer.Ordinal).Count().ShouldBe(ConfigKeys.All.Keys.Count + 1);

    private static IEnumerable<string> Paths(Type type, string prefix)
    {
        foreach (var property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public).Where(static p => p.CanWrite))
        {
            var path = prefix + JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);
            if (property.PropertyType.Name.EndsWith("Config", StringComparison.Ordinal))
            {
                foreach (var inner in Paths(property.PropertyType, path + "."))
                {
                    yield return inner;
                }
            }
            else
            {
                yield return path;
            }
        }
    }

    private static string Flat(object? value) => value switch
    {
        null => "null",
        string or Enum or TimeSpan or AddressRange or Uri => value.ToString()!,
        IEnumerable list => "[" + string.Join(", ", list.Cast<object>().Select(Flat)) + "]",
        _ when value.GetType().IsPrimitive => value.ToString()!,
        _ => string.Join("\n", value.GetType().GetProperties().Where(static p => p.Name != "EqualityContract").Select(p => $"{p.Name}={Flat(p.GetValue(value))}")),
    };
}
