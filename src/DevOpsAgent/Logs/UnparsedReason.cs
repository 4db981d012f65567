namespace DevOpsAgent.Logs;

/// <summary>Why a line gave no LogEvent. The names (in kebab-case) are the label values in /metrics and the keys in JSON output: append only.</summary>
internal enum UnparsedReason : byte
{
    None,
    Empty,
    TooLong,
    Binary,
    NotALogLine,
    Truncated,
    InvalidJson,
    TooDeep,
    DuplicateKey,
    MissingField,
    BadTime,
    BadStatus,
    BadClient,
    BadClf,
}
