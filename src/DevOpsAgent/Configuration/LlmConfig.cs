namespace DevOpsAgent.Configuration;

/// <summary>The language model. docs/model.md has what each server speaks.</summary>
internal sealed record LlmConfig
{
    /// <summary>url: the server at <see cref="Url"/>. api_key: <see cref="Provider"/> with <see cref="ApiKey"/>.</summary>
    public string ServiceType { get; init; } = "url";

    public string? Url { get; init; }
    public string? Provider { get; init; }
    public Secret? ApiKey { get; init; }

    /// <summary>Where <see cref="Provider"/> is reached. Null: its own address.</summary>
    public string? BaseUrl { get; init; }

    /// <summary>Null: llama3 at a URL, else the provider's usual one.</summary>
    public string? Model { get; init; }

    public double Temperature { get; init; } = 0.2;

    /// <summary>One answer, from asking to its last byte.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The longest answer, with what the model thinks before it, tokens.</summary>
    public int MaxOutputTokens { get; init; } = 4096;

    /// <summary>What the model takes, question and answer together, tokens.</summary>
    public int ContextWindow { get; init; } = 8192;

    /// <summary>Price of a million tokens that are sent, and of a million that are answered, in any one currency. 0: costs nothing.</summary>
    public double InputPrice { get; init; }

    public double OutputPrice { get; init; }

    /// <summary>True: there is a model to ask.</summary>
    public bool IsOn => ServiceType == "url" ? Url is not null : Provider is not null;
}
