using System.Security.Cryptography;

namespace DevOpsAgent.LogStore.Api;

/// <summary>An id for a document that came without one: twenty characters, as Elasticsearch makes them.</summary>
internal static class DocumentId
{
    public static string New() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(15)).Replace('+', '-').Replace('/', '_');
}
