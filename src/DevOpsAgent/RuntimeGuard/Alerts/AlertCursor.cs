using System.Text.Json;

namespace DevOpsAgent.RuntimeGuard.Alerts;

/// <summary>How far one receiver has been told, in a file of its own. What can't be written is told again after a restart: twice rather than never.</summary>
internal sealed class AlertCursor
{
    private readonly string _file;
    private readonly string _journal;

    private AlertCursor(string file, string journal, long seq) => (_file, _journal, Seq) = (file, journal, seq);

    public long Seq { get; private set; }

    /// <summary>A receiver that is new begins with what comes from now on: an old journal is no news to it.</summary>
    public static AlertCursor Open(string file, AlertJournal journal)
    {
        try
        {
            if (File.Exists(file) && JsonSerializer.Deserialize(File.ReadAllBytes(file), AlertJson.Default.CursorState) is { } state)
            {
                return new(file, journal.Id, state.Journal == journal.Id ? Math.Min(state.Seq, journal.Last) : 0);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return new(file, journal.Id, 0); // damaged: all again
        }

        var cursor = new AlertCursor(file, journal.Id, journal.Last);
        cursor.MoveTo(journal.Last);
        return cursor;
    }

    public void MoveTo(long seq)
    {
        Seq = seq;
        try
        {
            File.WriteAllBytes(_file + ".new", JsonSerializer.SerializeToUtf8Bytes(new(_journal, seq), AlertJson.Default.CursorState));
            File.Move(_file + ".new", _file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Told again after a restart.
        }
    }
}

internal sealed record CursorState(string Journal, long Seq);
