return await DevOpsAgent.App.Cli.CommandLine.RunAsync(args, DevOpsAgent.App.Cli.Terminal.OfProcess());
