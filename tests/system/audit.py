"""agn-hub audit: nothing to find in a store that was served, through amendments, withdrawals, kills and a changed registration;
and each act of somebody with sqlite3 is found and named."""
import json, os, random, re, shutil, signal, sqlite3, tempfile

from harness import Hub, check, main, moment, require, review, wait_until, warning


def ask_all(site, hub):
    """A notice to all, that is to be answered."""
    path = f"{site.folder}/notice.json"
    with open(path, "w") as file:
        json.dump({"kind": "notice", "title": "自查通知", "body": "请自查。", "category": "requirement", "must_answer": True,
                   "due_at": moment(-86_400_000), "submitter": {"name": "李", "role": "处长"}}, file)
    hub.cli("file", path)


def live(site, hub, rng):
    """A city's life in small: whatever moves a figure."""
    names = [site.uscc() for _ in range(3)]
    kinds = ("hospital", "enterprise", "university")
    agents = [site.agent(hub, f"agent{i}", link=hub.add_entity(names[i], kind=kinds[i])) for i in range(3)]
    filed = []
    ask_all(site, hub)
    for step in range(4):
        for agent in agents:
            records = [rng.choice((review, warning))() for _ in range(rng.randint(1, 9))]
            filed += [(agent, name) for name in agent.submit(*records)]
            agent.sync()
        agent, name = rng.choice(filed)
        agent.cli("withdraw", name, "--reason", "重复报送", "--by", "王芳", "--role", "秘书", ok=False)
        agent.sync(ok=False)
        for _, name in rng.sample(filed, 3):
            hub.cli(rng.choice(("acknowledge", "accept")), name, ok=False)
        if step == 2:
            hub.kill()
            hub.start()
    hub.cli("entity", "suspend", names[2], "--reason", "核查")
    for _, name in filed[-2:]:
        hub.cli("erase", name, "--reason", "当事人撤回同意", "--yes")


def audit(hub, home=None):
    """In Chinese: what is found has no word of English but codes and what was stored."""
    program = Hub(hub.site, os.path.basename(home)) if home else hub
    done = program.cli("audit", "--json", ok=False, env={"LANG": "zh_CN.UTF-8"})
    rows = json.loads(done.stdout or "[]")
    require(all(re.search("[\u4e00-\u9fff]", row["detail"]) for row in rows), "details in the reader's language", rows)
    return done, {row["finding"] for row in rows}


FIRST_REVIEW = "family = 'review' and change = (select min(change) from cell where family = 'review' and count > 0)"
LONG = "(select min(batch) from record where size > 400)"
FIRST_HEAD = "size = (select min(size) from head)"
# What somebody does to the file, and what is found of it.
ACTS = (
    ("a record changed", "update batch set bytes = cast(substr(bytes, 1, 300) || X'61' || substr(bytes, 302) as blob) "
     f"where id = {LONG}", "record_changed"),
    ("a record deleted", "delete from record  where number = (select max(number) from record where batch = " + LONG + ")", "record_missing"),
    ("a batch deleted", f"create temp table gone as select {LONG} as id; delete from record where batch in gone; "
     "delete from batch where id in gone", "replay_differs"),
    ("the newest batch deleted", "create temp table gone as select max(id) as id from batch; "
     "delete from record where batch in gone; delete from batch where id in gone", "record_missing"),
    ("an institution deleted", "delete from party where row = (select party from batch where id = 3)", "party_missing"),
    ("a batch of after its key's end", "update party_key set revoked_at = since + 1, since = 0 where signing_key = "
     "(select signing_key from batch where id = 3); update batch set at = at + 3600000 where id = 3", "key_ended"),
    ("a signature changed", "update batch set signature = zeroblob(64) where id = 3", "batch_unsigned"),
    ("a batch under another's key", "update batch set signing_key = (select signing_key from party_key order by row desc "
     "limit 1) where id = 2", "batch_unsigned"),
    ("an erasure by an act about something else", "update erased set act = (select r.id from record r where r.kind = (select kind "
     "from record where id in (select act from erased)) and r.id not in (select act from erased) limit 1)", "record_changed"),
    ("an erasure by the act about another record", "update erased set act = (select max(act) from erased)", "record_changed"),
    ("a figure changed", f"update cell set count = count + 1 where {FIRST_REVIEW}", "cell_differs"),
    ("a figure deleted", f"delete from cell where {FIRST_REVIEW}", "cell_differs"),
    ("a figure that names a ledger of before its last record", f"update cell set size = size - 1 where {FIRST_REVIEW}",
     "cell_differs"),
    ("a figure that names a ledger there is not", f"update cell set size = 1000000 where {FIRST_REVIEW}", "cell_differs"),
    *((f"a figure of the family {family} changed", f"update cell set count = count + 1 where family = '{family}' and change = (select max(change) from cell where family = '{family}' and count > 0)", "cell_differs")
      for family in ("clock", "notice")),
    ("a thread's state changed", "update thread set state = state + 1", "thread_differs"),
    ("a leaf of the ledger changed", f"update head set leaves = zeroblob(length(leaves)) where {FIRST_HEAD}",
     "leaves_differ"),
    ("a root changed", f"update head set root = zeroblob(32) where {FIRST_HEAD}", "head_differs"),
)


def interrupt(site, hub, number):
    """Ends an audit as soon as it has begun; its exit code."""
    scratch = tempfile.mkdtemp(dir=site.folder)
    program = hub.start_command("audit", "--scratch", scratch)
    wait_until(lambda: os.listdir(scratch) or program.poll() is not None, step=0.001, what="the audit to begin")
    program.send_signal(number)
    code = program.wait(timeout=30)
    require(code in (0, 1) and not os.listdir(scratch), f"{number.name} leaves no copy of the records behind", (code, os.listdir(scratch)))
    return code


def check_interrupted(site, hub):
    for number in (signal.SIGINT, signal.SIGTERM):  # a small store may have been gone through before the signal comes
        check(any(interrupt(site, hub, number) == 1 for _ in range(10)), f"{number.name} ends an audit, and it takes its copy with it")


def test(site):
    rng = random.Random(3)
    hub = site.hub()
    live(site, hub, rng)
    done, found = audit(hub)
    check(done.returncode == 0 and not found and "0 处问题" in done.stderr, "a live hub: nothing to find", done)
    hub.stop()
    done, found = audit(hub)
    check(done.returncode == 0 and not found, "nor in a hub that has stopped", done)
    check_interrupted(site, hub)
    for number, (what, sql, code) in enumerate(ACTS):
        home = f"{site.folder}/changed{number}"
        shutil.copytree(hub.home, home, ignore=shutil.ignore_patterns("*.sock", "*.lock"))
        with sqlite3.connect(f"{home}/store.db") as db:
            db.executescript(sql)
        db.close()
        done, found = audit(hub, home)
        require(done.returncode == 1 and code in found, f"{what}: found", (sql, done))
        shutil.rmtree(home)
    check(True, f"{len(ACTS)} acts with sqlite3: each found and named")


if __name__ == "__main__":
    main(test)
