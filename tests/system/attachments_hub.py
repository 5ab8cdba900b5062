"""Attachments at the hub (PROTOCOL.md §9), with the independent client: upload in parts, resumed after kill -9; what is
refused and why; records that wait for theirs; one content of two institutions; fetched back by its owner and by the
operator, by nobody else. SEED=n for the same instants again."""
import hashlib, io, os, random, signal, sqlite3, time, zipfile

import client
from client_attachments import CHUNK
from harness import check, id_of, item_of, main, require, review, wait_until, warning

PDF, PNG = "application/pdf", "image/png"
OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX, XLSX = OFFICE + "wordprocessingml.document", OFFICE + "spreadsheetml.sheet"
SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1, 10 ** 9)
ROUNDS = int(os.environ.get("ROUNDS", "3"))
chance = random.Random(SEED)


def pdf(size):
    return b"%PDF-1.7\n" + chance.randbytes(size - 9)


def office(part, *more):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("[Content_Types].xml", part, *more):
            archive.writestr(name, "<x/>")
    return file.getvalue()


def sha(content):
    return hashlib.sha256(content).digest()


def named(content, media_type=PDF, **changes):
    return {"sha256": sha(content).hex(), "name": "伦理审查意见.pdf", "media_type": media_type, "size": len(content),
            "role": "opinion", **changes}


def outcome(peer, *records):
    peer.submit([record if isinstance(record, bytes) else item_of(peer, record) for record in records])
    return peer.receipt()[0]


def done(peer, name):
    """The code of the next BLOB_DONE of the attachment."""
    while True:
        message = peer.receive(client.BLOB_DONE)
        if message[2] == name:
            return message[3]


def offer(peer, content, media_type=PDF, size=None, name=None):
    """The first WANT's (offset, credit), or the code of a DONE."""
    name = name or sha(content)
    peer.send(client.BLOB_OFFER, peer.session, name, len(content) if size is None else size, media_type)
    message = peer.receive(client.BLOB_WANT, client.BLOB_DONE)
    require(message[2] == name, "the answer is of this attachment", message[:3])
    return tuple(message[3:5]) if message[0] == client.BLOB_WANT else message[3]


def chunk(peer, content, at, size=CHUNK, name=None):
    peer.send(client.BLOB_CHUNK, peer.session, name or sha(content), at, content[at:at + size])


def refused(act):
    try:
        act()
    except LookupError as error:
        return error.args[0]
    return None


def contents(hub):
    return sorted(name for name in os.listdir(f"{hub.home}/attachments") if len(name) == 64)


def check_upload(hub, peer):
    check("blob" in peer.terms["capabilities"], "WELCOME lists the capability blob", peer.terms)
    content = pdf(3 * 1024 * 1024 + 17)
    named_early = item_of(peer, review(attachments=[named(content)]))
    (told,) = outcome(peer, named_early)
    check(told[0] == 3 and told[3] == "missing_blob" and told[4] > 0, "a record before its attachment: retry missing_blob", told)
    check(not hub.ids() and not hub.cli_json("query", "--refused"), "and nothing is recorded")
    free = outcome(peer, named_early, review(), review(round=0))
    check([result[0] for result in free] == [3, 0, 2], "the others of its batch are decided", free)
    peer.hello()
    check(peer.terms["received"] == 3, "what has no outcome is not counted as received, what has is", peer.terms["received"])
    check(peer.upload(content, PDF) == "kept", "an attachment of 3 MiB is kept")
    check(peer.upload(content, PDF) == "kept", "offered again: kept at once")
    (told,) = outcome(peer, named_early)
    check(told[0] == 0, "the same bytes of the record are stored now", told)
    for wrong, field in ((named(content, size=len(content) - 1), "size"), (named(content, media_type=PNG), "media_type")):
        results = [outcome(peer, item)[0] for item in [item_of(peer, warning(attachments=[named(content), wrong]))] * 2]
        check(results[0][0] == 2 and results[0][3][0][:2] == ["bad_value", f"attachments[1].{field}"]
              and results[0][:5] == results[1][:5], f"another {field}: rejected, and again the same", results)
    return content, id_of(named_early)


def check_types(peer):
    for media_type, content in ((DOCX, office("word/document.xml")), (XLSX, office("xl/workbook.xml")),
                                (PNG, b"\x89PNG\r\n\x1a\n" + bytes(9)), ("application/ofd", office("OFD.xml"))):
        check(peer.upload(content, media_type) == "kept", f"{media_type} is kept")
    for media_type, content, code in ((XLSX, office("word/document.xml", "a"), "type_mismatch"),
                                      (DOCX, office("word/document.xml", "word/vbaProject.bin"), "type_mismatch"),
                                      (PDF, b"MZ" + bytes(100), "type_mismatch"),
                                      ("application/x-msdownload", b"MZ" + bytes(101), "bad_media_type")):
        check(peer.upload(content, media_type) == code, f"{code}: {media_type} that is none", media_type)
    content = pdf(200_000)
    check(offer(peer, content)[0] == 0, "wanted from the beginning")
    chunk(peer, content, 0)
    chunk(peer, content[:-1] + bytes([content[-1] ^ 1]), CHUNK, name=sha(content))
    check(done(peer, sha(content)) == "hash_mismatch", "one bit is wrong: hash_mismatch")
    check(offer(peer, content) == (0, 8), "and all of it was thrown away")
    check(peer.upload(content, PDF) == "kept", "the right bytes are kept")


def check_turns(peer):
    content = pdf(20 * CHUNK)
    chunk(peer, content, 0)
    check(done(peer, sha(content)) == "bad_offset", "a chunk without an offer: bad_offset")
    require(offer(peer, content) == (0, 8), "wanted")
    chunk(peer, content, 5)
    check(done(peer, sha(content)) == "bad_offset", "a chunk from another place: bad_offset")
    require(offer(peer, content) == (0, 8), "wanted again")
    for at in range(3):
        chunk(peer, content, at * CHUNK)
    offset, _ = offer(peer, content)
    check(offset == 3 * CHUNK, "an offer in between keeps what has come", offset)
    for at in range(3, 7):
        chunk(peer, content, at * CHUNK)
    message = peer.receive(client.BLOB_WANT)
    check(message[3:5] == [7 * CHUNK, 8], "half the credit used: WANT with what was taken", message[3:5])
    large = pdf(200 * CHUNK)
    require(offer(peer, large) == (0, 8), "wanted")
    for at in range(200):
        chunk(peer, large, at * CHUNK)
    code = done(peer, sha(large))
    check(code in ("busy", "kept"), "who sends on regardless of the credit is told busy, or was worked off in time", code)
    peer.hello()
    small = pdf(100)
    require(offer(peer, small) == (0, 8), "wanted")
    peer.send(client.BLOB_CHUNK, peer.session, sha(small), 0, small + b"x")
    check(done(peer, sha(small)) == "bad_offset", "beyond the size: bad_offset")
    check(peer.upload(content, PDF) == "kept" and peer.upload(small, PDF) == "kept", "and both are kept when sent in turn")
    for bad in ([client.BLOB_OFFER, peer.session, sha(content), 64 * 1024 * 1024 + 1, PDF],
                [client.BLOB_CHUNK, peer.session, sha(content), 0, bytes(CHUNK + 1)],
                [client.BLOB_DONE, peer.session, sha(content), "kept"]):
        peer.send(*bad)
        try:
            peer.receive(client.BLOB_WANT, client.BLOB_DONE)
            code = None
        except client.Refused as error:
            code = error.args[0]
        check(code == "malformed", f"message {bad[0]} beyond its limits or of the other side: malformed", code)


def check_largest(hub, peer):
    content = pdf(64 * 1024 * 1024)
    started = time.monotonic()
    check(peer.upload(content, PDF, timeout=60) == "kept", "64 MiB are kept")
    print(f"    {time.monotonic() - started:.1f} s up", flush=True)
    started = time.monotonic()
    check(peer.fetch(sha(content), timeout=60) == content, "and fetched back by the owner")
    print(f"    {time.monotonic() - started:.1f} s down", flush=True)
    return content


def check_owners(site, hub, peer, content):
    other = site.peer(hub, "other")
    other.hello()
    before = contents(hub)
    check(refused(lambda: other.fetch(sha(content))) == "not_found", "another institution may not fetch it")
    check(outcome(other, review(attachments=[named(content)]))[0][3] == "missing_blob", "nor name it")
    check(offer(other, content) == (0, 8), "and is not told that it is there")
    require(other.upload(content, PDF) == "kept", "uploaded by the second too")
    check(contents(hub) == before, "the content lies on the disk once", contents(hub))
    check(other.fetch(sha(content)) == content and outcome(other, review(attachments=[named(content)]))[0][0] == 0,
          "then it may do both")
    rows = hub.cli_json("attachment", "list")
    check(len([row for row in rows if row["sha256"] == sha(content).hex()]) == 2, "the operator sees both owners", rows)
    peer.send(client.BLOB_WANT, peer.session, sha(content), len(content), 1)
    check(done(peer, sha(content)) == "kept", "wanted from its end on: kept, without a chunk")
    peer.send(client.BLOB_WANT, peer.session, sha(content), len(content) + 1, 1)
    check(done(peer, sha(content)) == "bad_offset", "wanted from beyond its end: bad_offset")
    peer.send(client.BLOB_WANT, peer.session, sha(content), 0, 512)
    got = [peer.receive(client.BLOB_CHUNK)[3] for _ in range(8)]
    check(got == [CHUNK * at for at in range(8)], "no more than 8 chunks to a WANT", got)
    check(peer.ping(5), "and the session serves on")
    for _ in range(40):
        other.send(client.BLOB_WANT, other.session, sha(content), 0, 8)
    codes = [other.receive(client.BLOB_DONE)[3] for _ in range(10)]
    check(set(codes) == {"busy"}, "who wants more than it reads is told busy", codes)
    other.hello()
    check(other.fetch(sha(content)) == content, "and is served in its next session")
    other.close()


def check_quota(site, hub):
    small = site.peer(hub, "small")
    small.hello()
    hub.configure(blob_quota_mib=1)
    hub.process.send_signal(signal.SIGHUP)
    hub.wait_log("reloaded")
    wait_until(lambda: offer(small, pdf(1024 * 1024 + 1)) == "quota_exceeded", what="the quota is reloaded")
    check(True, "more than the quota: quota_exceeded")
    first, second = pdf(512 * 1024), pdf(512 * 1024 - 4095)
    check(offer(small, first) == (0, 8), "half of it is wanted")
    check(offer(small, pdf(512 * 1024 + 1)) == "quota_exceeded", "what has begun counts")
    check(small.upload(first, PDF) == "kept" and small.upload(second, PDF) == "kept", "up to the last 4,096 bytes it fits")
    check(offer(small, pdf(10)) == "quota_exceeded", "and not a byte more")
    check(small.upload(first, PDF) == "kept", "what is there is there")
    hub.configure(blob_quota_mib=1024)
    hub.process.send_signal(signal.SIGHUP)
    wait_until(lambda: offer(small, pdf(4096 * 3)) == (0, 8), what="the quota is reloaded")
    small.close()


def check_offers(site, hub):
    """Too many offers are put off, with the time to come again."""
    eager = site.peer(hub, "eager")
    eager.hello()
    hub.configure(offers_per_minute=6, rate_burst_s=10)
    hub.process.send_signal(signal.SIGHUP)

    def told():
        eager.send(client.BLOB_OFFER, eager.session, sha(pdf(5000)), 5000, PDF)
        message = eager.receive(client.BLOB_WANT, client.BLOB_DONE)
        return message if message[0] == client.BLOB_DONE else None
    message = wait_until(told, what="an offer too many")
    check(message[3] == "busy" and 0 < message[4] <= 10_000, "an offer too many: busy, with the time to come again", message[3:])
    hub.configure(offers_per_minute=600)
    hub.process.send_signal(signal.SIGHUP)
    eager.close()


def send_until(peer, content, told, stop_at):
    """Sends within the credit until so much has gone out; true where `kept` came before."""
    at, end = told[0], told[0] + told[1] * CHUNK
    while at < stop_at:
        while at < min(end, stop_at):
            chunk(peer, content, at)
            at += CHUNK
        if at < stop_at:
            message = peer.receive(client.BLOB_WANT, client.BLOB_DONE)
            if message[0] == client.BLOB_DONE:
                return require(message[3] == "kept", "nothing but kept ends it", message[3])
            end = message[3] + message[4] * CHUNK
    return False


def check_kills(site, hub, peer):
    """The hub is killed at random offsets, then while it ends the upload, until the attachment is up."""
    content, kills, offsets = pdf(40 << 20), 0, []
    while True:
        peer.hello()
        told = offer(peer, content)
        if told == "kept":
            break
        offsets.append(told[0])
        # The first one comes when something is durable for certain.
        low = 10 << 20 if not kills else told[0] + 1
        stop_at = chance.randrange(low, len(content) + 1) if kills < ROUNDS and low <= len(content) else len(content)
        if send_until(peer, content, told, stop_at):
            break
        if kills < 2 * ROUNDS:
            time.sleep(chance.uniform(0, 0.01 if stop_at < len(content) else 0.15))
            hub.kill()
            kills += 1
            hub.start()
        elif done(peer, sha(content)) == "kept":
            break
    check(any(offsets), f"killed {kills} times at random offsets, it went on from {offsets}", SEED)
    check(peer.fetch(sha(content)) == content, "and what is fetched back is whole")
    check(outcome(peer, review(attachments=[named(content)]))[0][0] == 0, "a record may name it")
    parts = os.listdir(f"{hub.home}/attachments/parts")
    rows = [row for row in hub.cli_json("attachment", "list") if row["state"] == "uploading"]
    check(len(parts) <= len(rows), "no part is left that nobody knows of", (parts, rows))


def check_cut(hub, peer):
    content = pdf(12 * CHUNK)
    require(offer(peer, content) == (0, 8), "wanted")
    for at in range(6):
        chunk(peer, content, at * CHUNK)
    peer.ping()
    peer.hello()
    check(offer(peer, content)[0] == 6 * CHUNK, "a session that ended keeps what has come")
    check(peer.upload(content, PDF) == "kept", "and the next one ends it")


def check_operator(site, hub, content, record):
    out = f"{site.folder}/out.pdf"
    hub.cli("attachment", "get", sha(content).hex(), "-o", out)
    with open(out, "rb") as file:
        check(file.read() == content, "the operator gets it by its SHA-256")
    check(hub.cli("attachment", "get", sha(content).hex(), "-o", out, ok=False).returncode == 1, "and overwrites nothing")
    hub.cli("attachment", "get", record, "-o", out + "2")
    with open(out + "2", "rb") as file:
        check(file.read() == content, "and by the record that names it")
    path = f"{hub.home}/attachments/{sha(content).hex()}"
    with open(path, "r+b") as file:
        file.seek(1000)
        byte = file.read(1)
        file.seek(1000)
        file.write(bytes([byte[0] ^ 1]))
    damaged = hub.cli("attachment", "get", sha(content).hex(), "-o", out + "3", ok=False)
    check(damaged.returncode == 1 and "SHA-256" in damaged.stderr and not os.path.exists(out + "3"),
          "one that was damaged on the disk is not given out", damaged)
    healer = site.peer(hub, "healer")
    healer.hello()
    check(healer.upload(content, PDF) == "kept", "an institution uploads the same again")
    hub.cli("attachment", "get", sha(content).hex(), "-o", out + "4")
    check(True, "and it is mended by that")
    healer.close()
    for wrong in ("0" * 64, "no-such", record[:-1]):
        failed = hub.cli("attachment", "get", wrong, "-o", out + "5", ok=False)
        check(failed.returncode == 1 and failed.stderr.strip() and not os.path.exists(out + "5"), f"get {wrong[:8]}: says why",
              failed)
    check(hub.cli("attachment", ok=False).returncode == 2, "attachment alone: usage")
    check("附件" in hub.cli("attachment", "list", env={"LANG": "zh_CN.UTF-8"}).stdout, "the listing speaks Chinese")


def check_old_parts(hub, peer):
    content = pdf(3 * CHUNK)
    require(offer(peer, content) == (0, 8), "wanted")
    chunk(peer, content, 0)
    peer.ping()
    hub.stop()
    for ago, left in ((71, 1), (73, 0)):
        with sqlite3.connect(f"{hub.home}/attachments/registry.db") as registry:
            registry.execute("UPDATE part SET written_at = ?", [int((time.time() - ago * 3600) * 1000)])
            count = registry.execute("SELECT count(*) FROM part").fetchone()[0]
        registry.close()
        open(f"{hub.home}/attachments/parts/99999", "w").close()
        hub.start()
        wait_until(lambda: len(os.listdir(f"{hub.home}/attachments/parts")) == (count if left else 0), 10,
                   what=f"parts after {ago} hours")
        check(True, f"a part to which nothing was written for {ago} hours is {'kept' if left else 'thrown away'}")
        hub.stop()
    hub.start()
    peer.hello()
    check(offer(peer, content) == (0, 8), "and begins anew")


def test(site):
    print(f"SEED={SEED}", flush=True)
    hub = site.hub()
    peer = site.peer(hub, "peer")
    peer.hello()
    check(hub.cli_json("attachment", "list") == [], "nothing is listed before anything came")
    content, record = check_upload(hub, peer)
    check_types(peer)
    check_turns(peer)
    check_owners(site, hub, peer, content)
    check_quota(site, hub)
    check_offers(site, hub)
    check_cut(hub, peer)
    check_operator(site, hub, content, record)
    check_largest(hub, peer)
    check_kills(site, hub, peer)
    check_old_parts(hub, peer)
    check(hub.stop() == 0, "the hub stops with 0")


if __name__ == "__main__":
    main(test)
