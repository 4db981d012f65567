using System.Text.Json;
using DevOpsAgent.Guards;

namespace DevOpsAgent.Tests.Guards;

public sealed class SchemaGuardTests
{
    [Theory]
    [InlineData("""{"text":"a"}""")]
    [InlineData("""{"text":"a","count":9,"kind":"b","password":"x","range":"203.0.113.0/24","tags":["a","b"],"ttl":"1h30m","until":"2027-01-31T12:00:00Z","yes":false}""")]
    public void Valid(string parameters) => Check(parameters).Verdict.ShouldBe(Verdict.Allow);

    [Theory]
    [InlineData("\"text\"", "no_object")]
    [InlineData("null", "no_object")]
    [InlineData("{}", "missing_parameter")]
    [InlineData("""{"text":"a","text":"b"}""", "repeated_parameter")]
    [InlineData("""{"text":"a","Text":"b"}""", "unknown_parameter")]
    [InlineData("""{"text":null}""", "bad_value")]
    [InlineData("""{"text":"123456789012345678901"}""", "bad_value")]
    [InlineData("""{"text":"\ud800"}""", "bad_value")]
    [InlineData("""{"text":"a","count":0}""", "bad_value")]
    [InlineData("""{"text":"a","count":10}""", "bad_value")]
    [InlineData("""{"text":"a","count":1.5}""", "bad_value")]
    [InlineData("""{"text":"a","count":"1"}""", "bad_value")]
    [InlineData("""{"text":"a","count":1e400}""", "bad_value")]
    [InlineData("""{"text":"a","kind":"c"}""", "bad_value")]
    [InlineData("""{"text":"a","range":"everybody"}""", "bad_value")]
    [InlineData("""{"text":"a","tags":["a","b","c"]}""", "bad_value")]
    [InlineData("""{"text":"a","tags":["123456"]}""", "bad_value")]
    [InlineData("""{"text":"a","tags":[1]}""", "bad_value")]
    [InlineData("""{"text":"a","tags":"a"}""", "bad_value")]
    [InlineData("""{"text":"a","ttl":"4 hours"}""", "bad_value")]
    [InlineData("""{"text":"a","ttl":"-4h"}""", "bad_value")]
    [InlineData("""{"text":"a","until":"tomorrow"}""", "bad_value")]
    [InlineData("""{"text":"a","yes":"true"}""", "bad_value")]
    [InlineData("""{"text":{"a":1}}""", "bad_value")]
    public void Refused(string parameters, string code)
    {
        var decision = Check(parameters);
        (decision.Verdict, decision.Code).ShouldBe((Verdict.Deny, code));
        decision.Text.ShouldEndWith(".");
    }

    private static GuardDecision Check(string parameters) => SchemaGuard.Check(new NoteTool().Schema, JsonDocument.Parse(parameters).RootElement);
}
