"""Warnings as CAP 1.2: what the programs write validates against the OASIS schema and says nothing confidential; what was
written comes back in another institution as the same warning, its thread too; hostile XML changes nothing. CAP_XSD=FILE
names the schema, which is OASIS's and not ours to copy; without it only the order of the elements is checked here."""
import os, pathlib, resource, shutil, subprocess, time
import xml.etree.ElementTree as tree

from harness import UUID, check, in_time, main, moment, wait_until, warning

SCHEMA = os.environ.get("CAP_XSD") or str(pathlib.Path(__file__).resolve().parents[3] / "shared" / "data" / "CAP-v1.2.xsd")
SPACE = "{urn:oasis:names:tc:emergency:cap:1.2}"
ORDER = {
    "alert": "identifier sender sent status msgType source scope restriction addresses code note references incidents info",
    "info": "language category event responseType urgency severity certainty audience eventCode effective onset expires "
            "senderName headline description instruction web contact parameter resource area",
    "resource": "resourceDesc mimeType size uri derefUri digest", "area": "areaDesc polygon circle geocode altitude ceiling",
    "parameter": "valueName value", "geocode": "valueName value",
}
SUBMITTER = ("--set", "submitter.name=王芳", "--set", "submitter.role=安全员")


def sequence_holds(element):
    order = ORDER.get(element.tag.removeprefix(SPACE), "").split()
    places = [order.index(child.tag.removeprefix(SPACE)) for child in element]
    return places == sorted(places) and all(sequence_holds(child) for child in element)


def is_valid(path):
    if not sequence_holds(tree.parse(path).getroot()):
        return False
    if not (os.path.exists(SCHEMA) and shutil.which("xmllint")):
        return True
    done = subprocess.run(["xmllint", "--nonet", "--noout", "--schema", SCHEMA, path], capture_output=True, text=True)
    return done.returncode == 0 or print(done.stderr)


def texts(path, name):
    return [element.text for element in tree.parse(path).getroot().iter(SPACE + name)]


def full():
    return warning(level=2, sector="healthcare", region=["330106", "330102"], occurred_at=moment(7_200_123),
                   expires_at=moment(-86_400_000), measures_taken="已下线", measures_advised="核查记录 <一> & “二”",
                   deaths=0, injured=2, model_name="砚石", harm_kind=["physical", "rights"], share_scope="affected_sectors")


def check_out(site, hub, agent):
    raised, = agent.submit(full())
    hidden, = agent.submit(warning(reporter_confidential=True, status="exercise"))
    rehearsed, = agent.submit(warning(rehearsal=True))
    agent.sync()
    for verb in ("acknowledge", "handle", "update", "resolve"):
        hub.cli(verb, raised)
    thread = [row["id"] for row in hub.cli_json("history", raised)]
    folder = f"{site.folder}/issued"
    hub.cli("cap", *thread, hidden, rehearsed, "--out", folder)
    paths = {name: f"{folder}/{name}.xml" for name in [*thread, hidden, rehearsed]}
    check(sorted(os.listdir(folder)) == sorted(f"{name}.xml" for name in paths), "a file for each record", os.listdir(folder))
    if not os.path.exists(SCHEMA):
        print(f"skipped: the OASIS schema, absent at {SCHEMA}: only the order of elements is checked")
    check(all(is_valid(path) for path in paths.values()), "all of them valid")
    check([texts(paths[name], "msgType")[0] for name in thread] == ["Alert", "Ack", "Update", "Update", "Update"],
          "each action as its message type")
    check(texts(paths[thread[4]], "responseType") == ["AllClear"] * 2, "a resolved warning is all clear")
    references = texts(paths[thread[4]], "references")[0].split()
    check([part.split(",")[1] for part in references] == thread[:4], "references name the whole thread", references)
    check(texts(paths[hidden], "status") == ["Exercise"] and texts(paths[rehearsed], "status") == ["Exercise"],
          "an exercise and a rehearsal are no actual warning")
    for path in paths.values():
        xml = open(path, encoding="utf-8").read()
        check(not any(word in xml for word in ("张伟", "主任", "0571", agent.uscc)), "nothing confidential is in it", xml)
    names = {name: set(texts(path, "senderName")) for name, path in paths.items()}
    check(names[raised] != names[hidden] == {"AGN hub"} or "AGN hub" not in names[raised], "a hidden reporter is not named",
          names)
    check(hub.cli("cap", rehearsed).stdout == open(paths[rehearsed], encoding="utf-8").read(), "to the terminal likewise")
    for wrong in ((raised, hidden), ()):
        check(hub.cli("cap", *wrong, ok=False).returncode == 2, "several need a folder, none is no use")
    check(hub.cli("cap", hub.ids()[0][:-1] + "z", ok=False).returncode == 1, "an id that is none is said")
    done = agent.cli("cap", hidden, ok=False)
    check(done.returncode == 1 and "reporter_confidential" in done.stderr, "who hides does not send itself", done.stderr)


def check_province(site, hub, agent):
    province = site.province(hub).start()
    raised, = agent.submit(full())
    hidden, = agent.submit(full() | {"reporter_confidential": True})
    kept, = agent.submit(full() | {"level": 4, "share_scope": "city_only"})
    agent.sync()
    for verb in ("acknowledge", "resolve"):
        hub.cli(verb, raised)
    thread = [row["id"] for row in hub.cli_json("history", raised)]
    wait_until(lambda: all(len(province.cli_json("warnings", "--id", name)) == count
                           for name, count in ((raised, 3), (hidden, 1))), what="the thread at the province")
    done = province.cli("cap", raised, ok=False)
    check(done.returncode == 1 and "cap_sender" in done.stderr, "a province without an address says so", done.stderr)
    open(f"{province.home}/province.zpl", "a").write("cap_sender = province.example.gov.cn\n")
    folder = f"{site.folder}/passed-up"
    province.cli("cap", *thread, hidden, "--city", "330100", "--out", folder)
    paths = {name: f"{folder}/{name}.xml" for name in [*thread, hidden]}
    check(all(is_valid(path) and texts(path, "sender") == ["province.example.gov.cn"] for path in paths.values()),
          "what came up is valid under the province's own address")
    check([texts(paths[name], "msgType")[0] for name in thread] == ["Alert", "Ack", "Update"], "each with its type")
    hub.cli("cap", *thread, "--out", f"{site.folder}/at-the-city")
    for name in ("identifier", "sent", "description", "onset", "geocode", "parameter"):
        check([texts(paths[step], name) for step in thread] == [texts(f"{site.folder}/at-the-city/{step}.xml", name) for step in thread],
              f"{name} is what the city says")
    check([part.split(",")[1] for part in texts(paths[thread[2]], "references")[0].split()] == thread[:2],
          "references name the thread")
    check(set(texts(paths[hidden], "senderName")) == {"浙江省科学技术厅"} != set(texts(paths[raised], "senderName")),
          "a hidden reporter is not named, another is")
    words = ("张伟", "主任", "0571", agent.uscc)
    check(not any(word in open(path, encoding="utf-8").read() for path in paths.values() for word in words),
          "nothing confidential is in it")
    check(province.cli("cap", hidden).stdout == open(paths[hidden], encoding="utf-8").read(), "to the terminal likewise")
    for wrong in ([kept], [thread[0][:-1] + "z"], [raised, "--city", "330200"]):
        check(province.cli("cap", *wrong, ok=False).returncode == 1, "what did not come up is said", wrong)
    for wrong in ((raised, hidden), ()):
        check(province.cli("cap", *wrong, ok=False).returncode == 2, "several need a folder, none is no use")


def check_in(site, hub, first, second):
    raised, = first.submit(full())
    updated, = first.submit({**full(), "action": "update", "refers_to": raised, "level": 1})
    first.cli("cap", raised, updated, "--out", f"{site.folder}/own")
    alert, update = (f"{site.folder}/own/{name}.xml" for name in (raised, updated))
    check(is_valid(alert) and is_valid(update), "an institution's own are valid")
    done = second.cli("submit", update, *SUBMITTER, ok=False)
    check(done.returncode == 1 and "alert/references" in done.stderr and second.records() == [],
          "an update of what is not known is refused", done.stderr)
    done = second.cli("submit", alert, ok=False)
    check(done.returncode == 1 and "submitter" in done.stderr, "whoever files must be named", done.stderr)
    mine = [UUID.findall(second.cli("submit", path, *SUBMITTER).stdout)[0] for path in (alert, update)]
    again = second.cli("submit", alert, *SUBMITTER)
    check(UUID.findall(again.stdout) == mine[:1] and len(second.records()) == 2, "the same message again is the same record")
    changed = f"{site.folder}/changed.xml"
    open(changed, "w").write(open(alert).read().replace("已下线", "未下线"))
    done = second.cli("submit", changed, *SUBMITTER, ok=False)
    check(done.returncode == 1 and "alert/identifier" in done.stderr and len(second.records()) == 2,
          "another content under its name is refused", done.stderr)
    first.sync()
    second.sync()
    own = ("id", "seq", "created_at", "submitter", "refers_to")
    shown = [{key: value for key, value in hub.cli_json("show", name)["record"].items() if key not in own}
             for name in (raised, mine[0], updated, mine[1])]
    check(shown[0] == shown[1] and shown[2] == shown[3], "the city holds the same from both", shown)
    check(hub.cli_json("show", mine[1])["record"]["refers_to"] == mine[0], "in a thread of the second's own")
    cancel = f"{site.folder}/cancel"
    open(cancel, "w").write(f"""<alert xmlns="{SPACE[1:-1]}"><identifier>c-1</identifier><sender>x@y</sender>
      <sent>{time.strftime('%Y-%m-%dT%H:%M:%S')}-00:00</sent><status>Actual</status><msgType>Cancel</msgType>
      <scope>Restricted</scope><references>{texts(update, 'references')[0]}</references></alert>""")
    second.cli("submit", "--cap", cancel)
    second.sync()
    check([row["state"] for row in hub.cli_json("history", mine[0])] == ["cancelled"] * 3, "a bare Cancel cancels it")
    acknowledged = f"{site.folder}/ack.xml"
    open(acknowledged, "w").write(open(cancel).read().replace("c-1", "c-2").replace("Cancel", "Ack"))
    done = second.cli("submit", acknowledged, ok=False)
    check(done.returncode == 1 and "alert/msgType" in done.stderr, "what only the city does is refused", done.stderr)
    done = second.cli("submit", alert, "--set", "nothing", ok=False)
    check(done.returncode == 2, "--set wants a value", done.stderr)
    done = second.cli("submit", second.file(warning()), "--set", "level=2", ok=False)
    check(done.returncode == 2, "--set is for CAP", done.stderr)


def check_hostile(site, agent):
    before = len(agent.records())
    secret = f"{site.folder}/secret"
    open(secret, "w").write("机密内容")
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 20))
    hostile = {
        "laughs": f'<!DOCTYPE alert [<!ENTITY l0 "ha">{laughs}]><alert>&l19;</alert>',
        "file": f'<!DOCTYPE alert [<!ENTITY x SYSTEM "file://{secret}">]><alert>&x;</alert>',
        "deep": "<a>" * 100_000,
        "wide": "<alert>" + "<a/>" * 200_000 + "</alert>",
        "long": "<alert>" + "x" * 2_000_000 + "</alert>",
        "attributes": "<alert " + " ".join(f'a{n}="{n}"' for n in range(50_000)) + "/>",
        "bytes": "\x00\x01\x02",
        "nothing": "",
    }
    for name, text in hostile.items():
        path = f"{site.folder}/{name}.xml"
        open(path, "w").write(text)
        started = time.monotonic()
        done = agent.cli("submit", path, ok=False)
        check(done.returncode == 1 and "机密" not in done.stderr and in_time(started, 5) and done.stderr,
              f"{name}: refused, at once", done.stderr[-300:])
    check(agent.cli("submit", f"{site.folder}/absent.xml", ok=False).returncode == 1, "a file that is not there")
    check(len(agent.records()) == before, "nothing of it was filed")
    check(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 400_000, "and memory stayed within bounds")


def test(site):
    hub = site.hub()
    first, second = site.agent(hub, "first"), site.agent(hub, "second")
    check_out(site, hub, first)
    check_province(site, hub, first)
    check_in(site, hub, first, second)
    check_hostile(site, second)


main(test)
