"""The main job: records go from the agents through the hub to the province, and every figure equals a recount."""
import datetime
from collections import Counter

from harness import check, figures, main, require, review, wait_until, warning


def test(site):
    hub = site.hub()
    province = site.province(hub)
    province.start()
    hospital = site.agent(hub, "hospital", name="杭州市第一人民医院", kind="hospital")
    company = site.agent(hub, "company", name="杭州智算科技有限公司", kind="enterprise", sector="foundation,consumer")
    company.start()

    ids = hospital.submit(*(review() for _ in range(5)), warning(level=2), review(rehearsal=True))
    check(len(set(ids)) == 7, "submit prints one id a record", ids)
    check(len(hub.query()) == 0, "nothing is at the hub before it is sent")
    hospital.sync()
    check(sorted(hub.ids()) == sorted(ids), "after sync the hub holds exactly the accepted records")

    more = company.submit(review(sector="foundation", decision="rejected", rejection_reason="风险过高",
                                 next_follow_up_on=None), warning(level=1), warning(level=4, share_scope="province"))
    wait_until(lambda: set(more) <= set(hub.ids()), what="records accepted beside `run` arrive by themselves")
    check(True, "records accepted beside `run` arrive by themselves")

    for name in ids + more:
        agent = hospital if name in ids else company
        require_receipt(agent, name)
    check(True, "every record has a verified receipt that names it")
    states = Counter(row["state"] for row in hospital.records())
    check(len(states) == 1 and sum(states.values()) == 7, "the agent lists all seven in one final state", states)

    expected = {"review": Counter(), "warning": Counter()}
    for row in hub.query():
        record = hub.cli_json("show", row["id"])
        fields = record.get("record", record)
        if fields.get("rehearsal"):
            continue
        count_in(expected, fields, "hospital" if row["id"] in ids else "enterprise")
    for family, cells in expected.items():
        seen = {cell: count for cell, (count, _) in figures(hub.stats(family)).items()}
        check(seen == dict(cells), f"the hub's {family} figures equal a recount of its records", (seen, cells))
        wait_until(lambda: figures(province.cli_json("table", "--family", family)) == figures(hub.stats(family)),
                   what=f"the province's {family} table equals the hub's figures")
        check(True, f"the province's {family} table equals the hub's figures")
    sums = sum(total for _, total in figures(hub.stats("review")).values())
    check(sums == 20 * 6, "sums are the days from acceptance to decision, rehearsals left out", sums)

    rows = wait_until(lambda: warnings_of(province), what="warnings go up")
    gone_up = {row.get("id") or row["record"]["id"] for row in rows}
    check(gone_up == {ids[5], *more[1:]}, "warnings of level 1-2 and those shared go up one by one", gone_up)
    text = province.cli("warnings", "--json").stdout
    check("张伟" not in text and "0571-88880000" not in text, "no confidential field leaves the city")


def warnings_of(province):
    rows = province.cli_json("warnings")
    return rows if len(rows) >= 3 else None


def require_receipt(agent, name):
    receipt = agent.cli("receipt", name, "--json").stdout
    require(name in receipt, f"a receipt for {name}", receipt)


def count_in(expected, fields, entity_type):
    """The dims of PROTOCOL.md §6, written again here on purpose."""
    if fields["kind"] == "review_report":
        expected["review"][fields.get("decided_on") or fields["applied_on"], fields["sector"], entity_type,
                           fields["procedure"], fields.get("decision", "-"), fields["rereview_list_item"],
                           fields["review_stage"]] += 1
    else:
        expected["warning"][local_day(fields["discovered_at"]), fields["sector"], entity_type, fields["risk_domain"],
                            str(fields["level"]), fields["status"], "raised"] += 1


def local_day(text):
    when = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (when + datetime.timedelta(hours=8)).strftime("%Y-%m-%d")


if __name__ == "__main__":
    main(test)
