"""A hub that was put back from an older copy, under the same life of its store, and has grown past what the province had read
from it and been confirmed by it: neither the cursor nor the hub's count of the province's filings shows it, but the ledger
does. The province reads the snapshot and sends again what the copy may lack."""
import json, shutil, sqlite3

from harness import check, main, require, wait_until, warning
from province_files import filed, notice
from witness import clear, file_records, follow, leaves, wait_heads

SIZE = 5  # records in the part that is lost; more than a hub adds by stopping and starting


def hub_row(province):
    return json.loads(province.cli("status", "--json", ok=False).stdout)["hubs"][0]


def warnings_of(province):
    return {row["id"] for row in province.cli_json("records", "--kind", "risk_warning")}


def put_back(hub, copy):
    hub.stop()
    shutil.rmtree(hub.home)
    shutil.copytree(copy, hub.home)


def back_up(hub, copy):
    hub.stop()
    shutil.copytree(hub.home, copy)
    hub.start()


def test_regrown(hub, agent, other, province):
    """What another institution has filed in the new life stands where the province has read something else."""
    file_records(agent, 3)
    wait_heads(province, len(leaves(hub)))
    copy = f"{province.site.folder}/copy"
    back_up(hub, copy)
    file_records(agent, SIZE)
    wait_heads(province, len(leaves(hub)))
    wait_until(lambda: hub_row(province)["caught_up"], what="the province has read all of it")
    province.stop()
    cursor = hub_row(province)["cursor"]
    put_back(hub, copy)
    hub.start()
    lost = set(other.submit(warning(level=1), warning(level=1)))
    other.sync()
    file_records(agent, 2 * SIZE)
    gaps = hub_row(province)["gaps"]
    province.start()
    wait_until(lambda: lost <= warnings_of(province), what=f"what stands before the cursor {cursor}")
    row = wait_until(lambda: (row := hub_row(province))["caught_up"] and not row["resyncing"] and row, what="the snapshot is read")
    check(row["gaps"] == gaps + 1 and row["last_gap_why"] == "rewound" and row["ledger_alarms"] == 1,
          "a restored hub that has grown past the cursor: its ledger shows it, and its snapshot is read once", row)
    filed(province, "notice", record=notice())
    wait_until(lambda: states(province) == ["received"], what="a receipt of the restored hub, beyond the head that was known")
    province.stop()
    province.start()
    province.wait_log("ledger-compared")
    wait_until(lambda: hub_row(province)["caught_up"], what="the next session")
    row = hub_row(province)
    check(row["gaps"] == gaps + 1 and row["ledger_alarms"] == 1 and "agree=no" not in province.log(),
          "and not again in the next session: what the restored hub has confirmed since is of the ledger that it shows", row)
    clear(province)


def held(province, seq, state):
    with sqlite3.connect(f"{province.home}/outbox.db", timeout=10) as db:
        db.execute("update delivery set state = ? where seq = ?", (state, seq))


def states(province):
    return [row["state"] for row in sorted(province.cli_json("outbox"), key=lambda row: row["seq"])]


def test_overtaken(hub, agent, province):
    """The copy has the later filing and lacks the earlier one, which the later had overtaken."""
    province.stop()
    before = len(states(province))
    first, second = filed(province, "notice", record=notice()), filed(province, "notice", record=notice(title="另一个通知"))
    held(province, before + 1, 7)  # as if a full window kept it back
    province.start()
    wait_until(lambda: second in hub.ids(), what="the second has overtaken the first")
    province.stop()
    copy = f"{province.site.folder}/copy-2"
    back_up(hub, copy)
    held(province, before + 1, 0)
    province.start()
    wait_until(lambda: set(states(province)) == {"received"}, what="both have a receipt")
    province.stop()
    put_back(hub, copy)
    hub.start()
    require(first not in hub.ids() and second in hub.ids(), "the copy lacks the first")
    province.start()
    wait_until(lambda: first in hub.ids(), what="the first is sent again")
    check("hub-rewound" in province.log() and "why=ledger" in province.log(),
          "a restored hub that holds the province's highest number and lacks a lower one gets that again")
    wait_until(lambda: set(states(province)) == {"received"}, what="both have a receipt again")
    clear(province)


def test(site):
    hub = site.hub()
    agent, other = site.agent(hub), site.agent(hub, "other")
    province = follow(site, hub, "province")
    test_regrown(hub, agent, other, province)
    test_overtaken(hub, agent, province)


if __name__ == "__main__":
    main(test)
