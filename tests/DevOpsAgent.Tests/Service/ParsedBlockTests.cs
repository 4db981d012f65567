using System.Text;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Logs;
using DevOpsAgent.Service;

namespace DevOpsAgent.Tests.Service;

public sealed class ParsedBlockTests
{
    private const string Json = """{"ClientAddr":"198.51.100.9:5","ClientHost":"198.51.100.9","DownstreamStatus":404,"RequestMethod":"GET","RequestPath":"/.env","RequestCount":1,"StartUTC":"2026-11-21T07:36:38.5Z"}""";

    [Fact]
    public void A_record_split_by_the_container_runtime_is_one_that_spans_its_lines()
    {
        var text = $"2026-11-21T07:40:01.1Z stdout F {Json}\n2026-11-21T07:40:01.2Z stdout P {Json[..60]}\n2026-11-21T07:40:01.3Z stdout F {Json[60..]}\nnot a line\n{Json}";
        var bytes = Encoding.UTF8.GetBytes(text);
        var block = new ParsedBlock();
        block.Fill(bytes, new(ClientResolver.Direct), new(RuleLibrary.Load(new DetectionConfig()).Lists), new(), trustClf: false, null);
        block.Count.ShouldBe(3);
        Encoding.UTF8.GetString(bytes, block.At(1).Start, block.At(1).Length).ShouldStartWith("2026-11-21T07:40:01.2Z stdout P ");
        Encoding.UTF8.GetString(bytes, block.At(1).Start, block.At(1).Length).ShouldEndWith("07:36:38.5Z\"}");
        Encoding.UTF8.GetString(bytes, block.At(2).Start, block.At(2).Length).ShouldBe(Json);
        block.Facts(1).PathHash.ShouldBe(block.Facts(0).PathHash);
        block.Statistics.Unparsed.ShouldBe(1);
    }
}
