"""Attachments at the agent, against a hub that says and does what a hub may (fake_hub.py): records wait for their files
and no others do, uploads go on where they were, refusals name the file and what to do, contents come back."""
import hashlib, http.client

from fake_hub import FakeHub
from harness import Agent, Proxy, check, free_port, in_time, json, main, os, review, shutil, time, wait_until, warning

MIB = 1 << 20


def pdf(folder, name, size):
    """A file that begins as a PDF; its SHA-256."""
    data = (b"%PDF-1.7\n" + os.urandom(size))[:size]
    with open(f"{folder}/{name}", "wb") as file:
        file.write(data)
    return hashlib.sha256(data).digest()


def with_file(*names, **changes):
    return review(attachments=[{"file": name, "role": "opinion"} for name in names], **changes)


def join(site, hub, home, port=None, **settings):
    agent = Agent(site, home)
    site.programs.append(agent)
    agent.join(hub.link(port))
    with open(f"{agent.home}/agent.zpl", "w") as file:
        file.writelines(f"{key} = {value}\n" for key, value in {"retry_ms": 300, **settings}.items())
    return agent


def came(hub, name):
    return [record for record in hub.came if name in [entry["sha256"] for entry in record.get("attachments", ())]]


def check_order(site, hub, agent):
    big = pdf(site.folder, "审查意见.pdf", 3 * MIB + 17)
    hub.pause = 0.02
    first, = agent.submit(with_file("审查意见.pdf"))
    shutil.move(f"{site.folder}/审查意见.pdf", f"{site.folder}/elsewhere.pdf")
    agent.submit(review(), warning())
    agent.start()
    wait_until(lambda: len(hub.records) == 3, what="three records at the hub")
    hub.pause = 0
    order = ["attachments" in record for record in hub.came]
    check(order == [False, False, True], "records without attachments go while one is uploaded, the other after it", order)
    check(hub.blobs[big] == open(f"{site.folder}/elsewhere.pdf", "rb").read(), "the content at the hub is the file's")
    entry = came(hub, big)[0]["attachments"][0]
    check(entry == {"role": "opinion", "name": "审查意见.pdf", "sha256": big, "media_type": "application/pdf",
                    "size": 3 * MIB + 17}, "the record names hash, name, type, size and role, and no file", entry)
    shutil.copy(f"{site.folder}/elsewhere.pdf", f"{site.folder}/again.pdf")
    offers = len(hub.offers)
    agent.submit(with_file("again.pdf"))
    wait_until(lambda: len(hub.records) == 4, what="the fourth record")
    check(len(hub.offers) == offers, "the same content is not offered again")
    return first, big


def check_quota(site, hub, agent):
    pdf(site.folder, "large.pdf", 2 * MIB)
    hub.quota = MIB
    waits, = agent.submit(with_file("large.pdf"))
    agent.submit(review())
    wait_until(lambda: agent.cli_json("status")["attachments"]["refused"] == 1, what="the refusal in status")
    text = agent.cli("status").stdout
    check("large.pdf" in text and "quota_exceeded" in text and "attachment retry" in text,
          "status names the file, the code and what to do", text)
    row = next(row for row in agent.records() if row["id"] == waits)
    check(row["state"] == "accepted" and "quota_exceeded" in row["faults"], "so does the listing", row)
    before = time.monotonic()
    done = agent.sync(30, ok=False)
    check(done.returncode == 1 and "large.pdf" in done.stderr and in_time(before, 10),
          "sync does not wait for what only a person can change", done.stderr)
    agent.stop()
    done = agent.sync(30, ok=False)
    check(done.returncode == 1 and "large.pdf" in done.stderr, "nor does one with a session of its own", done.stderr)
    agent.start()
    check_given_up(site, hub, agent)
    hub.quota = None
    agent.cli("attachment", "retry")
    wait_until(lambda: waits in [str_id(key) for key in hub.records], what="the record after the quota was raised")
    check(agent.cli_json("status")["attachments"]["refused"] == 0, "after retry it goes up, and the record after it")


def check_given_up(site, hub, agent):
    """Two more that the quota keeps here: one is replaced without its file, one is discarded."""
    files = [pdf(site.folder, name, 2 * MIB) for name in ("replaced.pdf", "dropped.pdf")]
    replaced, dropped = agent.submit(with_file("replaced.pdf"), with_file("dropped.pdf"))
    wait_until(lambda: agent.cli_json("status")["attachments"]["refused"] == 3, what="both refusals")
    text = agent.cli("status").stdout
    check("--corrects ID" in text and "discard ID" in text, "status says how to get out", text)
    ready, = agent.submit(review(), options=("--corrects", replaced))
    agent.cli("discard", dropped, "--yes")
    wait_until(lambda: ready in [str_id(key) for key in hub.records], what="the record in its place")
    rows = {row["id"]: row for row in agent.records()}
    check(rows[replaced]["state"] == "corrected" and rows[dropped]["state"] == "discarded"
          and all("quota_exceeded" in rows[key]["faults"] for key in (replaced, dropped)),
          "both stand in the list with what became of them and why", (rows[replaced], rows[dropped]))
    check(agent.cli_json("status")["attachments"]["refused"] == 1, "and are in nobody's way")
    done = agent.cli("discard", ready, "--yes", ok=False)
    check(done.returncode == 1, "what may still arrive cannot be discarded", done.stdout)
    agent.cli("attachment", "retry")
    check(not set(files) & set(hub.blobs), "their files are not uploaded")


def str_id(key):
    return f"{key.hex()[:8]}-{key.hex()[8:12]}-{key.hex()[12:16]}-{key.hex()[16:20]}-{key.hex()[20:]}"


def check_later(site, hub, agent):
    name = pdf(site.folder, "later.pdf", 300_000)
    hub.answers = ["busy", "disk_full", "bad_offset", "store_failed"]
    agent.submit(with_file("later.pdf"))
    wait_until(lambda: came(hub, name), what="the record after four refusals that pass")
    check(name in hub.blobs, "what is refused for a while is offered again")
    count = len(hub.records)
    del hub.blobs[name]
    shutil.copy(f"{site.folder}/later.pdf", f"{site.folder}/same.pdf")
    agent.submit(with_file("same.pdf"))
    wait_until(lambda: len(hub.records) > count, what="the record after the hub lost the content")
    check(name in hub.blobs and "blob-missing" in agent.log(), "where the hub has lost one, it is uploaded again")


def check_interrupted(site, hub, agent):
    name = pdf(site.folder, "long.pdf", 8 * MIB)
    hub.pause = 0.05
    agent.submit(with_file("long.pdf"))
    wait_until(lambda: len(hub.parts.get(name, b"")) > 2 * MIB, what="two MiB at the hub")
    agent.kill()
    had = len(hub.parts[name])
    agent.start()
    wait_until(lambda: len(hub.parts[name]) > had + MIB, what="another MiB after the agent was killed")
    resumed = hub.offers[-1][3]
    check(resumed >= had - 9 * 131072, "a killed agent goes on where the hub has it", (had, resumed))
    hub.forget()
    wait_until(lambda: name in hub.blobs, 60, what="the rest after the hub forgot the session")
    check(wait_until(lambda: came(hub, name)), "so it is with a hub that forgot the session")
    hub.pause = 0


def check_fetch(site, hub, agent, record, name):
    out, local = f"{site.folder}/back.pdf", f"{agent.home}/blobs/{name.hex()}"
    agent.cli("attachment", "get", record, "--out", out)
    check(hashlib.sha256(open(out, "rb").read()).digest() == name, "a copy that is here is written out")
    check(agent.cli("attachment", "get", record, "--out", out, ok=False).returncode == 1, "but never over another file")
    with open(local, "r+b") as file:
        file.write(b"damaged")
    os.unlink(out)
    agent.cli("attachment", "get", name.hex(), "--out", out)
    check(hashlib.sha256(open(out, "rb").read()).digest() == name, "a damaged copy is replaced by the hub's")
    agent.stop()
    os.unlink(local)
    os.unlink(out)
    agent.cli("attachment", "get", name.hex(), "--out", out)
    check(hashlib.sha256(open(out, "rb").read()).digest() == name, "fetched back by a session of its own")
    agent.start()
    os.unlink(local)
    os.unlink(out)
    hub.lie = b"%PDF-1.7 not at all"
    done = agent.cli("attachment", "get", name.hex(), "--out", out, ok=False)
    check(done.returncode == 1 and "hash_mismatch" in done.stderr and not os.path.exists(local),
          "another content than asked for is not had", done.stderr)
    hub.lie = None
    done = agent.cli("attachment", "get", "ab" * 32, ok=False)
    check(done.returncode == 1 and "not_found" in done.stderr, "what the hub does not have is said so", done.stderr)
    agent.cli("attachment", "get", name.hex(), "--out", out)
    check(hashlib.sha256(open(out, "rb").read()).digest() == name, "asked again, it comes")


def check_missing_copy(site, hub, agent):
    name = pdf(site.folder, "lost.pdf", 200_000)
    agent.stop()
    waits, = agent.submit(with_file("lost.pdf"))
    os.unlink(f"{agent.home}/blobs/{name.hex()}")
    agent.start()
    wait_until(lambda: "file_missing" in agent.cli("status").stdout, what="the missing copy in status")
    check("attachment put" in agent.cli("status").stdout, "a copy that is gone is told, with what to do")
    agent.cli("attachment", "put", f"{site.folder}/lost.pdf")
    wait_until(lambda: came(hub, name), what="the record of the file that was put back")
    check(agent.cli("attachment", "put", "/etc/hostname", ok=False).returncode == 1, "another file is refused there")


def check_slow_line(site, hub):
    proxy = Proxy(site, hub.port)
    agent = join(site, hub, "slow", port=proxy.port)
    name = pdf(site.folder, "slow.pdf", 6 * MIB)
    proxy.delay = 0.4  # 64 KiB each: about 160 KiB/s
    agent.submit(with_file("slow.pdf"))
    agent.start()
    wait_until(lambda: len(hub.parts.get(name, b"")) > MIB, 60, what="a MiB over the slow line")
    overtaken_by = []  # so many bytes of the upload
    for _ in range(4):
        count = len(hub.came)
        agent.submit(warning())
        before = len(hub.parts[name])
        wait_until(lambda: len(hub.came) > count, what="the warning")
        overtaken_by.append(len(hub.parts.get(name, bytes(6 * MIB))) - before)
    check(max(overtaken_by) < MIB // 2, "a warning overtakes an upload on a slow line", overtaken_by)
    proxy.cut()
    proxy.delay = 0
    wait_until(lambda: name in hub.blobs, 30, what="the upload after the line was cut")
    check(came(hub, name) or wait_until(lambda: came(hub, name)), "and the upload goes on after a cut")
    agent.stop()


def check_old_hub(site):
    hub = FakeHub(site)
    hub.supports = False
    agent = join(site, hub, "old")
    pdf(site.folder, "old.pdf", 1000)
    agent.submit(with_file("old.pdf"), review())
    agent.start()
    wait_until(lambda: "unsupported" in agent.cli("status").stdout, what="unsupported in status")
    check(len(hub.records) == 1, "a hub without attachments gets the other records, and status says why one waits")
    hub.supports = True
    hub.forget()
    agent.submit(warning())
    wait_until(lambda: len(hub.records) == 3, what="the record after the hub's update")
    check(not hub.broken, "and gets it after its update", hub.broken)
    check(hub.told[0] == 2 and hub.told[-1] == 3, "each HELLO says how many numbers were given out by then", hub.told)
    agent.stop()


def check_watched(site, hub, agent, folder):
    name = pdf(f"{folder}/files", "opinion.pdf", 100_000)
    pdf(site.folder, "outside.pdf", 1000)
    os.symlink(f"{site.folder}/outside.pdf", f"{folder}/files/link.pdf")
    for number, path in enumerate(("files/opinion.pdf", "../outside.pdf", f"{site.folder}/outside.pdf", "files/link.pdf")):
        with open(f"{folder}/.record{number}", "w") as file:
            json.dump(with_file(path), file)
        os.rename(f"{folder}/.record{number}", f"{folder}/record{number}.json")
    wait_until(lambda: came(hub, name), what="the record of the watched folder")
    wait_until(lambda: len([entry for entry in os.listdir(f"{folder}/failed") if entry.endswith(".json")]) == 3,
               what="three refused records in failed/")
    text = open(f"{folder}/failed/record1.json.errors.txt").read()
    check("attachments[0].file" in text and "not_wanted" in text,
          "the watched folder takes files inside of it, and none over a full path, .. or a link", text)


def check_endpoint(site, hub, agent, folder):
    def post(path):
        call = http.client.HTTPConnection("127.0.0.1", agent.http_port, timeout=30)
        token = open(f"{agent.home}/http.token").read().strip()
        call.request("POST", "/v1/records", json.dumps(with_file(path)),
                     {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        answer = call.getresponse()
        return answer.status, json.loads(answer.read())

    name = pdf(folder, "by-http.pdf", 50_000)
    check(post("by-http.pdf")[0] == 201, "the endpoint takes files of its folder")
    wait_until(lambda: came(hub, name), what="the record of the endpoint")
    for path in ("/etc/hostname", "../outside.pdf", "drop/files/link.pdf"):
        status, answer = post(path)
        check(status == 422 and answer["faults"][0]["field"] == "attachments[0].file", f"but not {path}", answer)


def check_killed_submit(site, agent):
    """Whatever moment the power goes: an accepted record has its copy, sound and whole."""
    pdf(site.folder, "power.pdf", 20 * MIB)
    path = agent.file(with_file("power.pdf"))
    before = len(agent.records())
    for round in range(10):
        process = agent.start_command("submit", path)
        time.sleep(0.008 * round)
        process.kill()
        process.wait()
    accepted = len(agent.records()) - before
    names = [name for name in os.listdir(f"{agent.home}/blobs") if len(name) == 64]
    good = [hashlib.sha256(open(f"{agent.home}/blobs/{name}", "rb").read()).hexdigest() == name for name in names]
    known = {row["sha256"] for row in agent.cli_json("attachment", "list")}
    check(all(good) and known <= set(names), f"submit killed ten times ({accepted} accepted): every copy is whole")


def test_ways_in(site):
    hub = FakeHub(site)
    folder, port = f"{site.folder}/drop", free_port()
    os.makedirs(f"{folder}/files")
    agent = join(site, hub, "ways", watch_dir=folder, watch_settle_ms=200, attachments_dir=site.folder, http_port=port)
    agent.http_port = port
    agent.start(event="http-ready")
    check_watched(site, hub, agent, folder)
    check_endpoint(site, hub, agent, site.folder)
    agent.stop()
    check_killed_submit(site, agent)
    check(not hub.broken, "no chunk was out of turn", hub.broken)


def test(site):
    test_ways_in(site)
    hub = FakeHub(site)
    agent = join(site, hub, "agent")
    record, name = check_order(site, hub, agent)
    check_quota(site, hub, agent)
    check_later(site, hub, agent)
    check_interrupted(site, hub, agent)
    check_fetch(site, hub, agent, record, name)
    check_missing_copy(site, hub, agent)
    check(agent.stop() == 0, "the agent stops")
    check_slow_line(site, hub)
    check_old_hub(site)
    check(not hub.broken, "no chunk was out of turn, over the credit or too large", hub.broken)


main(test)
