using System.Diagnostics;
using System.Globalization;

namespace DevOpsAgent.EndToEnd.Audit;

/// <summary>
/// File systems that only this test has: mounted in a mount namespace of their own, which a shell holds open, and reached
/// through /proc/PID/root. They are gone with the shell, whatever happens to the test.
/// </summary>
internal sealed class PrivateDisk : IAsyncDisposable
{
    private readonly Process _shell;
    private readonly string _folder = Directory.CreateTempSubdirectory("devops-agent-disk-").FullName;

    private PrivateDisk(Process shell) => _shell = shell;

    /// <summary>The mounted file system, as other processes see it.</summary>
    public string Folder => $"/proc/{_shell.Id.ToString(CultureInfo.InvariantCulture)}/root{_folder}";

    /// <param name="commands">Run in the namespace, in an empty directory. Where they fail the test is skipped with their words.</param>
    public static async Task<PrivateDisk> MountAsync(params string[] commands)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Mount namespaces are Linux only.");
        var start = new ProcessStartInfo("unshare", ["-m", "--propagation", "private", "sh"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        var disk = new PrivateDisk(Process.Start(start)!);
        try
        {
            foreach (var command in commands.Prepend("cd " + disk._folder))
            {
                var (exit, text) = await disk.RunAsync(command);
                Assert.SkipWhen(exit != 0, $"No file system can be mounted here ({command}): {text}");
            }

            return disk;
        }
        catch
        {
            await disk.DisposeAsync();
            throw;
        }
    }

    public async Task<(int Exit, string Text)> RunAsync(string command)
    {
        await _shell.StandardInput.WriteLineAsync($"{{ {command}; }} 2>&1; echo \"exit:$?\"");
        await _shell.StandardInput.FlushAsync();
        var text = "";
        while (await _shell.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("exit:", StringComparison.Ordinal))
            {
                return (int.Parse(line.AsSpan(5), CultureInfo.InvariantCulture), text.Trim());
            }

            text += line + "\n";
        }

        return (1, text + await _shell.StandardError.ReadToEndAsync());
    }

    /// <summary>Takes all room of a file system; delete the file to give it back.</summary>
    public static string Fill(string folder)
    {
        var path = Path.Combine(folder, "filler");
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        try
        {
            var block = new byte[4096];
            while (true)
            {
                file.Write(block);
            }
        }
        catch (IOException)
        {
            return path; // no space left on device
        }
    }

    public async ValueTask DisposeAsync()
    {
        _shell.StandardInput.Close();
        await _shell.WaitForExitAsync();
        _shell.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
