using System.Diagnostics;

namespace DevOpsAgent.EndToEnd.Faults;

/// <summary>A file system in memory, small enough to be filled. Only root may mount one: elsewhere the test is skipped and says so.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private SmallDisk(string folder) => Folder = folder;

    /// <summary>The file that holds the file system; null: it is in memory.</summary>
    private string? Image { get; init; }

    public string Folder { get; }

    public static async Task<SmallDisk> MountAsync(string folder, string options)
    {
        Directory.CreateDirectory(folder);
        var (exit, errors) = OperatingSystem.IsLinux() ? await RunAsync("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder) : (1, "tmpfs is Linux only");
        Assert.SkipWhen(exit != 0, $"No file system may be mounted here: {errors.Trim()}");
        return new(folder);
    }

    /// <summary>One that can turn read-only while files are open, as a disk with errors does: ext4 in a file.</summary>
    public static async Task<SmallDisk> MountFragileAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        var image = folder + ".img";
        await using (var file = File.Create(image))
        {
            file.SetLength(16 << 20);
        }

        var (exit, errors) = OperatingSystem.IsLinux() ? await RunAsync("mkfs.ext4", "-q", "-F", image) : (1, "ext4 is Linux only");
        if (exit == 0)
        {
            (exit, errors) = await RunAsync("mount", "-o", "loop", image, folder);
        }

        Assert.SkipWhen(exit != 0, $"No file system may be mounted here: {errors.Trim()}");
        return new(folder) { Image = image };
    }

    /// <summary>From now on read-only, also for files that are open.</summary>
    public Task BreakAsync() => RunAsync("mount", "-o", "remount,abort", Folder);

    /// <summary>Takes all room that is left; delete the file to give it back.</summary>
    public string Fill()
    {
        var path = Path.Combine(Folder, "filler");
        var block = new byte[4096];
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        try
        {
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
        await RunAsync("umount", "-l", Folder);
        if (Image is not null)
        {
            File.Delete(Image);
        }
    }

    private static async Task<(int Exit, string Errors)> RunAsync(string program, params string[] arguments)
    {
        using var process = new Process { StartInfo = new(program, arguments) { RedirectStandardError = true, UseShellExecute = false } };
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return (1, e.Message);
        }

        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, errors);
    }
}
