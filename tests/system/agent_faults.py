"""An agent whose process, network and records misbehave: what it accepted arrives once, what was refused stays visible."""
import concurrent.futures, contextlib, sqlite3, threading, time

from harness import Proxy, check, in_time, main, require, review, wait_until, warning


def check_kill(hub, proxy, agent):
    """kill -9 of `sync` in the middle, at the moment when the first answer passes."""
    ids = agent.submit(*(review() for _ in range(40)), warning())
    for turn in range(3):
        proxy.on_passed = None
        process = agent.start_command("sync", "--timeout", 20)
        target = proxy.passed[0] + 3000 + turn * 4000
        wait_until(lambda: proxy.passed[0] > target or process.poll() is not None, step=0.001, what="bytes on their way")
        process.kill()
        process.wait()
    agent.sync()
    seen = hub.ids("--entity", agent.uscc)
    check(sorted(seen) == sorted(ids), "kill -9 of sync three times: every record is at the hub exactly once",
          (len(seen), len(ids)))
    waiting = [row for row in agent.records() if row["state"] in ("waiting", "accepted", "spooled", "sent")]
    check(not waiting, "and the agent knows a receipt for each", waiting[:3])


def check_beside_run(hub, agent):
    agent.start()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(agent.submit, *(review() for _ in range(3))) for _ in range(8)]
        ids = [name for job in jobs for name in job.result()]
    check(len(set(ids)) == 24, "submits beside `run`, four at a time: all accepted", len(set(ids)))
    wait_until(lambda: set(ids) <= set(hub.ids("--entity", agent.uscc)), what="all of them arrive")
    rows = [row for row in hub.query("--entity", agent.uscc) if row["id"] in ids]
    check(len(rows) == 24, "and each arrives once, without a sync", len(rows))
    records = [hub.cli_json("show", row["id"]) for row in rows]
    numbers = [record.get("record", record)["seq"] for record in records]
    check(len(set(numbers)) == 24, "with sequence numbers of their own", sorted(numbers))
    check(agent.stop() == 0, "run ends with 0 on SIGTERM")


def check_lost_answers(hub, proxy, agent):
    """The hub hears everything; nothing it says arrives."""
    ids = agent.submit(*(review() for _ in range(5)))
    agent.start()
    wait_until(lambda: set(ids) <= set(hub.ids("--entity", agent.uscc)), what="the records arrive")
    ids = agent.submit(review(), warning(level=1))
    proxy.mode = "deaf"
    late = agent.submit(review())
    time.sleep(1)
    proxy.mode = "pass"
    proxy.cut()
    everything = {*ids, *late}
    wait_until(lambda: everything <= set(hub.ids("--entity", agent.uscc)), 40, what="lost answers: the records arrive")
    wait_until(lambda: all(receipt(agent, name) for name in everything), 60, what="lost answers: the receipts arrive")
    check(len(hub.ids("--entity", agent.uscc)) == len(set(hub.ids("--entity", agent.uscc))),
          "lost answers: sent again, stored once, receipts in the end")
    flicker = threading.Event()

    def cut_often():
        while not flicker.wait(0.3):
            proxy.cut()
    thread = threading.Thread(target=cut_often, daemon=True)
    thread.start()
    some = [name for _ in range(10) for name in agent.submit(review())]
    time.sleep(3)
    flicker.set()
    thread.join()
    wait_until(lambda: all(receipt(agent, name) for name in some), 60, what="receipts after the cuts")
    seen = [name for name in hub.ids("--entity", agent.uscc) if name in some]
    check(len(seen) == 10, "a connection that is cut three times a second: ten of ten, once each", len(seen))
    agent.stop()


def receipt(agent, name):
    return agent.cli("receipt", name, "--json", ok=False).returncode == 0


def check_swallow(proxy, agent):
    proxy.mode = "swallow"
    agent.submit(review())
    started = time.monotonic()
    done = agent.cli("sync", "--timeout", 3, ok=False)
    check(done.returncode == 1 and in_time(started, 10), "a network that swallows: sync gives up in its time "
          "with exit 1", (done.returncode, time.monotonic() - started))
    check(len(agent.cli("status").stdout) > 0, "status still answers")
    proxy.mode = "pass"
    proxy.cut()
    agent.sync()
    check(True, "and the record goes once the network passes again")


def check_rejected(hub, agent):
    title = {"activity_no": "伦审-拒-1"}
    (first,) = agent.submit(review(**title))
    (second,) = agent.submit(review(**title))
    done = agent.cli("sync", "--timeout", 20, ok=False)
    rows = {row["id"]: row for row in agent.records()}
    check(rows[second]["state"] == "rejected" and rows[first]["state"] != "rejected",
          "a record that the hub refuses is shown as rejected", (done.returncode, rows[second]))
    check("not_unique" in str(agent.cli("receipt", second, "--json").stdout) + str(rows[second]), "with the reason")
    agent.sync(ok=False)
    rows = {row["id"]: row for row in agent.records()}
    check(rows[second]["state"] == "rejected", "and stays visible", rows[second])
    refused = hub.query("--refused", "--entity", agent.uscc)
    check(second in [row["id"] for row in refused], "the hub lists it as refused", refused)
    (third,) = agent.submit(review(activity_no="伦审-拒-2"), options=("--corrects", second))
    agent.sync(ok=False)
    rows = {row["id"]: row for row in agent.records()}
    check(third in hub.ids("--entity", agent.uscc) and rows[third]["state"] == rows[first]["state"],
          "its correction is stored", rows[third])
    bad = agent.cli("submit", agent.file(review(round=0)), ok=False)
    check(bad.returncode == 1 and "round" in bad.stdout + bad.stderr, "a record that breaks a rule is refused at the form",
          bad.stderr[-300:])
    done = agent.cli("submit", "--keep-going", agent.file(review(round=0)), agent.file(review()), ok=False)
    check(done.returncode == 1, "--keep-going says 1 where one was refused", done)
    done = agent.cli("discard", first, "--yes", ok=False)
    check(done.returncode == 1, "a record that the hub holds cannot be discarded", done)


def check_inbox(hub, agent):
    """An answer comes while somebody holds the spool, and another one right behind when he is done."""
    agent.start(event="link-ready")
    names = agent.submit(review(), review())
    wait_until(lambda: set(names) <= set(hub.ids()), 20, what="two reports at the hub")
    seen = lambda: [name for name in names if name in agent.cli("inbox", "--json").stdout]
    with contextlib.closing(sqlite3.connect(f"{agent.home}/spool.db", isolation_level=None, timeout=20)) as db:
        db.execute("begin exclusive")
        hub.cli("accept", names[0])
        agent.wait_log("inbox-not-noted")
        db.execute("rollback")
    hub.cli("accept", names[1])
    wait_until(lambda: sorted(seen()) == sorted(names), 30, 0.3, what="both answers in the inbox")
    check(True, "what could not be noted comes again, though more has come behind it")
    require(agent.stop() == 0, "the agent stops in order")


def test(site):
    hub = site.hub()
    proxy = Proxy(site, hub.port)
    uscc = site.uscc()
    agent = site.agent(hub, link=proxy.through(hub.add_entity(uscc), hub.port))
    agent.uscc = uscc
    check_kill(hub, proxy, agent)
    check_beside_run(hub, agent)
    check_lost_answers(hub, proxy, agent)
    check_swallow(proxy, agent)
    check_rejected(hub, agent)
    check_inbox(hub, agent)
    require(hub.running(), "the hub ran throughout")


if __name__ == "__main__":
    main(test)
