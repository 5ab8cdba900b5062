"""Who may speak: the key decides, and what the operator decides holds within a second, for live connections too."""
import contextlib, os, sqlite3, time

import zmq
from zmq.utils import z85

import client
from client import Refused
from harness import Event, check, in_time, item_of, main, monitored, refusal, require, review


def handshake(hub, configure, port=None):
    """How a connection with these settings ends."""
    sock, (event, value, seconds) = monitored(f"tcp://127.0.0.1:{port or hub.port}", configure)
    sock.close()
    return event, value, seconds


def plain(sock):
    sock.plain_username, sock.plain_password = b"admin", b"admin"


def curve(peer, keys=None):
    public, secret = keys or (peer.get("curve_public"), peer.get("curve_secret"))

    def configure(sock):
        sock.curve_serverkey, sock.curve_publickey, sock.curve_secretkey = peer.get("hub_curve"), public, secret
    return configure


def wrong_server(peer):
    def configure(sock):
        curve(peer)(sock)
        sock.curve_serverkey = z85.decode(zmq.curve_keypair()[0])
    return configure


def check_strangers(hub, peer):
    stranger = tuple(map(z85.decode, zmq.curve_keypair()))
    for name, configure in (("NULL", lambda sock: None), ("PLAIN", plain), ("a wrong server key", wrong_server(peer)),
                            ("an unknown key", curve(peer, stranger))):
        event, value, seconds = handshake(hub, configure)
        check(event not in (None, Event.HANDSHAKE_SUCCEEDED) and seconds < 1, f"{name} is refused within a second",
              (event, value, seconds))
        if name == "an unknown key":
            check((event, value) == (Event.HANDSHAKE_FAILED_AUTH, 400), "and an unknown key is told 400", (event, value))
    event, _, _ = handshake(hub, curve(peer, stranger), hub.enrol_port)
    check(event == Event.HANDSHAKE_SUCCEEDED, "any key may knock at the enrolment endpoint", event)
    event, _, _ = handshake(hub, curve(peer))
    check(event == Event.HANDSHAKE_SUCCEEDED, "the peer's own key passes", event)


def check_cut_off(hub, peer, verb, code):
    peer.hello()
    require(peer.ping(), "the session lives")
    hub.cli("entity", verb, peer.uscc, "--reason", "测试")
    started = time.monotonic()
    try:
        while time.monotonic() < started + 1:
            peer.ping()
            time.sleep(0.02)
        told = None
    except (Refused, client.Lost) as refused:
        told = refused.args[0]
    check(told == code and in_time(started, 1), f"entity {verb}: the live session ends with {code} within 1 s",
          (told, time.monotonic() - started))
    event, value, seconds = handshake(hub, curve(peer))
    check(event == Event.HANDSHAKE_FAILED_AUTH and value == 400 and seconds < 1, f"{code}: a new connection is refused",
          (event, value))


def check_side_door(site, hub):
    """A connection that was made while the key was good, and said nothing until now."""
    peer = site.peer(hub, "side")
    peer.connect(peer.get("endpoint"))
    peer.send(client.PING, 1, 1)
    peer.receive(client.WHO)
    hub.cli("entity", "suspend", peer.uscc, "--reason", "核查")
    peer.send(client.HELLO, 1, {"software": "test"})
    told = refusal(lambda: peer.receive(client.WELCOME, timeout=1))
    check(told in ("suspended", "lost"), "an idle connection from before is not served either", told)


def check_codes(site, hub):
    link = hub.add_entity(site.uscc())
    first = site.peer(hub, "first", link=link)
    check(refusal(lambda: client.Peer(f"{site.folder}/second").join(link)) == "code_used", "a code works for one key only")
    check(first.join(link)["party"] == first.get("party"), "the key that used it gets its answer again")
    uscc = site.uscc()
    hub.add_entity(uscc)
    again = hub.cli("entity", "invite", uscc).stdout.strip().splitlines()[-1]
    row, = hub.cli_json("entity", "show", uscc)
    require(row["link"] == "join" and row["link_until"], "the open link is listed", row)
    check(client.Peer(f"{site.folder}/third").join(again)["party"] == uscc, "entity invite prints another link")
    row, = hub.cli_json("entity", "show", uscc)
    require(row["link"] is None and row["link_until"] is None, "and not any more when it is used", row)
    lost, later = (hub.cli("entity", "invite", uscc, "--replace", "--reason", "误寄").stdout.strip().splitlines()[-1] for _ in range(2))
    check(refusal(lambda: client.Peer(f"{site.folder}/finder").join(lost)) == "code_expired" and
          client.Peer(f"{site.folder}/seventh").join(later)["party"] == uscc, "a newer link ends the one before")
    late = site.uscc()
    expired = hub.add_entity(late, valid_hours=1)
    with contextlib.closing(sqlite3.connect(f"{hub.home}/store.db", timeout=10)) as store, store:
        store.execute("update invitation set expires_at = 1 where party = (select row from party where party = ?)", [late])
    check(refusal(lambda: client.Peer(f"{site.folder}/fourth").join(expired)) == "code_expired", "an expired code")
    unknown = link.replace(link.split("/")[4][:20], "0" * 20)
    check(refusal(lambda: client.Peer(f"{site.folder}/fifth").join(unknown)) == "code_invalid", "an unknown code")

    thief = client.Peer(f"{site.folder}/thief")
    thief.signing, honest = (lambda: client.Ed25519PrivateKey.from_private_bytes(bytes(32))), thief.signing
    thief.set(signing_key=os.urandom(32), curve_public=b"", curve_secret=b"")
    public, secret = map(z85.decode, zmq.curve_keypair())
    thief.set(curve_public=public, curve_secret=secret)
    other = honest().public_key().public_bytes(client.Encoding.Raw, client.PublicFormat.Raw)
    send = thief.send
    thief.send = lambda kind, version, request: send(kind, version, {**request, "signing_key": other})
    fresh = hub.add_entity(site.uscc())
    check(refusal(lambda: thief.join(fresh)) == "bad_signature", "a signing key that the peer does not hold")
    check(client.Peer(f"{site.folder}/sixth").join(fresh)["party"], "and that attempt did not use up the code")


def test(site):
    hub = site.hub()
    peer, other = site.peer(hub, "peer"), site.peer(hub, "other")
    check_strangers(hub, peer)

    peer.hello()
    peer.submit([item_of(peer, review(), entity=other.uscc), item_of(peer, review(), entity=peer.uscc)])
    (forged, own), _ = peer.receipt()
    check(forged[0] == 2 and [fault[:2] for fault in forged[3]] == [["entity_mismatch", "entity"]],
          "a record that names another entity: entity_mismatch", forged)
    check(own[0] == 0, "a record that names its own entity is stored", own)

    check_cut_off(hub, peer, "suspend", "suspended")
    hub.cli("entity", "resume", peer.uscc)
    peer.hello()
    check(peer.ping(), "after resume the same key is served again")
    check_cut_off(hub, peer, "revoke", "revoked")
    check(hub.cli("entity", "resume", peer.uscc, ok=False).returncode == 1, "a revoked key cannot be resumed")

    other.hello()
    check(other.ping(), "others were not disturbed")
    check_side_door(site, hub)
    check_codes(site, hub)


if __name__ == "__main__":
    main(test)
