namespace DevOpsAgent.EndToEnd.GuardKernel;

/// <summary>The program that does what policies forbid, built once from trigger.c.</summary>
internal static class Trigger
{
    private static readonly SemaphoreSlim s_gate = new(1);

    public static async Task<string> BuildAsync()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "guard-trigger");
        var source = Path.Combine(AppContext.BaseDirectory, "GuardKernel", "trigger.c");
        await s_gate.WaitAsync();
        try
        {
            if (!File.Exists(program) || File.GetLastWriteTimeUtc(program) < File.GetLastWriteTimeUtc(source))
            {
                Assert.SkipUnless(File.Exists("/usr/bin/clang"), "needs clang, to build the program that is watched");
                var (output, code) = await Shell.RunAsync("/usr/bin/clang", ["-O1", "-static", source, "-o", program]);
                code.ShouldBe(0, output);
            }
        }
        finally
        {
            s_gate.Release();
        }

        return program;
    }
}
