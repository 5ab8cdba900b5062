"""Limits of a peer: who is too fast is told so and when to come again; nothing is lost, and the agent tells its user."""
import contextlib, datetime, os, socket, time

import client
import zmq
from client import BLOB_DONE, BLOB_OFFER, FOLLOW, REFUSE
from harness import check, item_of, json, main, msgpack, refusal, require, review, wait_until


def refused(peer, act, timeout=5):
    """The REFUSE that act() is answered with: code, detail."""
    try:
        act()
        peer.receive(timeout=timeout)
    except client.Refused as told:
        return told.args[0], told.args[2]
    return None, {}


def check_records(site, hub):
    """50 records a second, 50 at once."""
    peer = site.peer(hub, "fast")
    peer.hello()
    items = [item_of(peer, review()) for _ in range(100)]
    peer.submit(items[:50])
    require(all(result[0] == 0 for result in peer.receipt()[0]), "a burst is taken")
    code, detail = refused(peer, lambda: peer.submit(items[50:]))
    check(code == "rate_limited" and detail["batch"] == peer.batch, "a batch beyond the rate is refused as a whole",
          (code, detail))
    check(100 <= detail["after_ms"] <= 1000, "with the time after which it fits", detail)
    time.sleep(detail["after_ms"] / 1000)
    peer.submit(items[50:])
    check(all(result[0] == 0 for result in peer.receipt()[0]), "then the same batch is stored")
    check(len(hub.query("--entity", peer.uscc)) == 100, "each record once")


def check_agent(site, hub):
    agent = site.agent(hub)
    path = f"{site.folder}/many.jsonl"
    with open(path, "w") as file:
        file.writelines(json.dumps(review(), ensure_ascii=False) + "\n" for _ in range(400))
    agent.start()
    agent.cli("submit", path)
    link = wait_until(lambda: (lambda link: "rate_records" in link["reason"] and link)(agent.cli_json("status")["link"]), step=0.2,
                      what="status says that the hub asks to wait")
    check(link["connected"] and link["next_try"],
          "the agent's status says that the hub asks to wait, for what and until when", link)
    check("asks to wait until" in agent.cli("status").stdout, "in words too")
    agent.sync(timeout=60)
    check(len(set(hub.ids("--entity", agent.uscc))) == len(hub.ids("--entity", agent.uscc)) == 400,
          "in the end every record is there, once")
    wait_until(lambda: not agent.cli_json("status")["link"]["reason"], 10, 0.2, "the note goes")
    check(agent.stop() == 0, "the agent stops in order")


def check_sessions(site, hub):
    """30 a minute, 30 at once (rate_burst_s is 1, but a burst is never less than a period)."""
    peer = site.peer(hub, "restless")
    told = None
    for opened in range(40):
        told = refusal(peer.hello)
        if told:
            break
    check(told == "busy" and opened >= 30, "who opens sessions in a loop is told busy", (told, opened))
    sock = peer.socket
    check(not sock.poll(1500) or msgpack.unpackb(sock.recv())[0] == REFUSE, "and not served")
    time.sleep(2.1)
    check(refusal(peer.hello) is None and peer.ping(), "two seconds later it has one again")


def check_agent_sessions(site, hub):
    """One a minute: the second of an agent is put off, and its user can see until when."""
    agent = site.agent(hub, "restarted")
    agent.start()
    wait_until(lambda: agent.cli_json("status")["link"]["connected"], step=0.2, what="the first session")
    agent.stop()
    agent.start()
    told = time.time() * 1000
    link = wait_until(lambda: (lambda link: "sessions_per_minute" in link["reason"] and link)(
        agent.cli_json("status")["link"]), step=0.2, what="the agent is told that it opens too many sessions")
    wait = datetime.datetime.fromisoformat(link["next_try"].replace("Z", "+00:00")).timestamp() * 1000 - told
    check(not link["connected"] and 30_000 < wait < 121_000, "an agent that may not have a session yet comes again as told",
          (link, wait))
    agent.stop()


def check_follows_and_offers(site, hub):
    peer = site.peer(hub, "curious")
    peer.hello()
    code, detail = None, {}
    for _ in range(200):
        peer.send(FOLLOW, peer.session, "inbox", None, 0, 100)
    while code is None:
        code, detail = refused(peer, lambda: None)
    check(code == "rate_limited" and detail["after_ms"] >= 100, "FOLLOWs in a loop", (code, detail))
    codes = set()
    peer.hello()
    for number in range(60):
        peer.send(BLOB_OFFER, peer.session, number.to_bytes(32, "big"), 100, "text/html")
        codes.add(peer.receive(BLOB_DONE)[3])
    check(codes == {"bad_media_type", "busy"}, "offers in a loop", codes)


def check_proofs(site, hub):
    """Each costs the hub a look into its ledger and a signature: 1,200 a minute."""
    peer = site.peer(hub, "doubter")
    peer.hello()
    told, proved = (None, {}), 0
    while told[0] is None and proved < 3000:
        for _ in range(10):
            peer.send(client.PROVE, peer.session, 1, 0, 0)
        for _ in range(10):
            try:
                proved += peer.receive(client.PROOF)[2]
            except client.Refused as refused:
                told = refused.args[0], refused.args[2]
    check(told[0] == "busy" and told[1]["after_ms"] >= 100 and 1200 <= proved < 3000, "who asks for proofs in a loop is told busy",
          (told, proved))
    check(peer.ping(), "and keeps the session")


def check_unread(site, hub):
    """Receipts of many faults, that nobody reads: fewer messages than libzmq would hold, more bytes than the hub lets it."""
    peer = site.peer(hub, "deaf")
    peer.connect(peer.get("endpoint"))
    peer.socket.close()
    sock = peer.socket = zmq.Context.instance().socket(zmq.DEALER)
    sock.linger, sock.rcvhwm, sock.rcvbuf, sock.sndtimeo = 0, 1, 4096, 100
    sock.curve_serverkey, sock.curve_publickey = peer.get("hub_curve"), peer.get("curve_public")
    sock.curve_secretkey = peer.get("curve_secret")
    sock.connect(peer.get("endpoint"))
    peer.send(client.HELLO, 1, {"software": "deaf"})
    _, peer.session, _ = peer.receive(client.WELCOME)
    peer.batch = 0
    items = [item_of(peer, {"kind": "review_report"}) for _ in range(64)]
    for sent in range(900):
        with contextlib.suppress(zmq.Again):
            peer.submit(items)
        time.sleep(0.01)
        if "code=busy" in hub.log():
            break
    check("code=busy" in hub.log(), "who reads nothing loses the session", sent)
    check(sent < 900, "before libzmq's own limit of messages would end it", sent)

    def is_answered():
        """What waited for its former connection may count for a moment."""
        with contextlib.suppress(client.Refused, client.Lost):
            peer.hello()
            peer.submit(items)
            return all(result[0] == 2 for result in peer.receipt()[0])
    wait_until(is_answered, 10, 0.5, what="its answers, once it reads")
    check(True, "and gets its answers once it reads")


def check_strays(site, hub):
    """Connections of a key that are in no session, and send: each message is answered, until 16 MiB have come."""
    peer = site.peer(hub, "stray")
    peer.hello()
    frame = msgpack.packb([client.PING, 1, 1]) + bytes(900_000)
    answered = 0
    for _ in range(4):
        sock = zmq.Context.instance().socket(zmq.DEALER)
        sock.linger, sock.sndtimeo, sock.rcvtimeo = 0, 2000, 2000
        sock.curve_serverkey, sock.curve_publickey = peer.get("hub_curve"), peer.get("curve_public")
        sock.curve_secretkey = peer.get("curve_secret")
        sock.connect(peer.get("endpoint"))
        with contextlib.suppress(zmq.Again):
            for _ in range(10):  # malformed, so that the hub ends it after the tenth
                sock.send(frame)
                sock.recv()
                answered += 1
        sock.close()
    check(10 <= answered < 30, "beyond what may have been under way a key's stray connections are cut off", answered)
    check(peer.ping(), "its session goes on")
    other = site.peer(hub, "beside")
    other.hello()
    check(other.ping(), "and others come in")


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def check_descriptors(site, hub):
    """44 connections are all that the descriptors allow: strangers go for newcomers, sessions stay."""
    hub.prefix = ["prlimit", "--nofile=300:300"]
    hub.configure(max_peers=40, sessions_per_minute=0, rate_records=0).start()
    peer = site.peer(hub, "inside")
    peer.hello()
    strangers = [socket.create_connection(("127.0.0.1", hub.port)) for _ in range(150)]
    hub.wait_log("connections-short")
    check(hub.running() and peer.ping(), "more connections than descriptors: who has a session is served")
    newcomer = site.peer(hub, "newcomer")
    newcomer.hello()
    check(newcomer.ping(), "and somebody new comes in")
    descriptors = len(os.listdir(f"/proc/{hub.process.pid}/fd"))
    check(descriptors < 300, "since the oldest strangers were closed", descriptors)
    used = processor_seconds(hub.process.pid)
    time.sleep(3)
    used = processor_seconds(hub.process.pid) - used
    check(used < 1, "and no thread spins", used)
    for sock in strangers:
        sock.close()


def test(site):
    hub = site.hub(rate_records=0)
    check_unread(site, hub)
    check_strays(site, hub)
    hub.stop()
    hub.configure(rate_records=50, rate_burst_s=1, sessions_per_minute=30, offers_per_minute=40).start()
    check_records(site, hub)
    check_follows_and_offers(site, hub)
    check_proofs(site, hub)
    check_sessions(site, hub)
    check_agent(site, hub)
    check(hub.log().count("peer-limited") < 20, "a flood is no flood of the log", hub.log())
    hub.stop()
    hub.configure(sessions_per_minute=1).start()
    check_agent_sessions(site, hub)
    hub.stop()
    check_descriptors(site, hub)


if __name__ == "__main__":
    main(test)
