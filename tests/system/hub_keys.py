"""The hub's own keys where something is amiss: files that are lost, of another time or of another hub, a clock that was
wrong, a command that came late. What is left is not spoilt, a link always names the key in use, and the audit accuses
nobody."""
import shutil

from harness import UNDER, Hub, check, main, require, skip


def hub_keys(hub):
    return hub.cli("key", "show").stdout


def check_unknown(site, hub):
    """identity.zpl is one that the store never knew, and no other is left."""
    shutil.copy(Hub(site, "other").init().home + "/identity.zpl", hub.home)
    refused = hub.cli("run", ok=False)
    require(refused.returncode == 1 and "one backup" in refused.stderr, "the hub does not start with them", refused.stderr)
    hub.cli("key", "rotate", "--leaked", "--reason", "备份不全")
    found = hub.cli("audit", ok=False)
    check(found.returncode == 0, "keys that the registry never knew give way, and sign nothing", found.stdout)
    hub.start()
    site.agent(hub, "after").sync()
    check(True, "and links are good again")
    hub.stop()


def test(site):
    if UNDER:
        skip("a hub that changes its keys executes itself anew; under valgrind that is valgrind, which refuses")
    hub = site.hub()
    hub.add_entity(site.uscc())
    hub.stop()
    check_unknown(site, hub)


if __name__ == "__main__":
    main(test)
