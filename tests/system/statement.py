"""The statement of account, and the annual report that the agent compiles: each against a count of its own."""
import csv, io, json, shutil, sqlite3

from harness import check, day, main, require, review, warning

YEAR = int(day(200)[:4])


def check_statement(site, hub, agent):
    empty = agent.cli_json("statement")
    check(empty["records"] == [] and empty["totals"]["numbered"] == 0, "nothing yet is an empty statement", empty)
    sent = agent.submit(*[review() for _ in range(4)], warning())
    agent.sync()
    waiting = agent.submit(warning(), warning())
    whole = agent.cli_json("statement")
    check([row["id"] for row in whole["records"]] == sent + waiting and (whole["from"], whole["to"]) == (1, 7),
          "every number in order", whole)
    check(whole["totals"]["held"] == 5 and whole["totals"]["accepted"] == 2 and whole["gaps"] == [], "what is held, what waits",
          whole["totals"])
    held = {row["id"]: row["number"] for row in hub.query()}
    check({row["id"]: row["number"] for row in whole["records"] if row["number"]} == held, "with the hub's own numbers")
    part = agent.cli_json("statement", "--from", 2, "--to", 6)
    check([row["seq"] for row in part["records"]] == [2, 3, 4, 5, 6] and part["totals"]["held"] == 4, "a part of it", part)
    text = agent.cli("statement", "--to", 5).stdout
    check("1–5: 5 accepted here, the city holds 5 of 5" in text and "no number is missing" in text, "in a sentence", text)
    chinese = agent.cli("statement", env={"LANG": "zh_CN.UTF-8"}).stdout
    check("对账单" in chinese and "市级已收 5 条（共 7 条）" in chinese, "in Chinese", chinese)
    path = f"{site.folder}/statement.csv"
    agent.cli("statement", "--csv", "--out", path)
    rows = list(csv.DictReader(io.StringIO(open(path, encoding="utf-8-sig").read())))
    check([row["seq"] for row in rows] == list("1234567") and rows[0]["state"] == "received", "as a CSV file", rows)
    agent.sync()
    with sqlite3.connect(f"{agent.home}/spool.db") as spool:
        spool.execute("delete from item where seq in (3, 4, 6)")
    gaps = agent.cli_json("statement")
    check(gaps["gaps"] == [[3, 4], [6, 6]] and gaps["totals"]["missing"] == 3, "numbers that are missing are named", gaps)
    text = agent.cli("statement").stdout
    check("3 numbers stand for no record in this spool: 3–4 6" in text, "in words too", text)
    for options in (("--from", "0"), ("--to", "x"), ("--from", "5", "--to", "2"), ("--year", "2026")):
        check(agent.cli("statement", *options, ok=False).returncode == 2, f"{options} is a usage error")
    done = agent.cli("statement", "--out", "/nonexistent/x", ok=False)
    check(done.returncode == 1 and "/nonexistent/x" in done.stderr, "a file that cannot be written exits 1", done.stderr)


def compiled(agent, year=YEAR):
    done = agent.cli("compile", "annual_report", "--year", year)
    return json.loads(done.stdout), done.stderr


def check_annual(site, hub, agent):
    def report(decided=200, **changes):
        dates = {"applied_on": day(decided + 20), "accepted_on": day(decided + 15), "met_on": day(decided + 5),
                 "decided_on": day(decided), "next_follow_up_on": day(decided - 150)}
        return review(**{**dates, **changes})

    plain = [report() for _ in range(3)]
    listed = report(procedure="expert_rereview", rereview_list_item="public_opinion")
    rejected = report(decision="rejected", rejection_reason="数据来源不明", next_follow_up_on=None)
    older = report(200 + 366)
    rehearsed = report(rehearsal=True)
    refused = report(activity_no=plain[0]["activity_no"])
    ids = agent.submit(*plain, listed, rejected, older, rehearsed)
    agent.sync()
    agent.submit(refused)
    agent.sync(ok=False)
    draft, said = compiled(agent)
    check(draft["year"] == YEAR and draft["by_procedure"] == {"general": 4, "simplified": 0, "expert_rereview": 1,
          "emergency": 0}, "received reports of the year by procedure", draft)
    check(draft["by_decision"]["approved"] == 4 and draft["by_decision"]["rejected"] == 1
          and sum(draft["by_decision"].values()) == 5, "by decision", draft)
    check(draft["by_list_item"]["public_opinion"] == 1 and draft["by_list_item"]["none"] == 4, "by list item", draft)
    check(draft["trainings_held"] is None and draft["submitter"]["name"] is None and "trainings_held" in said,
          "what a person must add is null, and named", (draft, said))
    agent.submit(report())
    check("1 records have no receipt" in compiled(agent)[1], "what waits is named, not counted", compiled(agent)[1])
    path = f"{site.folder}/annual.json"
    agent.cli("compile", "annual_report", "--year", YEAR, "--out", path)
    done = agent.cli("submit", path, ok=False)
    check(done.returncode == 1 and "trainings_held" in done.stderr, "an incomplete draft is refused by field", done.stderr)
    draft = json.load(open(path)) | {"trainings_held": 4, "people_trained": 120, "submitter": {"name": "张伟", "role": "主任"}}
    json.dump(draft, open(path, "w"), ensure_ascii=False)
    check(agent.cli("submit", path).returncode == 0, "a completed one is accepted")
    check(agent.cli("compile", "annual_report", ok=False).returncode == 2, "a year is wanted")
    return report, ids, plain


def check_threads(hub, agent, report, ids, plain):
    """A replaced report counts as the newest one says; a withdrawn one does not count."""
    agent.sync(ok=False)
    before, _ = compiled(agent)
    key = {name: plain[0][name] for name in ("activity_no", "activity_title")}
    first = agent.submit(report(replaces=ids[0], reason="更正决定", decision="approved_with_changes", conditions="补充说明",
                                next_follow_up_on=None, **key))
    agent.sync(ok=False)
    second = agent.submit(report(replaces=first[0], reason="再次更正", decision="resubmit", conditions="补充说明",
                                 next_follow_up_on=None, **key))
    agent.submit({"kind": "withdrawal", "submitter": {"name": "张伟", "role": "主任"}, "replaces": ids[1], "reason": "误报"})
    agent.sync(ok=False)
    states = {row["id"]: row["state"] for row in agent.records()}
    check(states[first[0]] == states[second[0]] == "received", "corrections are received", states)
    after, said = compiled(agent)
    check(after["by_decision"]["resubmit"] == before["by_decision"]["resubmit"] + 1
          and after["by_decision"]["approved_with_changes"] == before["by_decision"]["approved_with_changes"],
          "a report that was replaced twice counts once, as the last one says", (before, after))
    check(sum(after["by_procedure"].values()) == sum(before["by_procedure"].values()) - 1 and "1 withdrawn" in said,
          "a withdrawn one does not count", (before, after, said))


def check_restored(hub, agent):
    """A hub that is put back has lost what it had rejected since: that is not sent again, since it might be taken now."""
    def file(*records, options=()):
        ids = agent.submit(*records, options=options)
        agent.sync(ok=False)
        return ids
    held = file(review())
    hub.stop()
    shutil.copytree(hub.home, f"{hub.home}.backup", ignore=shutil.ignore_patterns("*.sock"))
    hub.start()
    first = review()
    held += file(first)
    rejected = file(review(activity_no=first["activity_no"]))
    held += file(review(), options=("--corrects", *rejected))
    before, row = agent.cli_json("statement"), hub.cli_json("entity", "show", agent.uscc)[0]
    require(row["missing"] == 0 and row["refused"] == 1, "all have an outcome", row)
    hub.stop()
    shutil.rmtree(hub.home)
    shutil.move(f"{hub.home}.backup", hub.home)
    hub.start()
    told = agent.sync().stderr
    require("hub-behind" in told, "the agent notices", told)
    row = hub.cli_json("entity", "show", agent.uscc)[0]
    check(sorted(hub.ids("--entity", agent.uscc)) == sorted(held) and row["stored"] == 3 and row["missing"] == 1,
          "a hub that was put back gets what it had taken; the number that it had rejected stays missing there", row)
    after = agent.cli_json("statement")
    states = {row["id"]: row["state"] for row in after["records"]}
    check(states == {row["id"]: row["state"] for row in before["records"]} and states[rejected[0]] == "corrected"
          and agent.cli("receipt", *rejected).returncode == 0,
          "the institution's statement says what became of it, with the hub's receipt", states)


def test(site):
    hub = site.hub()
    check_statement(site, hub, site.agent(hub, "account"))
    agent = site.agent(hub, "annual")
    report, ids, plain = check_annual(site, hub, agent)
    check_threads(hub, agent, report, ids, plain)
    check_restored(hub, site.agent(hub, "restored"))


main(test)
