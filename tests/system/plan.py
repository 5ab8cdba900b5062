"""The city's plan: what AGN measures of it fills itself, beside what people state; the representative units as the registry
knows them; once, through kill -9 of the hub."""
import json

from harness import check, day, main, make_uscc, review, wait_until, warning


def plan_of(units):
    year = int(day()[:4])
    goal = lambda key, measure, target: {"key": key, "goal": "目标", "indicator": key, "measure": measure, "target": target,
                                         "unit": "家", "due_on": f"{year}-12-31"}
    return {"kind": "city_plan", "submitter": {"name": "郑怀瑾", "role": "主任科员"}, "title": "试点行动方案", "year": year - 1, "until_year": year,
            "lead_department": "市科技局", "liaison": {"name": "郑怀瑾", "phone": "0571-85250031"}, "sectors": ["healthcare"],
            "entity_types": ["hospital"], "work_basis": "已有委员会。",
            "goals": [goal("joined", "units_joined", 40), goal("reviews", "reviews_reported", 10),
                      goal("answered", "warnings_answered_in_time", 5), goal("training", "manual", 100)],
            "duties": {"entity": "报送。", "city": "接收。", "province": "统筹。"},
            "work_items": [{"no": "1", "title": "推动报送", "responsible": "市科技局", "starts_on": f"{year}-01-10", "ends_on": f"{year}-12-30",
                            "state": "ongoing", "measure": "reviews_reported", "target": 4}],
            "expected_results": ["形成机制"],
            "units": [{"uscc": uscc, "name": name, "entity_type": "hospital"} for name, uscc in units.items()]}


def filed(hub, record):
    path = f"{hub.site.folder}/filed.json"
    with open(path, "w", encoding="utf-8") as file:
        json.dump(record, file, ensure_ascii=False)
    return hub.cli("file", path).stdout.strip()


def plan(hub):
    return json.loads(hub.cli("plan", "--json").stdout)


def test(site):
    hub = site.hub()
    check(json.loads(hub.cli("plan", "--json").stdout) == [], "no plan yet")
    joined = site.agent(hub, "joined")
    invited = site.uscc()
    hub.add_entity(invited)
    joined.submit(review(), review(), warning())
    joined.sync()
    alert = hub.ids("--kind", "risk_warning")[0]
    hub.cli("acknowledge", alert)
    root = filed(hub, plan_of({"已加入": joined.uscc, "已邀请": invited, "未登记": make_uscc(99_000_001)}))
    for _ in range(3):
        hub.kill()
        hub.start()
    measured = lambda: plan(hub) and plan(hub)[0]["goals"][0]["measured"] and plan(hub)[0]
    found = wait_until(measured, what="the plan fills itself")
    goals = {row["key"]: row for row in found["goals"]}
    check([goals[key]["measured"]["value"] for key in ("joined", "reviews", "answered")] == [1, 2, 1] and goals["training"]["measured"] is None,
          "goals that AGN measures have its figures, the others none", goals)
    check(found["work_items"][0]["measured"]["percent"] == 50 and found["work_items"][0]["measured"]["state"] == "ongoing",
          "so has the work item", found["work_items"])
    units = {row["name"]: (row["state"], row["is_joined"], row["records"], bool(row["last_report_at"])) for row in found["units"]}
    check(units == {"已加入": ("active", True, 3, True), "已邀请": ("invited", False, 0, False), "未登记": ("unknown", False, 0, False)},
          "the representative units stand as the registry knows them", units)
    progress = hub.query("--kind", "plan_progress")
    check(len(progress) == 1, "one record of progress a day, through three kills", progress)
    joined.submit(review())
    joined.sync()
    goals = {row["key"]: row for row in plan(hub)[0]["goals"]}
    check(goals["reviews"]["now"] == 3 and goals["reviews"]["measured"]["value"] == 2, "what is counted now stands beside what was filed", goals)
    filed(hub, {"kind": "plan_progress", "submitter": {"name": "郑怀瑾", "role": "主任科员"}, "refers_to": root, "as_of": day(),
                "goals": [{"key": "training", "value": 60}, {"key": "reviews", "value": 9}]})
    goals = {row["key"]: row for row in plan(hub)[0]["goals"]}
    check(goals["reviews"]["stated"]["value"] == 9 and goals["reviews"]["measured"]["value"] == 2 and goals["training"]["stated"]["value"] == 60,
          "what people state stands beside it and changes nothing of it", goals)
    text = hub.cli("plan", env={"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}).stdout
    check("试点行动方案" in text and joined.uscc in text, "a person reads it as tables", text)
    print(text)


main(test)
