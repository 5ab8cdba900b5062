"""The watched folder: whole files only, each once, with its faults beside it where it is refused."""
import ctypes, errno, json, stat

import openpyxl

from harness import check, main, os, require, review, shutil, time, wait_until, warning


LIBC = ctypes.CDLL(None, use_errno=True)
HERE, NOREPLACE, EXCHANGE = -100, 1, 2


def renamed(source, target, flags):
    if LIBC.renameat2(HERE, source.encode(), HERE, target.encode(), flags) == 0:
        return True
    require(ctypes.get_errno() in (errno.EEXIST, errno.ENOENT), os.strerror(ctypes.get_errno()))
    return False


class Folder:
    def __init__(self, site, agent, mode=0o750):
        self.path = f"{site.folder}/drop"
        os.mkdir(self.path)
        os.chmod(self.path, mode)
        with open(f"{agent.home}/agent.zpl", "a") as file:
            file.write(f"watch_dir = {self.path}\nwatch_settle_ms = 300\nretry_ms = 300\n")

    def write(self, name, *records):
        with open(f"{self.path}/{name}", "w") as file:
            file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)

    def rename_in(self, name, *records):
        self.write(f".{name}", *records)
        os.rename(f"{self.path}/.{name}", f"{self.path}/{name}")

    def save(self, name, record):
        """Saves over what has the name; returns that, if there is any."""
        self.write(f".{name}", record)
        hidden, shown = f"{self.path}/.{name}", f"{self.path}/{name}"
        while not renamed(hidden, shown, NOREPLACE):
            if renamed(hidden, shown, EXCHANGE):
                with open(hidden) as file:
                    return json.load(file)
        return None

    def names(self, part="."):
        return sorted(name for name in os.listdir(f"{self.path}/{part}") if name not in ("done", "failed"))

    def read(self, part, name):
        return open(f"{self.path}/{part}/{name}").read()

    def wait(self, part, name):
        wait_until(lambda: name in self.names(part), 20, what=f"{name} in {part}/, which holds {self.names(part)}")


def check_taking(folder, agent):
    folder.rename_in("one.json", review())
    folder.wait("done", "one.json")
    check(len(agent.records()) == 1, "a file that is renamed in is accepted and moved")
    folder.write("two.jsonl", warning(), review())
    folder.wait("done", "two.jsonl")
    check(len(agent.records()) == 3, "so is one that is written in place, once it has settled")
    os.mkdir(f"{folder.path}/subfolder")
    os.symlink("/etc/hostname", f"{folder.path}/link.json")
    for name in (".hidden.json", "copy.json.part", "copy.tmp", "~lock.json", "note.json~"):
        folder.write(name, review())
    time.sleep(1.5)
    check(len(agent.records()) == 3 and len(folder.names()) == 7 and "watch-later" not in agent.log(), "temporary names, folders and links are left alone",
          folder.names())


def check_slow(folder, agent):
    text = json.dumps(review(), ensure_ascii=False).encode()
    with open(f"{folder.path}/slow.json", "wb", buffering=0) as file:
        file.write(text[:100])
        time.sleep(0.6)
        folder.rename_in("meanwhile.json", review())  # so that the folder is looked at
        folder.wait("done", "meanwhile.json")
        time.sleep(0.6)
        check("slow.json" in folder.names(), "a file that is still open for writing is not taken, however long it rests")
        file.write(text[100:])
    folder.wait("done", "slow.json")
    check(len(agent.records()) == 5, "but when it is closed")


def check_refusing(folder, agent):
    folder.rename_in("bad.jsonl", review(), warning(level=9, headline="x"), review())
    folder.wait("failed", "bad.jsonl")
    errors = folder.read("failed", "bad.jsonl.errors.txt")
    check(all(word in errors for word in ("line 2", "第 2 行", "level", "headline", "out_of_range", "too_short")),
          "the faults stand beside it: line, field and reason, in both languages", errors)
    check(len(agent.records()) == 5, "and nothing of it was stored")
    folder.rename_in("bad.jsonl", warning(level=8))
    folder.wait("failed", "bad-2.jsonl")
    check("level" in folder.read("failed", "bad-2.jsonl.errors.txt") and "line 2" in folder.read(
        "failed", "bad.jsonl.errors.txt"), "a second one of this name keeps the first")
    folder.rename_in("empty.json")
    folder.wait("failed", "empty.json")
    check(folder.read("failed", "empty.json.errors.txt"), "an empty file is refused too")
    mode = stat.S_IMODE(os.stat(f"{folder.path}/failed/bad.jsonl.errors.txt").st_mode)
    inner = stat.S_IMODE(os.stat(f"{folder.path}/failed").st_mode)
    check(mode == 0o640 and inner == 0o750, "whoever may read the folder may read why", (oct(mode), oct(inner)))


def check_sheet(folder):
    book = openpyxl.Workbook()
    book.active.title = "风险预警"
    for row in (["headline", "level", "status"], ["某某风险", 9, "actual"]):
        book.active.append(row)
    book.save(f"{folder.path}/.bad.xlsx")
    os.rename(f"{folder.path}/.bad.xlsx", f"{folder.path}/bad.xlsx")
    folder.wait("failed", "bad.xlsx")
    errors = folder.read("failed", "bad.xlsx.errors.txt")
    check("sheet 风险预警, line 2, B2 level" in errors and "工作表 风险预警，第 2 行，B2 level" in errors,
          "of a workbook the sheet is named, too", errors)


def check_again(folder, agent):
    shutil.copy2(f"{folder.path}/done/two.jsonl", f"{folder.path}/copy.jsonl")
    folder.wait("done", "copy.jsonl")
    check(len(agent.records()) == 5, "the same bytes are not filed twice")
    check("two.jsonl" in folder.read("done", "copy.jsonl.already.txt"), "and the note says as what they were filed")


def check_crash(folder, agent):
    """Killed between accepting and moving, and anywhere else."""
    known = len(agent.records())
    total = 0
    for turn in range(6):
        start = len(agent.records())
        for number in range(20):
            folder.rename_in(f"crash-{turn}-{number}.jsonl", warning(headline=f"第 {turn} 轮第 {number} 件"), warning(level=4))
            total += 2
        wait_until(lambda: len(agent.records()) > start + 3 * turn, 30, 0.001, "some are accepted")
        agent.kill()
        left = len(folder.names())
        agent.start()
        print(f"    {left} names in the folder when it was killed")
    wait_until(lambda: not [name for name in folder.names() if name.startswith("crash")], 60, what="all are moved")
    check(len(agent.records()) == known + total, "kill -9 six times: each file accepted once",
          (len(agent.records()), known, total))


def check_saved_over(folder, agent):
    """The same name again and again, also while what had it is being filed: only what was overwritten may be missing."""
    known = len(agent.records())
    saved = [f"第 {number} 次导出" for number in range(300)]
    overwritten = set()
    for number, headline in enumerate(saved):
        older = folder.save("export.json", warning(headline=headline))
        overwritten |= {older["headline"]} if older else set()
        time.sleep(0.001 * (number % 8))
    wait_until(lambda: not [name for name in folder.names() if name.startswith("export")], 30, what="all are moved")
    filed = [row["title"] for row in agent.records()[known:]]
    lost = [headline for headline in saved if headline not in filed and headline not in overwritten]
    check(not lost and len(filed) == len(set(filed)) and saved[-1] in filed,
          f"of {len(saved)} exports under one name {len(filed)} are filed, each once, and none is lost", lost)
    check(not [name for name in folder.names("failed") if name.startswith("export")], "and none is taken for broken")


def check_written_over(folder, agent):
    """In place, while what was there is being filed: the agent has moved it away and back, which does not make it whole."""
    journal = f"{agent.home}/spool.db-journal"
    for turn in range(8):
        folder.rename_in("over.json", warning(headline=f"第 {turn} 次之前"))
        wait_until(lambda: os.stat(journal).st_size > 0 or "over.json" not in folder.names(), 20, 0, "it is being stored")
        time.sleep(0.0005 * turn)  # the last look at it is before the commit
        text = json.dumps(warning(headline=f"第 {turn} 次之后"), ensure_ascii=False).encode()
        with open(f"{folder.path}/over.json", "wb", buffering=0) as file:
            file.write(text[:100])
            time.sleep(0.1)
            file.write(text[100:])
        wait_until(lambda: agent.records()[-1]["title"] == f"第 {turn} 次之后", 20, 0.1, "the newer one is filed")
    check("over.json" not in folder.names("failed"), "half of a file that is put back is not taken")


def check_stuck(folder, agent):
    """What cannot be moved is not filed twice; the folder's own rights come back, and so does the agent."""
    if os.geteuid() == 0:
        shutil.rmtree(f"{folder.path}/done")
        open(f"{folder.path}/done", "w").close()
        known = len(agent.records())
        folder.rename_in("stuck.json", warning())
        wait_until(lambda: "watch-stuck" in agent.log(), 20, what="the log says that it cannot be moved")
        agent.kill()
        os.unlink(f"{folder.path}/done")
        agent.start()
        folder.wait("done", "stuck.json")
        check(len(agent.records()) == known + 1, "a file that cannot be moved is filed once, and moved when it can be")


def check_rewritten(folder, agent):
    """A file that was renamed in, stuck, and is then written anew in place is not whole before it is closed."""
    shutil.rmtree(f"{folder.path}/done")
    open(f"{folder.path}/done", "w").close()
    known, told = len(agent.records()), agent.log().count("watch-stuck")
    folder.rename_in("anew.json", warning())
    wait_until(lambda: agent.log().count("watch-stuck") > told, 20, what="it cannot be moved")
    os.unlink(f"{folder.path}/done")
    os.mkdir(f"{folder.path}/done")
    text = json.dumps(warning(headline="重新写入的文件"), ensure_ascii=False).encode()
    with open(f"{folder.path}/anew.json", "wb", buffering=0) as file:
        file.write(text[:100])
        time.sleep(1.5)
        check("anew.json" in folder.names() and "anew.json" not in folder.names("failed"), "half of it is not taken")
        file.write(text[100:])
    folder.wait("done", "anew.json")
    check(len(agent.records()) == known + 2, "but the whole")


def check_crowded(folder, agent):
    """More files than are kept in sight, none of which can be dealt with: what comes is taken all the same."""
    shutil.rmtree(f"{folder.path}/failed")
    open(f"{folder.path}/failed", "w").close()
    known = len(agent.records())
    for number in range(260):
        folder.rename_in(f"hopeless-{number}.json", {"number": number})
    wait_until(lambda: agent.log().count("watch-later") >= 1, 60, what="they cannot be refused")
    time.sleep(2)
    folder.rename_in("sound.json", warning())
    folder.wait("done", "sound.json")
    check(len(agent.records()) == known + 1, "260 files that wait hold up no other")
    os.unlink(f"{folder.path}/failed")
    os.mkdir(f"{folder.path}/failed")
    wait_until(lambda: not [name for name in folder.names() if name.startswith("hopeless")], 60, what="all are refused")
    check(len(folder.names("failed")) == 520, "and in the end each is refused with its reasons", len(folder.names("failed")))


def test(site):
    hub = site.hub()
    agent = site.agent(hub)
    folder = Folder(site, agent)
    folder.write("before.json", review())
    agent.start()
    folder.wait("done", "before.json")
    check(len(agent.records()) == 1, "what lay there before the start is taken")
    with open(f"{folder.path}/done/before.json") as file:
        require(json.load(file)["kind"] == "review_report", "moved as it was")
    check_all(site, hub, agent, folder)


def check_all(site, hub, agent, folder):
    rows = agent.records()
    require(len(rows) == 1, "one so far")
    base = agent.records
    agent.records = lambda *arguments: base(*arguments)[1:]  # without the one of before
    check_taking(folder, agent)
    check_slow(folder, agent)
    check_refusing(folder, agent)
    check_sheet(folder)
    check_again(folder, agent)
    check_crash(folder, agent)
    check_saved_over(folder, agent)
    check_written_over(folder, agent)
    check_stuck(folder, agent)
    check_rewritten(folder, agent)
    check_crowded(folder, agent)
    agent.records = base
    wait_until(lambda: len(hub.ids()) == len(agent.records()), 60, what="all are received")
    check(sorted(hub.ids()) == sorted(row["id"] for row in agent.records()), "the hub holds each once")
    check(agent.stop() == 0, "stops at once")
    for line, word in (("watch_dir = drop", "/"), (f"watch_dir = {agent.home}", "home"),
                       ("watch_dir = /nonexistent/agn", "/nonexistent")):
        with open(f"{agent.home}/agent.zpl", "w") as file:
            file.write(line + "\n")
        done = agent.cli("run", ok=False, timeout=10)
        check(done.returncode == 1 and word in done.stderr, f"`{line.split('/')[0]}…` stops the start", done.stderr)


main(test)
