"""The secretary's day: a report is returned, corrected, accepted, withdrawn; a notice is answered; and one vocabulary says
how far each matter has come, which a receipt alone never takes beyond `received`."""
import json

from harness import UUID, check, main, moment, review, wait_until, warning

BY = ("--by", "王芳", "--role", "委员会秘书")


def states(agent):
    return {row["id"]: (row["state"], row["outcome"]) for row in agent.records()}


def check_correct(site, hub, agent):
    first, other = agent.submit(review(), review())
    check(states(agent)[first] == ("accepted", None), "accepted here", states(agent))
    agent.sync()
    check(states(agent)[first] == ("received", None), "a receipt is `received`, no more", states(agent))
    done = agent.cli("correct", first, ok=False)
    check(done.returncode == 1 and "not returned" in done.stderr, "what was not returned is not corrected", done.stderr)
    hub.cli("return", first, "summary=目的不清", "risk_grade=与风险不符", "--due", "2026-12-30")
    agent.sync()
    check(states(agent)[first] == ("decided", "returned"), "returned is decided", states(agent))
    check(states(agent)[other] == ("received", None), "the other is not touched")
    row = [row for row in agent.cli_json("inbox") if row["type"] == "return_for_correction"][0]
    check((row["state"], row["progress"], row["refers_to"]) == ("returned", "decided", first), "so the inbox says", row)
    path = f"{site.folder}/draft.json"
    done = agent.cli("correct", row["id"], "--out", path)
    check("summary: 目的不清" in done.stderr and "risk_grade" in done.stderr, "the faults are named", done.stderr)
    draft = json.load(open(path))
    check(draft["replaces"] == first and draft["_faults"][0]["field"] == "summary" and draft["reason"] is None
          and "id" not in draft and "seq" not in draft, "the draft is the record with the faults", draft)
    done = agent.cli("correct", first, path, ok=False)
    check(done.returncode == 1 and "reason" in done.stderr, "a reason is wanted", done.stderr)
    draft |= {"summary": "验证分诊模型的准确性、公平性与安全边界，用于急诊辅助。", "risk_grade": "medium"}
    json.dump(draft | {"replaces": other}, open(path, "w"))
    done = agent.cli("correct", first, path, "--reason", "按意见补正", ok=False)
    check(done.returncode == 1 and first in done.stderr, "another record is not replaced by it", done.stderr)
    json.dump(draft, open(path, "w"))
    fixed, = UUID.findall(agent.cli("correct", first, path, "--reason", "按意见补正").stdout)
    done = agent.cli("correct", first, path, "--reason", "按意见补正", ok=False)
    check(done.returncode == 1 and fixed in done.stderr, "nothing is corrected twice", done.stderr)
    agent.sync()
    held = hub.cli_json("show", fixed)["record"]
    check(held["replaces"] == first and held["reason"] == "按意见补正" and "_faults" not in held, "the city has it", held)
    check([row["id"] for row in hub.cli_json("history", first)][0::2] == [first, fixed], "in one thread")
    check(states(agent)[fixed] == ("received", None) and states(agent)[first] == ("decided", "returned"), "anew received",
          states(agent))
    hub.cli("accept", fixed)
    agent.sync()
    check(states(agent)[fixed] == ("filed", "accepted") and states(agent)[first] == ("decided", "returned"), "then filed",
          states(agent))
    hub.cli("return", fixed, "summary=仍不清")
    agent.sync()
    draft = json.loads(agent.cli("correct", first).stdout)
    check(draft["replaces"] == fixed and draft["risk_grade"] == "medium", "a second return is of the newest", draft)
    return first, fixed, other


def check_withdraw(hub, agent, first, fixed, other):
    check(agent.cli("withdraw", other, ok=False).returncode == 2, "a reason is wanted")
    gone, = UUID.findall(agent.cli("withdraw", other, "--reason", "误报").stdout)
    done = agent.cli("withdraw", other, "--reason", "误报", ok=False)
    check(done.returncode == 1 and "already" in done.stderr, "once", done.stderr)
    agent.sync()
    check([row["state"] for row in hub.cli_json("history", other)] == ["withdrawn"] * 2, "the city has it")
    check(states(agent)[other] == ("received", "withdrawn"), "and it is shown", states(agent))
    warned, = agent.submit(warning())
    agent.sync()
    for wrong in (warned, gone, "01890000-0000-7000-8000-000000000000"):
        check(agent.cli("withdraw", wrong, "--reason", "误报", ok=False).returncode == 1, "not of every record")
    for verb, word in (("acknowledge", "read"), ("handle", "read"), ("resolve", "decided")):
        hub.cli(verb, warned)
        agent.sync()
        check(states(agent)[warned][0] == word, f"{verb}: {word}", states(agent)[warned])
    check([row["id"] for row in agent.records("--state", "decided")] == [first, fixed, warned], "--state takes the words",
          agent.records("--state", "decided"))
    for word in ("decided", "received", "read"):
        exported = [record["id"] for record in agent.cli_json("export", "--state", word)]
        check(exported == [row["id"] for row in agent.records("--state", word)], f"export --state {word}: the same records", exported)
    status = agent.cli_json("status")
    check(status["of_received"] == {"filed": 0, "read": 0, "decided": 3}, "status counts them", status)
    text = agent.cli("status").stdout
    check(text.index("accepted here") < text.index("received by the city") < text.index("filed") < text.index("read by")
          < text.index("decided"), "in the order of their going", text)
    receipt = json.loads(agent.cli("receipt", warned, "--json").stdout)
    check((receipt["state"], receipt["outcome"]) == ("decided", "resolved"), "the receipt says the same", receipt)
    chinese = agent.cli("list", env={"LANG": "zh_CN.UTF-8"}).stdout
    check("已有处理决定" in chinese and "已解除" in chinese and "已退回补正" in chinese, "in Chinese", chinese)
    check("approved" not in agent.cli("list").stdout.lower(), "nothing is shown as approved")


def check_answer(site, hub, agent):
    notice = {"kind": "notice", "title": "自查通知", "body": "请报告自查情况。", "category": "requirement", "must_answer": True,
              "submitter": {"name": "李", "role": "处长"}, "due_at": moment(-86_400_000),
              "answer_form": [{"key": "count", "label": "模型数", "type": "number", "required": True},
                              {"key": "state", "label": "进度", "type": "enum", "required": False, "choices": ["已完成", "未完成"]}]}
    path = f"{site.folder}/notice.json"
    json.dump(notice, open(path, "w"))
    hub.cli("file", path)
    agent.sync()
    row = wait_until(lambda: agent.sync() and [row for row in agent.cli_json("inbox") if row["type"] == "notice"])[0]
    before = len(agent.records())
    for given, said in ((("state=好",), "count"), (("count=x",), "count"), (("count=3", "state=好"), "state"),
                        (("count=3", "other=1"), "other"), (("count=3",), "submitter")):
        done = agent.cli("answer", row["id"], *given, *(BY if said != "submitter" else ()), ok=False)
        check(done.returncode == 1 and said in done.stderr, f"{given} is refused by name", done.stderr)
    check(agent.cli("answer", agent.records()[0]["id"], "--text", "x", *BY, ok=False).returncode == 1, "only notices")
    check(len(agent.records()) == before, "nothing was filed")
    answered, = UUID.findall(agent.cli("answer", row["id"], "count=3", "state=已完成", "--text", "详见年报", *BY).stdout)
    agent.sync()
    held = hub.cli_json("show", answered)["record"]
    check(held["answers"] == [{"key": "count", "value": "3"}, {"key": "state", "value": "已完成"}] and held["note"] == "详见年报"
          and held["submitter"]["name"] == "王芳", "the city has the answer", held)
    listed = hub.cli("deliveries", row["id"], "--json").stdout
    check("answered" in listed, "and counts it", listed)
    path = agent.file({"answers": [{"key": "count", "value": "4"}], "submitter": {"name": "王芳", "role": "秘书"}})
    check(agent.cli("answer", row["id"], path).returncode == 0, "from a file too")


def test(site):
    hub = site.hub()
    agent = site.agent(hub)
    first, fixed, other = check_correct(site, hub, agent)
    check_withdraw(hub, agent, first, fixed, other)
    check_answer(site, hub, agent)


main(test)
