using System.Diagnostics;
using System.Globalization;

namespace DevOpsAgent.Bench;

/// <summary>A whole process from start to exit, timed from outside, with its peak resident memory as the kernel counts it.</summary>
internal sealed record Measured(double Seconds, double PeakMb, int ExitCode, string Output)
{
    public static async Task<Measured> RunAsync(string file, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(file) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["LC_ALL"] = "C";
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        var peak = 0.0;
        var exit = process.WaitForExitAsync();
        while (await Task.WhenAny(exit, Task.Delay(10)) != exit)
        {
            peak = Math.Max(peak, StatusMb(process.Id, "VmHWM"));
        }

        var seconds = clock.Elapsed.TotalSeconds;
        await errors;
        return new(seconds, peak, process.ExitCode, await output);
    }

    /// <summary>A size from /proc/PID/status in MB (10^6 bytes); 0 once the process is gone.</summary>
    public static double StatusMb(int pid, string field)
    {
        try
        {
            var line = File.ReadLines($"/proc/{pid}/status").FirstOrDefault(l => l.StartsWith(field, StringComparison.Ordinal));
            return line is null ? 0 : double.Parse(line.Split(':')[1].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) * 1024 / 1e6;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>CPU seconds (user + system) used by a process so far, from /proc/PID/stat (clock ticks of 1/100 s).</summary>
    public static double CpuSeconds(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / 100.0;
    }
}
