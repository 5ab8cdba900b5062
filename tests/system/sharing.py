"""Sharing by rule: proposed and confirmed with one command; shared by the hub once through kill -9, without what is
confidential; the copy is updated and withdrawn with its source."""
import random, signal, time

from harness import check, main, require, wait_until, warning

SHAREABLE = dict(level=2, share_scope="affected_sectors", sector="consumer")


def copies(hub):
    return hub.query("--kind", "shared_warning")


def inbox_has(agent, text):
    agent.sync()
    return text in agent.cli("inbox", "--json").stdout


def test(site):
    hub = site.hub()
    reporter = site.agent(hub, "reporter", name="报告单位甲")
    other = site.agent(hub, "other", sector="consumer")
    apart = site.agent(hub, "apart", sector="finance")
    (first, _, _) = reporter.submit(warning(headline="提议共享的预警", **SHAREABLE), warning(headline="不得共享的预警", level=2),
                                    warning(headline="演练预警不共享", status="exercise", **SHAREABLE))
    reporter.sync()
    waiting = wait_until(lambda: hub.cli_json("share", "--pending"), what="a proposal")
    check([(row["id"], row["act"]) for row in waiting] == [(first, "share")], "by default what may be shared is proposed, nothing else", waiting)
    check(not copies(hub), "and nothing leaves")
    rush = [hub.start_command("share", first) for _ in range(6)]
    codes = sorted(process.wait() for process in rush)
    check(codes == [0, 1, 1, 1, 1, 1] and len(copies(hub)) == 1, "one command confirms it, five others at the same moment are refused", codes)
    wait_until(lambda: not hub.cli_json("share", "--pending"), what="the proposal is done with")
    check(hub.cli("share", first, ok=False).returncode == 1 and len(copies(hub)) == 1, "and so is a later one")
    reporter.submit(warning(action="update", refers_to=first, headline="提议共享的预警（更新）", **SHAREABLE))
    reporter.sync()
    waiting = wait_until(lambda: hub.cli_json("share", "--pending"), what="an update waits")
    check([row["act"] for row in waiting] == ["update"], "a later word on it waits too", waiting)
    hub.cli("share", first)
    wait_until(lambda: not hub.cli_json("share", "--pending"), what="the update is done with")
    check(inbox_has(other, "提议共享的预警（更新）") and not inbox_has(apart, "提议共享的预警"), "it is with the institutions of the sector")

    hub.configure(share_mode="auto")
    hub.process.send_signal(signal.SIGHUP)
    hub.wait_log("reloaded")
    ids = []
    for number in range(12):
        ids += reporter.submit(warning(headline=f"自动共享的预警 {number}", **SHAREABLE))
        reporter.sync()
        if number % 2:
            hub.kill()
            hub.start()
            time.sleep(random.uniform(0, 0.6))
    wait_until(lambda: len(copies(hub)) >= 14, what="a copy each")
    time.sleep(2)
    sources = [hub.cli_json("show", row["id"]) for row in copies(hub)]
    sources = [row.get("record", row) for row in sources]
    auto = sorted(row["source_id"] for row in sources if row["source_id"] != first)
    check(auto == sorted(ids), "shared by the hub, each once through six kills", (auto, ids))
    check(inbox_has(other, "自动共享的预警 11"), "they arrive")
    text = other.cli("inbox", "--json").stdout
    check("报告单位甲" not in text and reporter.uscc not in text and "张伟" not in text, "without who reported and what is confidential")
    reporter.submit(warning(action="cancel", refers_to=ids[0], headline="撤销：经核查为误报", **SHAREABLE),
                    warning(action="update", refers_to=ids[1], headline="自动共享的预警 1 已扩大", **SHAREABLE))
    reporter.sync()
    wait_until(lambda: inbox_has(other, "已扩大"), what="the update reaches them")
    wait_until(lambda: hub.query("--kind", "withdrawal"), what="the cancelled one is withdrawn")
    check(len(hub.query("--kind", "withdrawal")) == 1, "a cancelled warning's copy is withdrawn, an updated one's updated")
    hub.stop()
    done = hub.configure(share_mode="sometimes").cli("run", ok=False)
    require(done.returncode == 1 and "share_mode" in done.stderr, "a wrong mode is refused", done.stderr)


main(test)
