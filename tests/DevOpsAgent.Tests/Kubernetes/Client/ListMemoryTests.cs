using System.Globalization;
using DevOpsAgent.Kubernetes;
using Microsoft.AspNetCore.Http;

namespace DevOpsAgent.Tests.Kubernetes.Client;

/// <summary>Measures the process's memory, so nothing else runs meanwhile.</summary>
[Collection(Name)]
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ListMemoryTests
{
    public const string Name = "list memory";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Twenty_thousand_objects_take_less_than_64_MB()
    {
        // About what a deny object has, managedFields included.
        var padding = string.Join(',', Enumerable.Range(0, 12).Select(static i => string.Create(CultureInfo.InvariantCulture, $"\"f:field-{i:00}\":{{\"f:inner\":{{}},\".\":{{}}}}")));
        await using var server = await ScriptedServer.StartAsync();
        for (var page = 0; page < 40; page++)
        {
            var first = page * 500;
            server.Then(context => ScriptedServer.Text(200, Body(first))(context)); // made when asked for: the script must not hold it
        }

        using var api = server.Api(new QuickTime());
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var list = await api.ListAsync(RestTests.Middlewares, null, Selection.All, Cancellation);
        list.Items.Count.ShouldBe(20_000);
        var taken = GC.GetTotalMemory(forceFullCollection: true) - before;
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{taken >> 20} MB"));
        taken.ShouldBeLessThan(64 << 20);
        GC.KeepAlive(list);

        string Body(int first) => $$"""{"metadata":{"resourceVersion":"9","continue":"{{(first < 19_500 ? "more" : "")}}"},"items":[{{string.Join(',', Enumerable.Range(first, 500).Select(Item))}}]}""";

        string Item(int number) => $$$"""{"apiVersion":"traefik.io/v1alpha1","kind":"Middleware","metadata":{"name":"m{{{number}}}","namespace":"traefik","resourceVersion":"7","uid":"77520932-55eb-4d83-a5ec-dee050e79296","managedFields":[{"manager":"team","fieldsV1":{ {{{padding}}} } }]},"spec":{"ipAllowList":{"sourceRange":["10.0.0.0/8","192.0.2.0/24"]} } }""";
    }
}
