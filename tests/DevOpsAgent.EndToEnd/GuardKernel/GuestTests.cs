using System.Text;
using System.Text.Json;

namespace DevOpsAgent.EndToEnd.GuardKernel;

/// <summary>Each cell of the table on Debian's kernel: the LSM, and the tracepoints also where they would leave something behind.</summary>
[Collection(TracepointTests.Name)]
public sealed class GuestTests
{
    private const string Folder = "/tmp/s";

    /// <summary>kill -9 of an agent while a process opens a denied file again and again; then another agent takes over.</summary>
    private const string Survival = $$"""
        kill $guard; wait $guard
        cp /app/trigger {{Folder}}/t/kept
        printf 'version: "1.0"\nmode: enforce\nprocesses:\n  kept: {exe: {{Folder}}/t/kept, blocked_files: [{{Folder}}/secret]}\n' > /run/guard/kept.yaml
        agent guard run --policy /run/guard/kept.yaml --backend lsm --no-socket > /tmp/v2 2> /tmp/said2 & guard=$!
        while ! grep -q 'mode enforce' /tmp/said2 && kill -0 $guard; do usleep 100000; done
        {{Folder}}/t/kept opens {{Folder}}/secret 40 > /tmp/kept & kept=$!
        sleep 2; kill -9 $guard; wait $guard; sleep 2
        agent guard run --policy /run/guard/kept.yaml --backend lsm --no-socket > /tmp/v3 2> /tmp/said3 & guard=$!
        while ! grep -q 'mode enforce' /tmp/said3 && kill -0 $guard; do usleep 100000; done
        wait $kept; echo "SURVIVED $(cat /tmp/kept)"; cat /tmp/said2 /tmp/said3

        """;

    [Theory]
    [InlineData("lsm")]
    [InlineData("tracepoint")]
    public async Task Every_scenario_ends_as_the_table_says(string backend)
    {
        var output = await KernelGuest.RunAsync(Script(backend), new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["/app/prepare"] = KernelScenario.Preparation(KernelScenario.All),
            ["/app/policy.yaml"] = KernelScenario.PolicyOf(KernelScenario.All, Folder),
        });
        output.ShouldContain($"backend {backend}, mode enforce", Case.Sensitive, output);
        var results = new Dictionary<string, string>(StringComparer.Ordinal);
        var violations = new List<(string Process, (string Type, string Action) What)>();
        foreach (var line in output.Split('\n'))
        {
            if (line.StartsWith("RESULT ", StringComparison.Ordinal) && line.Split(' ', 4) is [_, var name, var code, var said])
            {
                results[name] = code == "137" ? "killed" : said.Trim();
            }
            else if (line.StartsWith("VIOLATION {", StringComparison.Ordinal))
            {
                using var json = JsonDocument.Parse(line["VIOLATION ".Length..]);
                string Text(string key) => json.RootElement.GetProperty(key).GetString()!;
                violations.Add((Text("process_name"), (Text("type"), Text("action"))));
            }
        }

        var seen = violations.ToLookup(static v => v.Process, static v => v.What, StringComparer.Ordinal);
        KernelScenario.Differences(KernelScenario.All, results, seen, s => backend == "lsm" ? s.Lsm : s.Tracepoint).ShouldBeEmpty(output[Math.Max(0, output.Length - 3000)..]);
        output.ShouldContain("CLONED no");
        if (backend == "lsm")
        {
            output.ShouldContain("CREATED no");
            output.ShouldContain("SURVIVED opened 0 of ");
            output.ShouldContain("took over what an earlier guard left");
        }
    }

    private static string Script(string backend)
    {
        var script = new StringBuilder($$"""
            sh /app/prepare {{Folder}} /app/trigger || echo "PREPARATION FAILED"
            mount -t tmpfs t {{Folder}}/mounted
            agent guard run --policy /app/policy.yaml --backend {{backend}} --socket /run/guard/g.sock > /tmp/violations 2> /tmp/said &
            guard=$!
            while ! grep -q 'mode enforce' /tmp/said && kill -0 $guard; do usleep 100000; done
            kill -0 $guard || { cat /tmp/said; poweroff -f; }

            """);
        foreach (var scenario in KernelScenario.All)
        {
            var arguments = string.Join(' ', scenario.Arguments(Folder).Select(static a => $"'{a}'"));
            if (scenario.ByAnother)
            {
                script.Append($"{Folder}/t/{scenario.Name} when {Folder}/never x & victim=$!\n");
                script.Append($"while [ \"$(readlink /proc/$victim/exe)\" != {Folder}/t/{scenario.Name} ]; do usleep 20000; done; usleep 200000\n"); // it is guarded from its exec on
                script.Append($"{Folder}/t/other {arguments.Replace("'{pid}'", "$victim", StringComparison.Ordinal)} > /tmp/o 2>&1; code=$?; kill -9 $victim\n");
            }
            else
            {
                script.Append($"{Folder}/t/{scenario.Name} {arguments} > /tmp/o 2>&1; code=$?\n");
            }

            script.Append($"echo \"RESULT {scenario.Name} $code $(head -n 1 /tmp/o)\"\n");
        }

        script.Append($$"""
            sleep 2
            [ -e {{Folder}}/work/cloned ] && echo CLONED yes || echo CLONED no
            [ -e {{Folder}}/work/created ] && echo CREATED yes || echo CREATED no
            agent guard status --socket /run/guard/g.sock
            cat /tmp/said
            sed 's/^/VIOLATION /' /tmp/violations

            """);
        script.Append(backend == "lsm" ? Survival : "");
        return script.ToString();
    }
}
