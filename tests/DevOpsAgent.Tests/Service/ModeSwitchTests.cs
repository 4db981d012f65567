using DevOpsAgent.Configuration;
using DevOpsAgent.Service;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.Guards;

namespace DevOpsAgent.Tests.Service;

public sealed class ModeSwitchTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mode-");
    private readonly SqliteStore _store;

    public ModeSwitchTests() => _store = new(Path.Combine(_folder.FullName, "agent.db"));

    public void Dispose()
    {
        _store.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void A_switch_outlives_a_restart_but_not_a_change_of_the_configured_mode()
    {
        new ModeSwitch(_store, Mode.Review).Current.ShouldBe(Mode.Review);
        new ModeSwitch(_store, Mode.Review).Set(Mode.Auto);
        new ModeSwitch(_store, Mode.Review).Current.ShouldBe(Mode.Auto);
        new ModeSwitch(_store, Mode.Disabled).Current.ShouldBe(Mode.Disabled);
    }

    [Fact]
    public void Switching_back_leaves_nothing_behind()
    {
        var mode = new ModeSwitch(_store, Mode.Review);
        mode.Set(Mode.Auto);
        mode.Set(Mode.Review);
        _store.GetSetting("mode").ShouldBeNull();
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("auto since")]
    [InlineData("7 since review")]
    [InlineData("nonsense since review")]
    public void A_damaged_setting_is_the_configured_mode(string stored)
    {
        _store.SetSetting("mode", stored);
        new ModeSwitch(_store, Mode.Review).Current.ShouldBe(Mode.Review);
    }
}
