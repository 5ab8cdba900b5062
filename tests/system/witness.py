"""The province as the witness of each hub's ledger: a hub put back from an old copy, a record changed or deleted in its
database with the ledger made anew, and a hub that shows two provinces different ledgers. Each is found by the province
that was shown both, named, proved with two heads that the hub has signed, and told until somebody clears it with a reason.

A record that is changed beneath the ledger (its bytes, and not the hashes of the tree) changes no head: that is seen by the
hub's own `audit`, which recounts everything, and not from here."""
import functools, json, re, shutil, sqlite3

import ledger
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from harness import SUITE, Hub, check, main, require, review, wait_until

DELETED = 6  # more than the hub adds by stopping and starting
check_once = functools.cache(ledger.check_head)


def heads_of(province):
    """(heads, alarms) as they are listed, every signature and every size checked here by itself."""
    rows = json.loads(province.cli("heads", "--json").stdout)
    for row in rows:
        for head, signature, key in (("head", "signature", "hub_key"), ("known_head", "known_signature", "known_hub_key")):
            if row[head]:
                check_once(*(bytes.fromhex(row[name]) for name in (key, signature, head)))
    return [row for row in rows if row["what"] == "head"], [row for row in rows if row["what"] != "head"]


def unpack(row, key="head"):
    return ledger.unpack_head(bytes.fromhex(row[key]))


def leaves(hub):
    with sqlite3.connect(f"file:{hub.home}/store.db?mode=ro", uri=True) as db:
        return [leaf for leaf, in db.execute("select substr(b.hashes, r.position * 32 + 1, 32) from record r join batch b"
                                             " on b.id = r.batch order by r.number")]


def wait_heads(province, size, seconds=15):
    """Until the newest head is of this size."""
    wait_until(lambda: heads_of(province)[0][:1] and heads_of(province)[0][0]["size"] == size, seconds, 0.1,
               f"a head of {size}")


def follow(site, hub, name):
    province = site.province(hub, name)
    with open(f"{province.home}/province.zpl", "a") as file:
        file.write("witness_ms = 200\n")
    return province.start()


def file_records(agent, count):
    agent.submit(*(review() for _ in range(count)))
    agent.sync()


def wait_alarm(province, kind, seconds=20):
    def found():
        return [alarm for alarm in standing(province) if alarm["what"] == kind]
    alarm = wait_until(found, seconds, 0.1, f"an alarm {kind}: {[row['what'] for row in heads_of(province)[1]]}")[0]
    known, later = unpack(alarm, "known_head"), unpack(alarm)
    require((known.epoch == later.epoch) == (kind != "other_store"), "the heads are of one life of the store, or of two")
    contradicts = {"other_store": True, "rollback": later.size < known.size, "fork": later.size == known.size and later.root != known.root,
                   "rewritten": later.size > known.size}[kind]
    return require(contradicts, f"the two heads contradict each other as a {kind}", (known, later)) and alarm


def standing(province):
    return [alarm for alarm in heads_of(province)[1] if not alarm["cleared_at"]]


def check_told(province, kind):
    """It is told in both languages and by the exit code."""
    for language, words in (("C.UTF-8", "LEDGER ALARM"), ("zh_CN.UTF-8", "台账警报")):
        done = province.cli("status", ok=False, env={"LANG": language, "LC_ALL": language})
        require(done.returncode == 1 and words in done.stdout, "status tells it", done.stdout)
        alarm = standing(province)[0]
        require(all(alarm[key] in done.stdout for key in ("head", "known_head", "signature", "known_signature")),
                "status shows both signed heads", done.stdout)
    done = province.cli("status", "--json", ok=False)
    check(done.returncode == 1 and json.loads(done.stdout)["hubs"][0]["ledger_alarms"] > 0,
          f"status tells the {kind} in English and Chinese with both heads, and exits 1")
    require("ledger-alarm" in province.log(), "it is in the log")


def clear(province):
    """Only with a reason, which is kept; then the witness goes on with the ledger as it is."""
    stood = []
    require(province.cli("alarm", "clear", standing(province)[0]["alarm"], ok=False).returncode == 2, "not without a reason")

    def is_quiet():
        found = standing(province)  # the hub may be about to contradict what is not cleared once more
        for row in found:
            province.cli("alarm", "clear", row["alarm"], "--reason", "已与市局核实")
        stood.extend(found)
        return province.cli("status", ok=False).returncode == 0
    wait_until(is_quiet, 5, 0.1, "status is quiet again")
    rows = {row["alarm"]: row for row in heads_of(province)[1]}
    require(all(rows[row["alarm"]]["cleared_why"] == "已与市局核实" and rows[row["alarm"]]["cleared_by"]
                and rows[row["alarm"]]["head"] == row["head"] for row in stood), "what was cleared stays", rows)


def test_growth(hub, agent, province):
    for count in (3, 1, 4):
        file_records(agent, count)
        wait_heads(province, len(leaves(hub)))
    heads, alarms = heads_of(province)
    tree = leaves(hub)
    require(all(unpack(row).root == ledger.root(tree[:row["size"]]) for row in heads), "each head is of the hub's tree")
    check(len(heads) >= 3 and not alarms and province.cli("status").returncode == 0,
          f"{len(heads)} heads of a growing ledger are kept, each goes on with the one before", alarms)
    check(all(0 < row["ledger_size"] <= len(tree) for row in json.loads(province.cli("table", "--json").stdout)),
          "each figure names the ledger that it was computed at")


def test_rollback(hub, agent, province, backup):
    hub.stop()
    shutil.copytree(hub.home, backup)
    hub.start()
    file_records(agent, 5)
    wait_heads(province, len(leaves(hub)))
    hub.stop()
    shutil.rmtree(hub.home)
    shutil.copytree(backup, hub.home)
    hub.start()
    alarm = wait_alarm(province, "rollback")
    check(alarm["size"] == len(leaves(hub)) < alarm["known_size"], "a hub put back from an old copy: found as a rollback")
    check_told(province, "rollback")
    require(province.cli("status", ok=False).returncode == 1, "it stands")
    clear(province)
    wait_until(lambda: agent.sync(ok=False).returncode == 0, 20, what="the agent has sent again what was lost")
    cleared = max(row["cleared_at"] for row in heads_of(province)[1] if row["cleared_at"])
    wait_until(lambda: any(row["size"] == len(leaves(hub)) and row["seen_at"] > cleared for row in heads_of(province)[0]), 15, 0.1,
               "a head of the new ledger, which may be of a size that the old one had")
    check(not standing(province), "cleared with a reason: the alarm is kept, and the ledger is followed anew from there")
    file_records(agent, 6)
    wait_heads(province, len(leaves(hub)))
    fresh = follow(province.site, hub, "fresh")
    wait_heads(fresh, len(leaves(hub)))
    done = fresh.cli("compare", export(province, "cleared"), ok=False)
    check(done.returncode == 1 and any(row["known_head"] == alarm["known_head"] for row in standing(fresh)),
          "a province that knows nothing of it finds in the other's list what was contradicted once, however that has gone on", done)
    done = province.cli("compare", f"{province.site.folder}/cleared.json")
    check("explained" in done.stdout and not standing(province), "where it was cleared it is no news", done.stdout)
    fresh.stop()


def forget_ledger(db):
    """The hub makes it anew from the records when it starts."""
    db.execute("delete from head")
    db.execute("delete from tile")


def change(db):
    """Another name in the oldest report, and its hash to fit."""
    name, other = "张伟".encode(), "张佳".encode()
    batch, position, offset, size, content, hashes = db.execute(
        "select b.id, r.position, r.offset, r.size, b.bytes, b.hashes from record r join batch b on b.id = r.batch"
        " where instr(substr(b.bytes, r.offset + 1, r.size), ?) order by r.number limit 1", (name,)).fetchone()
    item = content[offset:offset + size].replace(name, other)
    content = content[:offset] + item + content[offset + size:]
    hashes = hashes[:position * 32] + ledger.leaf(item) + hashes[position * 32 + 32:]
    db.execute("update batch set bytes = ?, hashes = ? where id = ?", (content, hashes, batch))


def test_changed(hub, agent, province):
    size = len(leaves(hub))
    hub.stop()
    with sqlite3.connect(f"{hub.home}/store.db") as db:
        change(db)
        forget_ledger(db)
    hub.start()
    alarm = wait_alarm(province, "rewritten")
    check(alarm["size"] > alarm["known_size"] == size,
          "a record changed, with the ledger made anew: what has grown since does not go on with the ledger that was known", alarm)
    check_told(province, "changed record")
    clear(province)


def test_deleted(hub, agent, province):
    file_records(agent, DELETED)
    wait_heads(province, len(leaves(hub)))
    hub.stop()
    with sqlite3.connect(f"{hub.home}/store.db") as db:
        last, = db.execute("select max(number) from record").fetchone()
        db.execute("delete from record where number > ?", (last - DELETED,))
        forget_ledger(db)
    done = hub.cli("run", ok=False)
    check(done.returncode != 0 and "ledger" in done.stderr, "records deleted: the hub does not start on it", done.stderr)
    with sqlite3.connect(f"{hub.home}/store.db") as db:
        db.execute("delete from batch where first_number > ?", (last - DELETED,))
        db.execute("update batch set stored = ? - first_number + 1 where first_number + stored - 1 > ?",
                   (last - DELETED, last - DELETED))
    hub.start()
    wait_alarm(province, "rollback")
    check_told(province, "deleted record")
    file_records(agent, DELETED)
    wait_alarm(province, "rewritten")
    check(True, "records deleted, with the ledger made anew: a rollback, and no proof once it has grown past it")
    stood = len(standing(province))
    path = receipt_file(province.site, agent)
    done = province.cli("compare", path, ok=False)
    check(done.returncode == 0 and "agrees" in done.stdout and len(standing(province)) == stood,
          "while these stand, what somebody was shown of the ledger as it is agrees with it", done.stdout + done.stderr)
    clear(province)
    file_records(agent, 1)
    wait_heads(province, len(leaves(hub)))
    done = province.cli("compare", export(province, "own"), ok=False)
    check(done.returncode == 0 and not standing(province), "what it keeps itself of both ledgers is no news to it", done)


def test_other_store(site, hub, agent, province):
    """A backup put back, or anything else, under a new epoch: no proof leads from what was known to it."""
    file_records(agent, 2)
    wait_heads(province, len(leaves(hub)))
    former = export(province, "former")
    hub.stop()
    with sqlite3.connect(f"{hub.home}/store.db") as db:
        forget_ledger(db)
        db.execute("delete from meta where key = 'epoch'")
    done = hub.cli("run", ok=False)
    check(done.returncode != 0 and "epoch" in done.stderr, "the epoch is deleted: the hub makes none anew over its records", done.stderr)
    with sqlite3.connect(f"{hub.home}/store.db") as db:
        db.execute("insert into meta(key, value) values('epoch', randomblob(16))")
    hub.start()
    alarm = wait_alarm(province, "other_store")
    check(alarm["known_size"] <= alarm["size"], "another epoch written into it: another store is an alarm", alarm)
    check_told(province, "other store")
    file_records(agent, 2)
    require(len(standing(province)) == 1, "it stands once, however that store grows")
    new = follow(site, hub, "new")
    wait_heads(new, len(leaves(hub)))
    done = new.cli("compare", former, ok=False)
    check(done.returncode == 1 and "Another store" in done.stdout and standing(new)[0]["what"] == "other_store",
          "a province that has seen the later store alone finds it in what the other was shown", done.stdout)
    clear(province)
    file_records(agent, 1)
    wait_heads(province, len(leaves(hub)))
    check(not standing(province), "cleared with a reason: the new store is followed from there")


def twin_of(site, hub):
    """The same hub under the same keys on another port: its copy."""
    twin = Hub(site, "twin")
    site.programs.append(twin)
    shutil.copytree(hub.home, twin.home)
    return twin.configure(endpoint=f'"tcp://127.0.0.1:{twin.port}"', enrol_endpoint=f'"tcp://127.0.0.1:{twin.enrol_port}"')


def move(program, hub, twin, name):
    """The party's membership says that the hub is where the twin is."""
    path = f"{program.home}/{name}"
    with open(path) as file:
        text = file.read()
    require(str(hub.port) in text, "the membership names the hub's port")
    with open(path, "w") as file:
        file.write(text.replace(f":{hub.port}", f":{twin.port}"))


def private_key(secret):
    if SUITE == "sm2-sm3":
        import sm2
        return sm2.PrivateKey(int.from_bytes(secret, "big"))
    return Ed25519PrivateKey.from_private_bytes(secret[:32])


def signed_by(path, head, at):
    """HEAD with another time, signed with the key in that file."""
    with open(path) as file:
        secret = bytes.fromhex(re.search('signing_secret = "?([0-9a-f]+)', file.read()).group(1))
    key = private_key(secret)
    head = head[:56] + at.to_bytes(8, "big") + head[64:]
    return {"head": head.hex(), "signature": key.sign(b"AGN/1 head\0" + head).hex()}


def export(province, name):
    path = f"{province.site.folder}/{name}.json"
    province.cli("heads", "--export", path)
    return path


def test_split(site, hub, agent, one, two):
    """The hub shows the second province another ledger from here on."""
    other = site.agent(hub, "other")
    file_records(agent, 2)
    size = split = len(leaves(hub))
    wait_heads(one, size)
    wait_heads(two, size)
    done = two.cli("compare", export(one, "before"))
    check("agrees" in done.stdout, "before: what the one was shown agrees with what the other is shown", done.stdout)
    two.stop()
    hub.stop()
    twin = twin_of(site, hub)
    move(two, hub, twin, "hubs/1.zpl")
    move(other, hub, twin, "hub.zpl")
    hub.start()
    twin.start()
    two.start()
    file_records(agent, 2)
    file_records(other, 5)
    wait_heads(one, len(leaves(hub)))
    wait_heads(two, len(leaves(twin)))
    for _ in range(3):
        file_records(agent, 1)
        while (lack := len(leaves(hub)) - len(leaves(twin))) != 0:
            file_records(other if lack > 0 else agent, 1)
        wait_heads(one, len(leaves(hub)))
        wait_heads(two, len(leaves(twin)))
    sizes = {row["size"] for row in heads_of(one)[0]} & {row["size"] for row in heads_of(two)[0]}
    require(len([size for size in sizes if size > split]) >= 3, "both have seen several sizes since", sizes)
    check(one.cli("status").returncode == 0 and two.cli("status").returncode == 0,
          "a hub that shows two provinces different ledgers: neither sees it alone")
    done = two.cli("compare", export(one, "one"), ok=False)
    check([row["what"] for row in standing(two)].count("fork") == 1 and "contradict in the same way" in done.stdout,
          "the fork is one alarm, of however many sizes both have seen", done.stdout)
    check(done.returncode == 1 and "LEDGER ALARM" in done.stdout and "one.json" in done.stdout,
          "compared with what the other was shown: a fork, named with both heads", done.stdout + done.stderr)
    alarm = standing(two)[-1]
    roots = {unpack(row).root for row in heads_of(one)[0]}
    tree = leaves(twin)
    require(unpack(alarm, "known_head").root in roots and unpack(alarm).root == ledger.root(tree[:alarm["size"]]),
            "the one head is what the other province was shown, the other what this one is shown")
    require(two.cli("status", ok=False).returncode == 1, "it stands in status too")
    done = one.cli("compare", export(two, "two"), ok=False)
    check(done.returncode == 1 and "LEDGER ALARM" in done.stdout, "and the other way round")
    clear(one)
    return other


def test_hidden(site, hub, agent, one):
    """Another province was shown the hub's ledger, then told of a backup put back, and from there shown a fork, smaller still
    than what it had known: of its list the fork is asked for although the larger heads lead to the ledger shown here."""
    for count in (1, 4, 2, 2):
        file_records(agent, count)
        wait_heads(one, len(leaves(hub)))
    rows = sorted(heads_of(one)[0], key=lambda row: row["size"])
    first, largest, tree = rows[0], rows[-1], leaves(hub)

    def show(size, root, line):
        head = unpack(first)._replace(size=size, root=root)
        signed = signed_by(f"{hub.home}/identity.zpl", ledger.pack_head(head), head.at)
        return {**first, **signed, "size": size, "line": line}
    put_back = show(first["size"], ledger.root(tree[:first["size"]]), 1)
    forked = [show(size, bytes(31) + bytes([size % 256]), 1) for size in range(first["size"] + 1, largest["size"] - 2)
              if size not in {row["size"] for row in rows}]
    alarm = {**put_back, "what": "rollback", "line": None,
             **{f"known_{key}": largest[key] for key in ("head", "signature", "hub_key")}}
    path = f"{site.folder}/other.json"
    with open(path, "w") as file:
        json.dump([alarm, *reversed(forked), put_back, *reversed(rows)], file)
    done = one.cli("compare", path, ok=False)
    check(done.returncode == 1 and standing(one)[0]["known_head"] in {row["head"] for row in forked},
          "a fork shown to another province behind an alarm that it has cleared is found in its list", done.stdout + done.stderr)
    with open(path, "w") as file:
        json.dump(rows, file)
    done = one.cli("compare", path)
    check(done.stdout.count("agrees") == 1, "of one line the largest head stands for all", done.stdout)


def receipt_file(site, agent):
    """Of a record that the agent has just filed."""
    done = agent.submit(review())
    agent.sync()
    path = f"{site.folder}/receipt.json"
    with open(path, "w") as file:
        file.write(agent.cli("receipt", done[0], "--json").stdout)
    return path


def head_in(path):
    with open(path) as file:
        return ledger.unpack_head(bytes.fromhex(json.load(file)["receipt"]["head"]))


def test_many_receipts(site, agent, other, two):
    """One file with the receipts of both: what one was shown is not hidden by a later honest one."""
    seen = {row["size"] for row in heads_of(two)[0]}
    strange = receipt_file(site, agent)
    while (head := head_in(strange)).size in seen:
        strange = receipt_file(site, agent)
    with open(strange) as file:
        text = file.read()
    file_records(other, head.size)
    path = receipt_file(site, other)
    require(head_in(path).size > head.size, "the honest one is the larger")
    with open(path, "a") as file:
        file.write(text)
    done = two.cli("compare", path, ok=False)
    check(done.returncode == 1 and any(unpack(row, "known_head") == head for row in standing(two)) and
          f"ledger of {head.size} records: The ledger does not go on" in done.stdout and "agrees" in done.stdout,
          "of many receipts in one file each is looked at", done.stdout + done.stderr)


def test_receipts(site, agent, other, two):
    """What an institution was shown: its receipts and its evidence."""
    path = receipt_file(site, agent)
    seen = two.cli("compare", path, ok=False)
    check(seen.returncode == 1 and "LEDGER ALARM" in seen.stdout, "an institution's receipt is enough to find the fork", seen.stdout)
    with open(path) as file:
        text = file.read()
    test_many_receipts(site, agent, other, two)
    receipt = json.loads(text)["receipt"]
    with open(path, "w") as file:
        json.dump({"inclusion": {key: receipt[key] for key in ("head", "signature", "hub_key")}}, file)
    seen = two.cli("compare", path, ok=False)
    check(seen.returncode == 1 and "LEDGER ALARM" in seen.stdout, "and so is the head beside a duplicate's receipt", seen.stdout)
    with open(path, "w") as file:
        file.write(text.replace(receipt["signature"], "00" * 64))
    seen = two.cli("compare", path, ok=False)
    check(seen.returncode == 1 and "damaged" in seen.stdout and "hub 1" not in seen.stdout,
          "a head that the hub has not signed proves nothing", seen.stdout)
    for hostile in ("", "[", "[1]", '{"head": 7}', "[" * 3000, '{"head": "00", "signature": "", "hub_key": "zz", "algorithm": "x"}',
                    '{"a" "\x9b[2J"}'):
        with open(path, "w") as file:
            file.write(hostile)
        seen = two.cli("compare", path, ok=False)
        require(seen.returncode == 1 and "\x9b" not in seen.stderr, "no file of heads", hostile[:20])


def test(site):
    hub = site.hub()
    agent = site.agent(hub)
    one, two = follow(site, hub, "one"), follow(site, hub, "two")
    test_growth(hub, agent, one)
    other = test_split(site, hub, agent, one, two)
    test_receipts(site, agent, other, two)
    two.stop()
    test_rollback(hub, agent, one, f"{site.folder}/backup")
    test_changed(hub, agent, one)
    test_deleted(hub, agent, one)
    test_other_store(site, hub, agent, one)
    test_hidden(site, hub, agent, follow(site, hub, "three"))


if __name__ == "__main__":
    main(test)
