"""The independent recount of the scripted year: threads, figures, deliveries and inboxes, from the script's own list of
what was filed and when the hub took it. It follows docs/records.md and PROTOCOL.md sections 6 and 7, not the hub's code.

Records are dicts in their JSON form. The order of take() is the order in which the hub took them."""
import copy
from collections import Counter, defaultdict

import year_life as life
from year_clocks import Clocks
from year_dates import MINUTE_MS, date_at, parse_date, parse_moment


class Party:
    def __init__(self, name, role, kind="", sectors=(), district="", added_at=0):
        self.name, self.role, self.kind, self.sectors, self.district = name, role, kind, list(sectors), district
        self.added_at, self.joined_at, self.state = added_at, None, "invited"
        self.inbox = []  # events as inbox_key() knows them
        self.before = []  # (number and moment of the acceptance that ended it, kind, district)

    def become(self, taken, kind, district):
        """An accepted registration changes what the registry says, and nothing that was counted before."""
        if (kind, district) != (self.kind, self.district):
            self.before.append((taken.number, taken.at, self.kind, self.district))
        self.kind, self.district = kind, district

    def kind_then(self, number):
        """As the record of this number met it."""
        return next((kind for ended, _, kind, _ in self.before if number <= ended), self.kind)

    def facts_at(self, moment):
        """(kind, district)"""
        return next(((kind, district) for _, ended, kind, district in self.before if moment <= ended),
                    (self.kind, self.district))


class Taken:
    """One record that the hub took."""

    def __init__(self, number, at, filer, record, thread):
        self.number, self.at, self.filer, self.record, self.thread = number, at, filer, record, thread


class Thread:
    def __init__(self, owner, about, root, kind):
        self.owner, self.about, self.root, self.kind = owner, about, root, kind
        self.records, self.contents, self.content, self.state = [], [], None, None
        self.reviewed = None  # of a re-review: the report's thread
        self.reached, self.graded_at, self.registered_at = {}, None, None
        self.acknowledged_at = self.resolved_at = 0
        self.is_up = False
        self.origin, self.at, self.moments = self, None, []  # as it stood after each of its records

    def __eq__(self, other):
        return isinstance(other, Thread) and self.origin is other.origin

    def __hash__(self):
        return id(self.origin)

    @property
    def received_at(self):
        return self.records[0].at

    def step(self, taken, step):
        self.records.append(taken)
        if step.is_content:
            if not self.content or self.content.record.get("level") != taken.record.get("level"):
                self.graded_at = taken.at
            self.content = taken
            self.contents.append(taken)
            if "registered_platform_no" in taken.record and self.registered_at is None:
                self.registered_at = taken.at
        if step.to:
            self.state = step.to
            self.reached.setdefault(step.to, taken.at)
        if self.kind == "risk_warning" and step.to == "resolved":
            self.resolved_at = taken.at
        if self.kind == "risk_warning" and step.to == "acknowledged" and not self.acknowledged_at:
            self.acknowledged_at = taken.at
        self.at = taken.at
        moment = copy.copy(self)
        moment.reached = dict(self.reached)
        self.moments.append(moment)

    def is_rehearsal(self):
        return self.content.record.get("rehearsal", False)


class Delivery:
    def __init__(self, at, day, category, kind):
        self.at, self.day, self.category, self.kind = at, day, category, kind
        self.delivered_at, self.opened_at, self.answered_at = 0, 0, 0

    def state(self):
        return ("answered" if self.answered_at else "opened" if self.opened_at else "delivered" if self.delivered_at
                else "sent")


class Recount:
    def __init__(self, city, working_days):
        self.city, self.parties, self.threads, self.taken = city, {city.name: city}, [], []
        self.by_id = {}      # (party, id) -> Thread, for every record by its filer
        self.keys = {}       # (party, kind, key) -> Thread
        self.links = {}      # thread that is named -> [(thread of a record that names it, that one's moment)]
        self.deliveries = defaultdict(dict)  # thread -> {party: Delivery}
        self.of_owner = defaultdict(list)
        self.activities = defaultdict(list)  # (party, review number) -> the threads that began with it
        self.uplink = []
        self.clocks = Clocks(self, working_days)

    def add(self, party):
        self.parties[party.name] = party
        return party

    def stand(self, party, state, at, reason=""):
        """The operator stops, resumes or revokes a party, or it joins."""
        party.state = state
        if state == "active" and party.joined_at is None:
            party.joined_at = at
        party.inbox.append(("entity_state", at, state, reason))

    # ---- what a record does ----

    def find(self, filer, record, reference):
        """The thread that a reference means; None: there is none."""
        owner = self.parties.get(record["addressee"]) if "addressee" in record else filer
        if owner is None:
            return None
        thread = self.by_id.get((owner.name, reference))
        for other in (filer, self.city):
            if thread is None:
                thread = self.by_id.get((other.name, reference))
        return thread if thread and thread.owner is owner else None

    def judge(self, filer, record):
        """(fault code or None, thread that it goes on with or None, step)"""
        kind, reference = record["kind"], life.reference(record)
        if filer.role not in life.FILERS[kind]:
            return "record_not_permitted", None, None
        if reference is None:
            step = life.beginning(record)
            if step is None or filer.role not in step.by:
                return "record_not_permitted", None, None
            if "addressee" in record and record["addressee"] not in self.parties:
                return "unknown_reference", None, None
            thread = None
        else:
            thread = self.find(filer, record, reference)
            step = thread and life.going_on(thread.kind, record)
            if step is None:
                return "unknown_reference", None, None
            if not self.may(filer, thread, step):
                return "record_not_permitted", None, None
            if thread.state not in step.origins:
                return "illegal_transition", None, None
        if "report_id" in record and self.linked(filer, record) is None:
            return "unknown_reference", None, None
        holder = self.keys.get(self.key_of(filer, record))
        if holder and holder is not thread and holder.state not in life.UNCOUNTED:
            return "not_unique", None, None
        return None, thread, step

    def may(self, filer, thread, step):
        if filer.role not in step.by:
            return False
        if step.whose == life.OWN:
            return thread.owner is filer or (filer.role == "city" and thread.owner.role == "entity")
        return step.whose == life.ANY or filer in self.deliveries[thread]

    def linked(self, filer, record):
        about = self.parties.get(record.get("addressee"), filer)
        return self.by_id.get((about.name, record["report_id"]))

    def key_of(self, filer, record):
        if record["kind"] not in life.KEYS:
            return None
        return filer.name, record["kind"], tuple(record[field] for field in life.KEYS[record["kind"]])

    def take(self, filer, record, at):
        """Takes one sound record; the fault's code where the hub has to refuse it, None where it is stored."""
        fault, thread, step = self.judge(filer, record)
        if fault:
            return fault
        if thread is None:
            about = self.parties[record["addressee"]] if "addressee" in record else None
            thread = Thread(filer, about if about is not filer else None, record["id"], record["kind"])
            self.threads.append(thread)
            self.of_owner[filer].append(thread)
            if "activity_no" in record:
                self.activities[filer, record["activity_no"]].append(thread)
        taken = Taken(len(self.taken) + 1, at, filer, record, thread)
        self.taken.append(taken)
        was_up = thread.is_up
        thread.step(taken, step)
        self.by_id[filer.name, record["id"]] = thread
        if self.key_of(filer, record):
            self.keys[self.key_of(filer, record)] = thread
        if "report_id" in record:
            report = self.linked(filer, record)
            self.links.setdefault(report, []).append((thread, at))
            thread.reviewed = report
            self.clocks.touch(report)
        if record["kind"] == "acceptance" and thread.kind == "entity_registration":
            self.register(thread, taken)
        self.deliver(taken, thread, step)
        self.pass_up(taken, thread, was_up)
        self.clocks.note(taken)
        return None

    def register(self, thread, taken):
        fields = thread.content.record
        thread.owner.become(taken, fields["entity_type"], fields["district"])
        thread.owner.sectors = fields["sectors"]

    def received(self, party, at):
        """Its side has everything durably that is in its inbox."""
        for told in self.deliveries.values():
            if party in told and not told[party].delivered_at:
                told[party].delivered_at = at

    def rename(self, taken, name):
        """A record that the hub made got its id from the hub."""
        del self.by_id[taken.filer.name, taken.record["id"]]
        taken.record["id"] = taken.thread.root = name
        self.by_id[taken.filer.name, name] = taken.thread

    # ---- inboxes and uplink ----

    def deliver(self, taken, thread, step):
        if step.whose == life.DELIVERED:
            delivery = self.deliveries[thread][taken.filer]
            delivery.delivered_at = delivery.delivered_at or taken.at
            delivery.opened_at = delivery.opened_at or taken.at
            if taken.record["kind"] == "notice_answer":
                delivery.answered_at = delivery.answered_at or taken.at
            return
        if taken.filer.role == "entity":
            return
        if thread.kind not in ("notice", "shared_warning"):
            told = [party for party in (thread.owner, thread.about)
                    if party and party is not taken.filer and party.role == "entity"]
        elif step.is_content:
            told = [party for party in self.parties.values() if is_addressed(taken.record.get("audience", {}), party)]
            for party in told:
                category = "" if taken.record.get("rehearsal") else taken.record.get("category", "-")
                self.deliveries[thread].setdefault(party, Delivery(taken.at, created_on(taken.record), category,
                                                                        party.kind))
        else:
            told = list(self.deliveries[thread])
        for party in told:
            party.inbox.append(("record", taken, thread.state))

    def pass_up(self, taken, thread, was_up):
        """Data dictionary section 5: what the province is told one by one."""
        if thread.kind == "risk_warning":
            thread.is_up = was_up or (is_grave(thread.content.record) and not thread.is_rehearsal())
            goes = thread.is_up or is_grave(taken.record)
        elif taken.record["kind"] in ("notice_answer", "notice_read"):
            goes = thread.owner.role == "province"
        else:
            goes = thread.kind in ("rereview_request", "city_plan")
        if goes and not taken.record.get("rehearsal"):
            self.uplink.append(("record", taken, thread.state))

    # ---- figures ----

    def is_late(self, thread, party, now):
        clock = self.clocks.rows.get((party, thread), {}).get("answer_notice")
        return clock is not None and not clock.ended and clock.state(now) == "overdue"

    def each_delivery(self):
        for thread, told in self.deliveries.items():
            for party, delivery in told.items():
                yield thread, party, delivery

    def cells(self, now):
        """{family: {(day, dims...): (count, sum)}}"""
        families = {name: Counter() for name in ("review", "warning", "rereview", "record", "notice")}
        sums = {name: Counter() for name in families}
        for thread in self.threads:
            if thread.state in life.UNCOUNTED or thread.is_rehearsal():
                continue
            family, key, total = cell_of(thread)
            families[family][key] += 1
            sums[family][key] += total
        for thread, party, delivery in self.each_delivery():
            if delivery.category and thread.state not in life.UNCOUNTED:
                cell = str(delivery.day), delivery.category, delivery.kind
                families["notice"][*cell, delivery.state()] += 1
                families["notice"][*cell, "late"] += self.is_late(thread, party, now)
        counted = {name: {key: (count, sums[name][key]) for key, count in cells.items()}
                   for name, cells in families.items()}
        for name, cells in (("clock", self.clocks.cells(now)), ("completeness", self.clocks.completeness())):
            counted[name] = {key: (count, 0) for key, count in cells.items()}
        return {family: {key: cell for key, cell in cells.items() if cell[0]} for family, cells in counted.items()}


def is_addressed(audience, party):
    def names(key, codes):
        return not audience.get(key) or set(audience[key]) & set(codes)
    return (party.role == "entity" and party.state != "revoked" and names("entity_types", [party.kind])
            and names("districts", [party.district]) and names("entities", [party.name])
            and names("sectors", party.sectors))


def is_grave(record):
    return record.get("level", 9) <= 2 or record.get("share_scope") == "province"


def created_on(record):
    return date_at(parse_moment(record["created_at"]))


def cell_of(thread):
    """(family, (day, dims...), sum)"""
    record = thread.content.record
    subject = thread.about if thread.about and thread.owner.role != "entity" else thread.owner
    kind = subject.kind_then(thread.content.number)
    if thread.kind == "review_report":
        decided, accepted = record.get("decided_on"), record.get("accepted_on")
        total = (parse_date(decided) - parse_date(accepted)).days if decided and accepted else 0
        return "review", (decided or record["applied_on"], record["sector"], kind, record["procedure"],
                          record.get("decision", "-"), record["rereview_list_item"], record["review_stage"]), total
    if thread.kind == "risk_warning":
        until = thread.resolved_at or thread.acknowledged_at
        day = date_at(parse_moment(record["discovered_at"]))
        return "warning", (str(day), record["sector"], kind, record["risk_domain"], str(record["level"]),
                           record["status"], thread.state), (until - thread.received_at) // MINUTE_MS if until else 0
    if thread.kind == "rereview_request":
        return rereview_cell(thread, record, kind)
    return "record", (str(created_on(record)), thread.kind, kind, thread.state), 0


def rereview_cell(thread, record, kind):
    report = [taken for taken in thread.reviewed.contents if taken.number < thread.content.number][-1].record
    opinion = next((taken.record for taken in thread.records if taken.record["kind"] == "rereview_decision"), {})
    received = parse_date(record["received_on"]) if "received_on" in record else date_at(thread.received_at)
    decided = opinion.get("decided_on")
    day = decided or record.get("received_on") or created_on(record)
    return "rereview", (str(day), report["sector"], kind, record["rereview_list_item"],
                        opinion.get("opinion", "-")), (parse_date(decided) - received).days if decided else 0
