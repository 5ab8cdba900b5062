"""The province joins the hubs of its cities: each keeps the number that it was given, whatever a person mistypes."""
import os

from harness import Hub, check, main

PEER = "省厅 province"


def members(province):
    """What stands in the folder of the hubs."""
    folder = f"{province.home}/hubs"
    return {name: open(f"{folder}/{name}").read() for name in sorted(os.listdir(folder))}


def test(site):
    hub = site.hub()
    other = Hub(site, "other", name="宁波市")
    site.programs.append(other)
    other.init().configure(city='"330200"').start()
    province = site.province(hub)
    province.cli("join", other.add_province(PEER))
    before = members(province)
    check(list(before) == ["1.zpl", "2.zpl"], "two hubs, in the order in which they were joined")
    link = hub.cli("peer", "invite", PEER).stdout.strip().splitlines()[-1]
    for number, word in (("2", "this is hub 1 already"), ("3", "this is hub 1 already")):
        done = province.cli("join", link, "--replace", number, ok=False)
        check(done.returncode == 1 and word in done.stderr and members(province) == before,
              "a hub that has a number gets no other one, and takes nobody's", done.stderr)
    os.rename(f"{province.home}/hubs/1.zpl", f"{site.folder}/removed.zpl")
    for language, word in (("C.UTF-8", "宁波市 of city 330200"), ("zh_CN.UTF-8", "330200")):
        done = province.cli("join", link, "--replace", "2", ok=False, env={"LANG": language, "LC_ALL": language})
        check(done.returncode == 1 and word in done.stderr and list(members(province)) == ["2.zpl"] and
              members(province)["2.zpl"] == before["2.zpl"], "nor does one take another city's", done.stderr)
    province.cli("join", link, "--replace", "1")
    check(members(province) == before, "by the same link it comes back under the number that it had")
    province.cli("join", link)
    check(members(province) == before, "and a link that is given again changes nothing")


if __name__ == "__main__":
    main(test)
