using System.Text;
using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Logs;
using DevOpsAgent.Tests.Kubernetes.Client;

namespace DevOpsAgent.Tests.Detection;

/// <summary>Measures the process's memory, so nothing else runs meanwhile.</summary>
[Collection(ListMemoryTests.Name)]
public sealed class DetectorMemoryTests
{
    [Fact]
    public void A_client_is_small()
    {
        var detector = new Detector(RuleLibrary.Load(new()), new());
        var findings = new List<Finding>();
        detector.Observe(new() { Time = 1, Client = new(1, 0), Status = 200 }, [], NoText, findings);
        var heap = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < 20_000; i++)
        {
            detector.Observe(new() { Time = 1, Client = new(1, (ulong)i + 1), Status = 200 }, [], NoText, findings);
        }

        ((GC.GetTotalMemory(forceFullCollection: true) - heap) / 20_000).ShouldBeLessThanOrEqualTo(330);
        (detector.Memory / detector.Clients).ShouldBeLessThanOrEqualTo(250);
        GC.KeepAlive(detector);
    }

    private static bool NoText(ReadOnlySpan<byte> line, out LogEvent e)
    {
        e = default;
        return false;
    }
}
