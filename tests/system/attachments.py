"""Attachments from an institution's folder to the city and back, by the real programs: a long PDF and office files go up
while records flow, through kill -9 of both sides, a cut line and a restart, and come back as they were."""
import hashlib, os, subprocess, zipfile

from harness import PATIENCE, PROGRAMS, Proxy, check, main, require, review, shutil, signal, time, wait_until, warning

MIB = 1 << 20


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)
    return hashlib.sha256(data).hexdigest()


def office(path, part):
    """The smallest file that the format's reader knows as its own."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", "<Types/>")
        file.writestr(part, os.urandom(200_000).hex())
    return hashlib.sha256(open(path, "rb").read()).hexdigest()


def make_files(folder):
    return {"审查意见.pdf": write(f"{folder}/审查意见.pdf", b"%PDF-1.7\n" + os.urandom(20 * MIB)),
            "minutes.docx": office(f"{folder}/minutes.docx", "word/document.xml"),
            "risks.xlsx": office(f"{folder}/risks.xlsx", "xl/workbook.xml")}


def naming(*names, **changes):
    return review(attachments=[{"file": name, "role": "opinion"} for name in names], **changes)


def file_sum(path):
    return hashlib.sha256(open(path, "rb").read()).hexdigest()


def at_hub(site, hub, name):
    path = f"{site.folder}/at-hub-{os.urandom(4).hex()}"
    done = hub.cli("attachment", "get", name, "--out", path, ok=False)
    return file_sum(path) if done.returncode == 0 else done.stderr


def contents(hub):
    return sorted(name for name in os.listdir(f"{hub.home}/attachments") if len(name) == 64)


def fetch(site, agent, name):
    path = f"{site.folder}/back-{os.urandom(4).hex()}"
    done = agent.cli("attachment", "get", name, "-o", path, ok=False)
    return file_sum(path) if done.returncode == 0 else done.stderr


def flow(hub, agent, proxy, more):
    """Bytes go up, and meanwhile a record and a warning come to the hub at once."""
    until = proxy.passed[0] + more
    ids = agent.submit(review(), warning())
    wait_until(lambda: set(ids) <= set(hub.ids()), 10, what="records beside the upload")
    wait_until(lambda: proxy.passed[0] >= until, 30, what="more of the upload")
    return ids


def check_interrupted(site, hub, agent, proxy, files):
    proxy.delay = 0.015 * PATIENCE  # so slow that the upload goes on through all that follows
    ids = agent.submit(naming("审查意见.pdf"), naming("minutes.docx", "risks.xlsx"))
    amendment, = agent.submit(review(replaces=ids[0], reason="更正表决票数"))
    agent.start()
    plain = flow(hub, agent, proxy, 5 * MIB)
    agent.kill()
    agent.start()
    plain += flow(hub, agent, proxy, 4 * MIB)
    hub.kill()
    time.sleep(0.5)
    hub.start()
    plain += flow(hub, agent, proxy, 3 * MIB)
    proxy.cut()
    plain += flow(hub, agent, proxy, MIB)
    check(not set(ids + [amendment]) & set(hub.ids()), "records flow beside the upload; those with attachments wait")
    hub.stop()
    require(agent.stop() == 0, "the agent stops in the middle of an upload")
    hub.start()
    agent.start()
    proxy.delay = 0
    wait_until(lambda: set(ids + [amendment]) <= set(hub.ids()), 60, what="the records with attachments")
    check(sorted(hub.ids()) == sorted(plain + ids + [amendment]), "after kill -9 of both, a cut and a restart all are there, once",
          len(hub.ids()))
    sent = proxy.passed[0] / MIB
    check(sent < 20 + 8 + 6, "what the hub had was not sent again, but for what a kill takes", sent)
    for name, known in files.items():
        check(at_hub(site, hub, known) == known, f"{name} at the hub is the file")
    return ids


def check_back(site, agent, files):
    for known in files.values():
        os.unlink(f"{agent.home}/blobs/{known}")
    check(all(fetch(site, agent, known) == known for known in files.values()), "fetched back through the running session")
    agent.stop()
    known = files["审查意见.pdf"]
    os.unlink(f"{agent.home}/blobs/{known}")
    check(fetch(site, agent, known) == known, "and by a session of its own")


def check_other(site, hub, files):
    """Another institution with one of the same files."""
    other = site.agent(hub, "other")
    with open(f"{other.home}/agent.zpl", "w") as file:
        file.write("retry_ms = 300\n")
    before = contents(hub)
    other.submit(naming("minutes.docx"))
    other.sync()
    check(contents(hub) == before, "the same content of two institutions stands once at the hub")
    os.unlink(f"{other.home}/blobs/{files['minutes.docx']}")
    check(fetch(site, other, files["minutes.docx"]) == files["minutes.docx"], "and either may have it back")
    check("not_found" in fetch(site, other, files["审查意见.pdf"]), "but none has what it did not upload")
    write(f"{site.folder}/not.pdf", b"MZ and so on")
    done = other.cli("submit", other.file(naming("not.pdf")), ok=False)
    check(done.returncode == 1 and "attachments[0].file" in done.stderr and "bad_media_type" in done.stderr,
          "a content of no type that is taken is refused at once", done.stderr)
    check_quota(site, hub, other)


def check_quota(site, hub, agent):
    known = write(f"{site.folder}/third.pdf", b"%PDF-1.4\n" + os.urandom(2 * MIB))
    hub.configure(blob_quota_mib=1)
    hub.process.send_signal(signal.SIGHUP)
    hub.wait_log("reloaded")
    waits, = agent.submit(naming("third.pdf"))
    free, = agent.submit(review())
    done = agent.sync(ok=False)
    check(done.returncode == 1 and "third.pdf" in done.stderr and "quota_exceeded" in done.stderr,
          "over the quota: the file, the code and what to do are told", done.stderr)
    check(free in hub.ids() and waits not in hub.ids(), "other records are not held up by it")
    hub.configure(blob_quota_mib=1024)
    hub.process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    agent.cli("attachment", "retry")
    agent.sync()
    check(waits in hub.ids() and at_hub(site, hub, known) == known, "and with more room it goes up")


def check_restored(site, hub, agent, files, ids):
    """The hub is put back from a backup of before it had any of them: the agent heals it."""
    hub.stop()
    shutil.rmtree(hub.home)
    os.rename(f"{hub.home}.backup", hub.home)
    hub.start()
    require(not hub.ids(), "the backup is empty")
    agent.sync(60)
    check(set(ids) <= set(hub.ids()) and all(at_hub(site, hub, known) == known for known in files.values()),
          "a hub that was put back from an older backup gets records and attachments again")


def check_overtaken(site, hub):
    """The backup holds the later record and not the earlier one, which had waited for its attachment."""
    agent = site.agent(hub, "overtaken")
    hub.configure(blob_quota_mib=1)
    hub.process.send_signal(signal.SIGHUP)
    hub.wait_log("reloaded")
    large = write(f"{site.folder}/large.pdf", b"%PDF-1.4\n" + os.urandom(2 * MIB))
    early, = agent.submit(naming("large.pdf"))
    late, = agent.submit(review())
    agent.sync(ok=False)
    require(late in hub.ids() and early not in hub.ids(), "the later record is there first")
    hub.stop()
    shutil.rmtree(f"{hub.home}.backup", ignore_errors=True)
    shutil.copytree(hub.home, f"{hub.home}.backup", ignore=shutil.ignore_patterns("*.sock"))
    hub.configure(blob_quota_mib=1024)
    hub.start()
    agent.cli("attachment", "retry")
    agent.sync()
    require(early in hub.ids(), "and then the earlier one")
    hub.stop()
    shutil.rmtree(hub.home)
    os.rename(f"{hub.home}.backup", hub.home)
    hub.configure(blob_quota_mib=1024)
    hub.start()
    require(early not in hub.ids(), "the backup lacks it")
    agent.sync(60)
    check(early in hub.ids() and hub.ids().count(late) == 1,
          "a hub that was put back and has the highest number gets again what it has lost, since its ledger does not go on")
    check_unreadable(site, hub, agent, large)


def check_unreadable(site, hub, agent, name):
    """The hub cannot read what is wanted back."""
    os.unlink(f"{hub.home}/attachments/{name}")
    os.unlink(f"{agent.home}/blobs/{name}")
    agent.start(event="link-ready")
    asking = subprocess.Popen([*PROGRAMS["agent"], "attachment", "get", name, "--home", agent.home, "-o", f"{site.folder}/back"],
                              stderr=subprocess.DEVNULL, env=agent.environment())
    agent.wait_log("blob-put-off")
    write(f"{site.folder}/more.pdf", b"%PDF-1.4\n" + os.urandom(MIB))
    record, = agent.submit(naming("more.pdf"))
    wait_until(lambda: record in hub.ids(), 15, what="the upload beside it")
    check(True, "one that cannot be had back holds no upload up")
    require(agent.stop() == 0, "the agent stops")
    asking.kill()
    asking.wait()


def test(site):
    hub = site.hub(min_free_mb=0)
    proxy = Proxy(site, hub.port)
    files = make_files(site.folder)
    link = proxy.through(hub.add_entity(site.uscc()), hub.port)
    agent = site.agent(hub, link=link)
    hub.stop()
    shutil.copytree(hub.home, f"{hub.home}.backup", ignore=shutil.ignore_patterns("*.sock"))
    hub.start()
    ids = check_interrupted(site, hub, agent, proxy, files)
    check_back(site, agent, files)
    check_other(site, hub, files)
    check_restored(site, hub, agent, files, ids)
    check_overtaken(site, hub)


main(test)
