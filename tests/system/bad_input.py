"""Input that breaks a rule is refused by name, changes nothing, and disturbs nobody."""
import json, os, signal, struct

import client
from client import Lost, Refused
from harness import check, day, item_of, main, moment, msgpack, require, review, uuid, wait_until, warning

NEAR_FUTURE = 10 * 60 * 1000


class Bench:
    """The hub, the peer that misbehaves, and a witness that must not notice."""

    def __init__(self, site):
        self.hub = site.hub()
        self.bad, self.witness = site.peer(self.hub, "bad"), site.peer(self.hub, "witness")
        self.bad.hello()
        self.witness.hello()
        self.before = self.hub.state()
        self.count = 0

    def unharmed(self, what):
        require(self.witness.ping(), f"{what}: the hub serves others")
        state = self.hub.state()
        require(state == self.before, f"{what}: the store is unchanged", (state, self.before))
        self.count += 1

    def refuse(self, frame, code, what, detail=None):
        """Sends raw bytes in a session of their own; expects the REFUSE."""
        self.bad.hello()
        frame = frame(self.bad.session) if callable(frame) else frame
        self.bad.socket.send(frame)
        told = self.bad.receive(client.REFUSE)
        require(told[1] == code and (not detail or detail.items() <= told[3].items()), f"{what}: {code}", told)
        self.unharmed(what)

    def reject(self, item, code, field, what):
        """Submits one item; expects it rejected with the fault named."""
        self.bad.submit([item])
        (result,), _ = self.bad.receipt()
        require(result[0] == 2, f"{what}: rejected", result)
        named = [(fault[0], fault[1].split(".")[0].split("[")[0]) for fault in result[3]]
        require((code, field) in named, f"{what}: {code} of {field!r}", result[3])
        require(all(fault[2] and len(fault[2].encode()) <= 400 for fault in result[3]), f"{what}: reasons", result[3])
        self.unharmed(what)


def frames(bench):
    """Messages that break §2."""
    nested = b"\x91" * 40 + b"\xc0"
    good = msgpack.packb([client.PING, 1, 1])
    cases = [
        ("an empty frame", b""), ("no array", b"\x07"), ("a map", b"\x81\xa1a\x01"), ("an empty array", b"\x90"),
        ("a truncated array", good[:-1]), ("trailing bytes", good + b"\x00"), ("deep nesting", nested),
        ("a million nested arrays", b"\x91" * 1_000_000), ("an array of 2^32-1", b"\xdd\xff\xff\xff\xff"),
        ("a map of 2^32-1", b"\x92\x01\xdf\xff\xff\xff\xff"), ("a bin of 2^32-1", b"\x92\x05\xc6\xff\xff\xff\xff"),
        ("a str of 2^31", b"\x92\x05\xdb\x80\x00\x00\x00"), ("an unused byte", b"\x92\x05\xc1"),
        ("a float", b"\x93\x05\xcb" + struct.pack(">d", 1.0) + b"\x01"), ("an ext", b"\x93\x05\xd4\x01\x00\x01"),
        ("a negative number", msgpack.packb([client.PING, -1, 1])), ("a text for a number", msgpack.packb([5, "1", 1])),
        ("too few elements", msgpack.packb([client.PING, 1])), ("type as text", msgpack.packb(["PING", 1, 1])),
        ("HELLO with a list for the map", msgpack.packb([client.HELLO, 1, []])),
        ("HELLO without software", msgpack.packb([client.HELLO, 1, {}])),
        ("HELLO with a key twice", b"\x93\x01\x01\x82\xa8software\xa1a\xa8software\xa1b"),
        ("HELLO with a number as key", b"\x93\x01\x01\x82\xa8software\xa1a\x01\x01"),
        ("HELLO with broken UTF-8", b"\x93\x01\x01\x81\xa8software\xa2\xc3\x28"),
        ("a message that only the hub sends", msgpack.packb([client.RECEIPT, 1, 1, b""])),
        ("SUBMIT with a text item", lambda s: msgpack.packb([client.SUBMIT, s, 1, ["text"], "ed25519", b"x" * 64])),
        ("FOLLOW with credit 0", lambda s: msgpack.packb([client.FOLLOW, s, "inbox", None, 0, 0])),
        ("FOLLOW with credit 10001", lambda s: msgpack.packb([client.FOLLOW, s, "inbox", None, 0, 10001])),
        ("FOLLOW with a short epoch", lambda s: msgpack.packb([client.FOLLOW, s, "inbox", b"x", 0, 1])),
    ]
    for what, frame in cases:
        bench.refuse(frame, "malformed", what)
    check(True, f"{len(cases)} malformed messages: each refused, nothing changed, others served")
    bench.refuse(msgpack.packb([99, 1]), "unsupported", "an unknown type")
    bench.refuse(msgpack.packb([22, 1, 1, 0, 0]), "unsupported", "a type of a later version")
    bench.refuse(msgpack.packb([16, 1, bytes(31), 1, "a/b"]), "malformed", "an attachment with a short hash")
    bench.refuse(msgpack.packb([client.HELLO, 2, {"software": "x"}]), "unsupported", "version 2")
    bench.refuse(lambda s: msgpack.packb([client.FOLLOW, s, "uplink", None, 0, 1]), "not_permitted",
                 "an entity that follows the uplink")
    check(True, "unknown types, later types, another version and another role's stream are refused by name")
    bench.bad.hello()
    for _ in range(10):
        bench.bad.socket.send(b"\xc1")
    ended = wait_until(lambda: silent(bench.bad), what="the connection is closed")
    check(ended, "ten such messages close the connection")
    bench.unharmed("ten malformed messages")


def silent(peer):
    """True when the peer's pings no longer reach a session."""
    try:
        return not peer.ping()
    except Refused:
        return False
    except Lost:
        return True


def batches(bench):
    """Batches that are refused whole."""
    peer = bench.bad
    item = item_of(peer, review())

    def signed(items, tamper=lambda text: text, algorithm="ed25519"):
        def frame(session):
            sent, peer.send = [], lambda *message: sent.append(message)
            peer.submit(items)
            del peer.send
            kind, _, batch, content, _, signature = sent[0]
            return msgpack.packb([kind, session, batch, content, algorithm, tamper(signature)])
        return frame

    bench.refuse(signed([item], lambda text: bytes(64)), "bad_signature", "a signature of zeros", {"batch": 1})
    bench.refuse(signed([item], lambda text: text[:63]), "bad_signature", "a short signature", {"batch": 1})
    bench.refuse(signed([item], algorithm="rot13"), "bad_signature", "an unknown algorithm", {"batch": 1})
    keys, peer.signing = peer.signing, lambda: client.Ed25519PrivateKey.from_private_bytes(bytes(32))
    bench.refuse(signed([item]), "bad_signature", "another key's signature", {"batch": 1})
    peer.signing = keys
    check(True, "a wrong signature refuses the whole batch, with its number")

    oversize = [item_of(peer, review()) + bytes(200_000) for _ in range(6)]
    peer.hello()
    peer.submit(oversize)
    check(wait_until(lambda: silent(peer), what="closed"), "a message over 1 MiB closes the connection")
    bench.unharmed("an oversize message")
    peer.hello()
    bench.reject(item_of(peer, review(summary="概" * 90_000)), "too_large", "", "an item over 256 KiB")
    check(True, "an item over 262,144 bytes is rejected as too_large")


def limits(bench):
    """More items in a batch, or without a receipt, than WELCOME allows; both limits are lowered for this."""
    peer, hub = bench.bad, bench.hub
    peer.hello()
    peer.submit([item_of(peer, review())] * 65)
    told = peer.receive(client.REFUSE)
    check(told[1] in ("batch_too_large", "malformed"), "65 items, which no hub allows, are refused", told)
    hub.configure(max_batch=30, window=20)
    hub.process.send_signal(signal.SIGHUP)
    wait_until(lambda: peer.hello() or peer.terms["window"] == 20, 10, 0.1, "the limits' reload")
    for count, code in ((31, "batch_too_large"), (21, "window_exceeded")):
        number = peer.submit([item_of(peer, review()) for _ in range(count)])
        told = peer.receive(client.REFUSE)
        check(told[1] == code and told[3]["batch"] == number, f"{count} items: {code}, with the batch's number", told)
        bench.unharmed(code)
    check(peer.ping(), "and the session goes on")
    bench.witness.submit([item_of(bench.witness, review(round=0)) for _ in range(60)])
    results, _ = bench.witness.receipt()
    check(len(results) == 60, "a session of before keeps what its WELCOME has granted")


def items(bench):
    """Items that are not a record at all."""
    peer = bench.bad
    peer.hello()
    good = item_of(peer, review())
    plain = msgpack.unpackb(good)
    text = good.replace("智能".encode(), b"\xe6\x99\xba\xc3\x28\x20")
    twice = b"\xde" + struct.pack(">H", len(plain) + 1) + good[3:] + msgpack.packb("round") + b"\x01"
    without_id = {key: value for key, value in plain.items() if key != "id"}
    nested = {**plain, "extra": [[[[[[[[[[1]]]]]]]]]]}
    require(good[0] == 0xde, "the record is a map16", good[:1])
    cases = [
        (good[:-1], "malformed", "", "a truncated record"), (good + b"\x00", "malformed", "", "trailing bytes"),
        (b"", "malformed", "", "an empty item"), (b"\xc1", "malformed", "", "an unused byte"),
        (b"\x80", "missing", "id", "an empty map"), (b"\x90", "malformed", "", "an array"),
        (b"\xdf\xff\xff\xff\xff", "malformed", "", "a map of 2^32-1"),
        (b"\x81\xa2id\xc6\xff\xff\xff\xff", "malformed", "", "a bin of 4 GiB"),
        (msgpack.packb(nested), "malformed", "extra", "ten levels deep"),
        (b"\x91" * 200_000, "malformed", "", "200,000 levels deep"),
        (msgpack.packb({**plain, "round": 1.0}), "malformed", "round", "a float"),
        (msgpack.packb({**plain, "extra": 0.5}), "malformed", "extra", "a float in an unknown key"),
        (msgpack.packb({**plain, "extra": msgpack.ExtType(5, b"x")}), "malformed", "extra", "an ext"),
        (msgpack.packb({**plain, 7: 1}), "malformed", "", "a number as key"),
        (twice, "duplicate_key", "round", "a key twice"),
        (text, "bad_utf8", "activity_title", "broken UTF-8"),
        (msgpack.packb(without_id), "missing", "id", "no id"),
        (msgpack.packb({**plain, "id": "text"}), "wrong_type", "id", "an id of text"),
        (msgpack.packb({**plain, "kind": "love_letter"}), "unknown_kind", "kind", "an unknown kind"),
        (msgpack.packb({**plain, "schema": 2}), "unknown_schema", "schema", "an unknown schema"),
        (msgpack.packb({**plain, "seq": 0}), "out_of_range", "seq", "sequence number 0"),
        (msgpack.packb({**plain, "seq": -1}), "wrong_type", "seq", "a negative sequence number"),
        (msgpack.packb({**plain, "submitter": "张伟"}), "wrong_type", "submitter", "a submitter of text"),
        (msgpack.packb({**plain, "submitter": {"name": "张伟"}}), "missing", "submitter", "a submitter without role"),
    ]
    for item, code, field, what in cases:
        anywhere(bench, item.replace(plain["id"], client.uuid7()), code, field, what)
    check(True, f"{len(cases)} items that are no record: each rejected by name, nothing changed, others served")


def anywhere(bench, item, code, field, what):
    """As reject(); for malformed bytes the field may be unnamed."""
    if code == "malformed":
        bench.bad.submit([item])
        (result,), _ = bench.bad.receipt()
        require(result[0] == 2 and result[3][0][0] == code, f"{what}: malformed", result)
        bench.unharmed(what)
    else:
        bench.reject(item, code, field, what)


REVIEW_RULES = [
    (dict(activity_title="一"), "too_short", "activity_title"), (dict(activity_title="一" * 201), "too_long", "activity_title"),
    (dict(activity_title=None), "missing", "activity_title"), (dict(activity_title=7), "wrong_type", "activity_title"),
    (dict(activity_title="e\u0301tude"), "not_nfc", "activity_title"),
    (dict(activity_title="智能\x07分诊"), "bad_character", "activity_title"),
    (dict(activity_no=""), "too_short", "activity_no"), (dict(activity_no="9" * 65), "too_long", "activity_no"),
    (dict(round=0), "out_of_range", "round"), (dict(round=100), "out_of_range", "round"), (dict(round="1"), "wrong_type", "round"),
    (dict(sector="space"), "bad_value", "sector"), (dict(lifecycle_phase="birth"), "bad_value", "lifecycle_phase"),
    (dict(summary="短"), "too_short", "summary"), (dict(summary="长" * 4001), "too_long", "summary"),
    (dict(applicant={}), "missing", "applicant"), (dict(applicant=None), "missing", "applicant"),
    (dict(funding="资" * 201), "too_long", "funding"), (dict(model_name="m" * 101), "too_long", "model_name"),
    (dict(data_sources="源" * 2001), "too_long", "data_sources"), (dict(personal_data=1), "wrong_type", "personal_data"),
    (dict(minors_involved=None), "missing", "minors_involved"), (dict(procedure="secret"), "bad_value", "procedure"),
    (dict(review_stage="first"), "bad_value", "review_stage"),
    (dict(delegated_to="914403001922038217"), "bad_check_digit", "delegated_to"),
    (dict(delegated_to="91440300192203821I"), "bad_format", "delegated_to"),
    (dict(applied_on="2026-02-30"), "bad_format", "applied_on"), (dict(applied_on="2026/01/02"), "bad_format", "applied_on"),
    (dict(accepted_on=day(41)), "bad_order", "accepted_on"), (dict(met_on=day(36)), "bad_order", "met_on"),
    (dict(decided_on=day(21)), "bad_order", "decided_on"), (dict(decided_on=day(-2)), "in_future", "decided_on"),
    (dict(decided_on=None), "missing", "decided_on"), (dict(members_present=None), "missing", "members_present"),
    (dict(members_present=4, votes_for=4), "rule", "members_present"), (dict(votes_for=4), "rule", "votes_for"),
    (dict(votes_for=8), "rule", "votes_for"), (dict(votes_for=None), "missing", "votes_for"),
    (dict(procedure="simplified", risk_grade="minimal"), "missing", "reviewers"),
    (dict(procedure="simplified", reviewers=2, risk_grade="high"), "rule", "risk_grade"),
    (dict(reviewers=1), "out_of_range", "reviewers"),
    (dict(rereview_list_item="public_opinion"), "rule", "procedure"),
    (dict(principles={"wellbeing": {"assessment": "met"}}), "missing", "principles"),
    (dict(risk_grade="extreme"), "bad_value", "risk_grade"),
    (dict(risks=[{"risk_subdomain": "1.1", "description": "d", "mitigation": "m"}] * 21), "too_long", "risks"),
    (dict(risks=[{"risk_subdomain": "9.9", "description": "d", "mitigation": "m"}]), "bad_value", "risks"),
    (dict(decision="suspended", rejection_reason="理由", next_follow_up_on=None), "rule", "decision"),
    (dict(decision="rejected", next_follow_up_on=None), "missing", "rejection_reason"),
    (dict(decision="approved_with_changes"), "missing", "conditions"),
    (dict(next_follow_up_on=None), "missing", "next_follow_up_on"),
    (dict(next_follow_up_on=day(-400)), "rule", "next_follow_up_on"),
    (dict(attachments=[{"sha256": b"short", "name": "a", "media_type": "a/b", "size": 1, "role": "plan"}]),
     "too_short", "attachments"),
]
WARNING_RULES = [
    (dict(action="shout"), "bad_value", "action"), (dict(action="update"), "missing", "refers_to"),
    (dict(refers_to=bytes(15)), "too_short", "refers_to"), (dict(status="draft"), "rule", "status"),
    (dict(headline="短"), "too_short", "headline"), (dict(headline="长" * 121), "too_long", "headline"),
    (dict(description="短"), "too_short", "description"), (dict(level=0), "out_of_range", "level"),
    (dict(level=5), "out_of_range", "level"), (dict(level="1"), "wrong_type", "level"),
    (dict(urgency="soon"), "bad_value", "urgency"), (dict(severity="bad"), "bad_value", "severity"),
    (dict(certainty="sure"), "bad_value", "certainty"), (dict(sector=None), "missing", "sector"),
    (dict(risk_domain="unknown"), "bad_value", "risk_domain"), (dict(risk_subdomain="2.1"), "rule", "risk_subdomain"),
    (dict(harm_kind=[]), "too_short", "harm_kind"), (dict(harm_kind=["fun"]), "bad_value", "harm_kind"),
    (dict(deaths=-1), "wrong_type", "deaths"), (dict(affected_people=10 ** 15), "out_of_range", "affected_people"),
    (dict(system_name="s" * 101), "too_long", "system_name"), (dict(discovered_at=None), "missing", "discovered_at"),
    (dict(discovered_at=moment(-NEAR_FUTURE)), "in_future", "discovered_at"),
    (dict(occurred_at=moment(0)), "bad_order", "discovered_at"),
    (dict(region=["33010"]), "bad_format", "region"), (dict(region=["330106"] * 51), "too_long", "region"),
    (dict(expires_at=moment(7_200_000)), "bad_order", "expires_at"), (dict(share_scope="world"), "bad_value", "share_scope"),
]


def rules(bench):
    peer = bench.bad
    for make, table in ((review, REVIEW_RULES), (warning, WARNING_RULES)):
        peer.hello()
        for changes, code, field in table:
            bench.reject(broken(peer, make, changes), code, field, f"{make.__name__} {changes}"[:90])
        check(True, f"{len(table)} rules of a {make.__name__}, each broken once: named with code and field")
    peer.submit([item_of(peer, warning(action="update", refers_to=str(uuid.uuid4())))])
    (result,), _ = peer.receipt()
    check(result[0] == 2 and result[3][0][0] == "unknown_reference", "an update of nothing: unknown_reference", result)
    one = review()
    peer.submit([item_of(peer, one), item_of(peer, one)])
    results, _ = peer.receipt()
    check(results[0][0] == 0 and results[1][0] == 2 and results[1][3][0][0] == "not_unique", "the same review number, "
          "stage and round again: not_unique", results)
    bench.before = bench.hub.state()


def advice(site, hub):
    """What a rule only advises: the record is stored, and the operator is told."""
    with open(f"{os.path.dirname(__file__)}/../data/kinds/committee_registration.jsonl", encoding="utf-8") as file:
        record = json.loads(file.readline())
    agent = site.agent(hub)
    men = {**record, "members": [{**member, "gender": "male"} for member in record["members"]]}
    name = agent.submit(men)[0]
    agent.sync()
    told = hub.cli_json("show", name)["advice"]
    check([one["field"] for one in told] == ["members"] and "woman" in told[0]["reason"],
          "a committee of men alone is filed, and the operator is told what is advised", told)
    check("advice: members" in hub.cli("show", name).stdout, "in words too")


def broken(peer, make, changes):
    """The item with the changes put in as they are, past every conversion."""
    raw = {key: value for key, value in changes.items() if isinstance(value, bytes) or isinstance(value, list)}
    fields = msgpack.unpackb(item_of(peer, make(**{key: value for key, value in changes.items() if key not in raw})))
    return msgpack.packb({**fields, **raw})


def test(site):
    bench = Bench(site)
    for part in (frames, batches, items, rules, limits):
        part(bench)
    witness = bench.witness
    witness.submit([item_of(witness, review()), item_of(witness, warning())])
    results, _ = witness.receipt()
    check([result[0] for result in results] == [0, 0], "after all that a good batch is stored", results)
    advice(site, bench.hub)
    print(f"{bench.count} times compared: the hub served others and its store was unchanged")


if __name__ == "__main__":
    main(test)
