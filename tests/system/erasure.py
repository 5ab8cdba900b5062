#!/usr/bin/env python3
"""Erasure by hand and at the end of a term: the planted secret is nowhere on the hub's disk, the record is proved to have
been there, every listing and figure goes on; a hub that is killed amidst its erasing goes on where it was. An attachment
goes with the last record that names it."""
import hashlib, os, time

from clock import DAY, Clock
from harness import UUID, check, day, figures, main, require, review, skip, wait_until, warning

SECRET = "绝密线索甲乙丙丁"
MANY = 300


def secret_review(**changes):
    return review(summary=f"本活动涉及{SECRET}，须依法删除其个人信息。", applicant={"name": SECRET, "title": "主任医师"}, **changes)


def rejected(number):
    return review(activity_no=f"驳回-{number:04d}", decision="rejected", rejection_reason=f"{SECRET}，不符合要求。",
                  next_follow_up_on=None, applied_on=day(40), accepted_on=day(35), met_on=day(20), decided_on=day(15))


def holds_secret(hub):
    """The files of the home in which the secret stands."""
    found = []
    for folder, _, names in os.walk(hub.home):
        for name in names:
            try:
                with open(os.path.join(folder, name), "rb") as file:
                    if SECRET.encode() in file.read():
                        found.append(name)
            except OSError:
                pass
    return found


def registration(agent, district):
    return {"kind": "entity_registration", "submitter": {"name": SECRET, "role": "秘书"}, "uscc": agent.uscc, "name": "某医院",
            "entity_type": "hospital", "sectors": ["healthcare"], "district": district, "has_committee": True,
            "contact": {"name": SECRET, "position": "秘书", "mobile": "13800000000", "email": "wf@example.cn"}}


def check_registrations(site, hub):
    """Accepted and then erased, and erased before it is accepted."""
    for order in (("accept", "erase"), ("erase", "accept")):
        agent = site.agent(hub, f"registers-{order[0]}")
        name, = agent.submit(registration(agent, "330106"))
        agent.sync()
        for verb in order:
            hub.cli(verb, name, *(("--reason", "测试", "--yes") if verb == "erase" else ()))
        hub.cli("entity", "suspend", agent.uscc, "--reason", "测试")
    audit = hub.cli("audit", ok=False)
    check(audit.returncode == 0, "an erased registration, accepted before or after: the audit goes through it",
          audit.stdout[-300:] + audit.stderr[-300:])


def check_by_hand(site, hub, agent, province):
    kept, = agent.submit(review())
    erased, = agent.submit(secret_review())
    alarm, = agent.submit(warning(level=1, headline=f"{SECRET}外泄", share_scope="all_entities", reporter_confidential=True))
    agent.sync()
    wait_until(lambda: alarm in hub.ids(), what="the records at the hub")
    require("store.db" in holds_secret(hub) or "store.db-wal" in holds_secret(hub), "the secret is on the disk before")
    again, = agent.submit(warning(headline=f"{SECRET}再次外泄"))
    agent.sync()
    wait_until(lambda: again in hub.ids(), what="another warning at the hub")
    acknowledgement, = UUID.findall(hub.cli("acknowledge", again).stdout)
    before = figures(hub.stats("review")), figures(hub.stats("warning"))
    said = [hub.cli("erase", name, "--reason", "当事人撤回同意", "--yes").stdout for name in (again, acknowledgement)]
    check(UUID.findall(said[0]) == [acknowledgement] and not UUID.findall(said[1]),
          "what else of the thread still says it is named", said)
    refused = [hub.cli("erase", erased, ok=False), hub.cli("erase", erased, "--yes", ok=False)]
    check([done.returncode for done in refused] == [1, 1], "not without --yes, and not without a reason")
    for name in (erased, alarm):
        hub.cli("erase", name, "--reason", "当事人撤回同意", "--yes")
    wait_until(lambda: not holds_secret(hub), 20, what="the secret to go from store and write-ahead log")
    check(True, "after the erasure the secret is nowhere on the hub's disk")
    shown = hub.cli_json("show", erased)
    check(shown["signature_verified"] and shown["erased"]["reason"] == "当事人撤回同意" and shown["erased"]["operator"] == "root",
          "the signed list of hashes proves that it was there; when, why and by whom is said", shown)
    check(SECRET not in str(shown) and shown["record"]["decision"] == "approved" and "summary" not in shown["record"],
          "codes and dates are left, no words", shown["record"])
    check(hub.cli_json("show", kept)["erased"] is None and "summary" in hub.cli_json("show", kept)["record"], "its neighbour is whole")
    check((figures(hub.stats("review")), figures(hub.stats("warning"))) == before, "every figure is as it was")
    again = hub.cli("erase", erased, "--reason", "再次", "--yes", ok=False)
    check(again.returncode == 1 and "before" in again.stderr, "a second time is refused", again.stderr)
    act = hub.cli_json("audit-log", "--act", "erase")
    check(len(act) == 4 and act[0]["subject"] == alarm and act[0]["reason"], "each is an act in the log", act)
    refused = hub.cli("erase", act[0]["id"], "--reason", "毁迹", "--yes", ok=False)
    check(refused.returncode == 1 and len(hub.cli_json("audit-log", "--act", "erase")) == 4, "an act is not erased")
    titles = {row["id"]: row["title"] for row in hub.query()}
    check("erased" in titles[erased] and "erased" in hub.cli_json("history", alarm)[0]["title"], "query and history say so", titles)
    listings = [("statement", agent.uscc), ("due", "--all"), ("deliveries", erased), ("plan",), ("share", "--pending"),
                ("query", "--full", "--jsonl"), ("report", "--period", day()[:7], "--html", f"{site.folder}/r.html")]
    codes = {listing[0]: hub.cli(*listing, ok=False) for listing in listings}
    crashed = {name: done.stderr[-300:] for name, done in codes.items() if done.returncode not in (0, 1)}
    check(not crashed and codes["report"].returncode == 0, "every listing goes on", crashed)
    check(hub.cli("share", alarm, ok=False).returncode == 1 and hub.cli("update", alarm, "--level", "2", ok=False).returncode == 1,
          "what is gone is not said again")
    hub.cli("accept", erased)
    check(figures(hub.stats("review")) == before[0], "but answered it can be")
    agent.cli("sync", "--timeout", 30)
    check(hub.ids().count(erased) == 1, "what the agent has of it does not come again")
    audit = hub.cli("audit", ok=False)
    check(audit.returncode == 0, "the audit finds nothing wrong with what was erased", audit.stdout[-300:] + audit.stderr[-300:])
    check_followers(site, hub, province, alarm)


def check_followers(site, hub, province, alarm):
    wait_until(lambda: province.figures("warning") == figures(hub.stats("warning")), what="the province to have the figures")
    late = site.province(hub, "late")
    late.start()
    wait_until(lambda: late.figures("warning") == figures(hub.stats("warning")) and "hub-caught-up" in late.log(),
               what="a province that comes later to have them too")
    rows = late.cli_json("warnings")
    check(alarm in str(rows) and SECRET not in str(rows) and "event-unreadable" not in late.log(),
          "a follower that comes later gets what is left, and reads it", rows)
    check("机构" not in str([row for row in rows if alarm in str(row)]), "and still not the reporter who asked to be withheld", rows)
    late.stop()


def opinion(site, name, content=SECRET):
    """What a record says of a new file in the institution's folder, and the file's SHA-256."""
    content = f"%PDF-1.7\n{content}".encode()
    with open(f"{site.folder}/{name}", "wb") as file:
        file.write(content)
    return [{"file": name, "role": "opinion"}], hashlib.sha256(content).hexdigest()


def fetches(site, agent, name):
    """Whether the hub gives it to the institution, whose own copy is gone."""
    copy, path = f"{agent.home}/blobs/{name}", f"{site.folder}/back-{os.urandom(4).hex()}"
    if os.path.exists(copy):
        os.unlink(copy)
    return agent.cli("attachment", "get", name, "-o", path, ok=False).returncode == 0


def uploaded(hub, agent):
    return [row["sha256"] for row in hub.cli_json("attachment", "list", "--entity", agent.uscc)]


def check_attachments(site, hub, agent):
    other = site.agent(hub, "other")
    other.start()
    named, name = opinion(site, "意见.pdf")
    kept, kept_name = opinion(site, "其他.pdf", "别的内容")
    first, second = agent.submit(review(attachments=named), review(attachments=named + kept))
    third, = other.submit(review(attachments=named))
    agent.sync()
    other.sync()
    require(name in uploaded(hub, agent) and name in uploaded(hub, other), "both have uploaded it")
    hub.cli("erase", first, "--reason", "测试", "--yes")
    time.sleep(0.5)
    check(name in uploaded(hub, agent), "an attachment stays while another record of the institution names it")
    hub.cli("erase", second, "--reason", "测试", "--yes")
    wait_until(lambda: not uploaded(hub, agent), what="the attachments of the erased record to go")
    check(not fetches(site, agent, name) and not os.path.exists(f"{hub.home}/attachments/{kept_name}"), "with the last one it goes")
    check(fetches(site, other, name), "but not for another institution that has filed the same")
    hub.cli("erase", third, "--reason", "测试", "--yes")
    hub.kill()
    hub.start()
    wait_until(lambda: not holds_secret(hub), 20, what="the content to go from the hub's disk, though the hub was killed at once")
    check(not uploaded(hub, other), "and nobody has it")
    named, name = opinion(site, "意见.pdf")
    again, = agent.submit(review(attachments=named))
    agent.sync()
    check(again in hub.ids() and fetches(site, agent, name), "a later record brings it anew")
    hub.cli("erase", again, "--reason", "测试", "--yes")
    other.stop()


def check_terms(site, hub, agent, clock):
    named, _ = opinion(site, "决定.pdf")
    ids = agent.submit(*(rejected(number) | {"attachments": named} for number in range(MANY)))
    agent.sync(timeout=60)
    wait_until(lambda: set(ids) <= set(hub.ids()), 60, what="the reports at the hub")
    before = figures(hub.stats("review"))
    time.sleep(1)
    hub.stop()
    with open(f"{hub.home}/retention.zpl", "w") as file:
        file.write("review_report = x\n")
    done = hub.cli("run", ok=False)
    check(done.returncode == 1 and "retention.zpl" in done.stderr and "months" in done.stderr, "a wrong term stops the start", done.stderr)
    with open(f"{hub.home}/retention.zpl", "w") as file:
        file.write("review_report = 6\n")
    clock.set(5 * 30 * DAY)
    hub.start()
    for days in (0, 1):
        clock.set(5 * 30 * DAY + days * DAY)
        wait_until(lambda: hub.log().count("retention-waits") == days + 1, what="the hub to see the two days before")
    clock.set(5 * 30 * DAY + 2 * DAY)
    check("+ retention review_report = 6" in hub.cli_json("audit-log", "--act", "configuration")[0]["detail"],
          "the new term is recorded")
    time.sleep(1)
    check(not hub.cli_json("audit-log", "--act", "retention"), "before its end nothing is erased")
    for days in (0, 1):
        clock.set(8 * 31 * DAY + days * DAY)
        wait_until(lambda: hub.log().count("retention-waits") == 3 + days, what="the word that the days before were not seen")
        time.sleep(1)
        check(not hub.cli_json("audit-log", "--act", "retention"), "nor on the first two days after the clock has jumped")
    clock.set(8 * 31 * DAY + 2 * DAY)
    kills = 0
    for wait in (0.02, 0.05, 0.1, 0.2):
        hub.kill()
        hub.start()
        time.sleep(wait)
        kills += 1
    acts = lambda: sum(int(row["detail"].split(";")[0]) for row in hub.cli_json("audit-log", "--act", "retention"))
    wait_until(lambda: acts() >= MANY, 60, 0.2, "all to be erased")
    wait_until(lambda: not holds_secret(hub), 30, what="the secret to go from store, write-ahead log and attachments")
    time.sleep(1)
    check(acts() == MANY, f"after {kills} kills each of {MANY} was erased once, in the commit of its act", acts())
    rows = {row["id"]: row["title"] for row in hub.query()}
    check(all("erased" in rows[name] for name in ids), "and is shown as that")
    check(figures(hub.stats("review")) == before, "the figures are as they were")
    audit = hub.cli("audit", ok=False)
    check(audit.returncode == 0, "the audit knows the acts that did it", audit.stdout[-300:] + audit.stderr[-300:])
    approved = [title for name, title in rows.items() if name not in ids and title and "erased" not in title]
    check(approved, "a report whose follow-up is still awaited keeps its content", rows)


def test(site):
    if not os.path.exists(os.environ.get("CLOCKJUMP", "")):
        skip("CLOCKJUMP does not name clockjump.so")
    hub = site.hub(start=False, desk_ms=50)
    clock = Clock(hub)
    hub.start()
    agent = site.agent(hub)
    agent.start()
    province = site.province(hub)
    province.start()
    check_by_hand(site, hub, agent, province)
    province.stop()
    check_attachments(site, hub, agent)
    check_registrations(site, hub)
    hub.cli("peer", "revoke", "省厅 province", "--reason", "测试")
    hub.cli("peer", "revoke", "省厅 late", "--reason", "测试")
    check_terms(site, hub, agent, clock)


main(test)
