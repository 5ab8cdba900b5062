"""What the parties of the scripted year do in one step: sound filings for the most part, late ones, and mistakes."""
import year_records as make
from harness import SUBMITTER, changed
from year_dates import DAY_MS, HOUR_MS, Quarter, date_at, days_after, iso
from year_life import LIVES


def named(rng, thread):
    """Any record of the thread's owner that names it: the first or a later one."""
    own = [taken.record["id"] for taken in thread.records
           if taken.filer is thread.owner and taken.record["kind"] == thread.kind]
    return rng.choice(own)


def pick(rng, threads, kind, *states):
    found = [thread for thread in threads if thread.kind == kind and (not states or thread.state in states)]
    return rng.choice(found[-30:]) if found else None


class InstitutionActs:
    """One institution's year. Filings that wait in its queue are not known to the recount yet: `busy` holds the threads
    that they are about, so that one step does not build on another that may be refused."""

    def __init__(self, peer, world):
        self.peer, self.world, self.rng, self.activities, self.busy = peer, world, world.rng, 0, set()

    def threads(self):
        waiting = {id(thread) for thread in self.busy}
        return [thread for thread in self.world.recount.of_owner[self.peer.party] if id(thread) not in waiting]

    def go_on(self, thread, record, key="replaces"):
        self.busy.add(thread)
        self.peer.accept({key: named(self.rng, thread), **record})

    def step(self, count):
        if not self.peer.queue:
            self.busy = set()
        for _ in range(count):
            if len(self.peer.queue) < 60:
                self.rng.choice(ACTS)(self)

    def new_report(self):
        self.activities += 1
        self.peer.accept(make.report(self.rng, self.world.clock.now, f"伦审-{self.activities:04d}"))

    def raise_warning(self):
        self.peer.accept(make.raised(self.rng, self.world.clock.now))

    def decide(self):
        open_ones = [thread for thread in self.threads() if thread.kind == "review_report"
                     and "decision" not in thread.content.record and thread.state != "withdrawn"]
        if open_ones:
            thread = self.rng.choice(open_ones)
            record = make.decided_report(self.rng, self.world.clock.now, content(thread))
            if record:
                self.go_on(thread, record)

    def amend(self):
        thread = pick(self.rng, self.threads(), "review_report", "filed", "returned", "accepted")
        if thread:
            self.go_on(thread, changed(content(thread), {"sector": self.rng.choice(make.SECTORS)}))

    def follow_up(self):
        approved = [thread for thread in self.threads() if thread.kind == "review_report"
                    and thread.content.record.get("decision") in make.APPROVED and thread.state != "withdrawn"]
        if approved:
            thread = self.rng.choice(approved)
            record = thread.content.record
            rounds = 1 + sum(other.content.record["review_stage"] in ("follow_up", "closing")
                             for other in self.world.recount.activities[self.peer.party, record["activity_no"]])
            if rounds < 90:
                self.busy.update(self.world.recount.activities[self.peer.party, record["activity_no"]])
                stage = "closing" if self.rng.random() < 0.2 else "follow_up"
                self.peer.accept(make.report(self.rng, self.world.clock.now, record["activity_no"], stage,
                                             (record["procedure"], record["rereview_list_item"]), rounds))

    def register_platform(self):
        for thread in self.threads():
            record = thread.content.record
            if (thread.kind == "review_report" and record["rereview_list_item"] != "none" and thread.state != "withdrawn"
                    and record.get("decision") in make.APPROVED and "platform_registered_on" not in record):
                return self.go_on(thread, {**content(thread), "platform_registered_on": str(date_at(self.world.clock.now))})

    def ask_rereview(self):
        for thread in reversed(self.threads()):
            record = thread.content.record
            if (thread.kind == "review_report" and record["rereview_list_item"] != "none" and thread.state != "withdrawn"
                    and thread not in self.world.recount.links and self.rng.random() < 0.6):
                self.busy.add(thread)
                return self.peer.accept(make.rereview(self.rng, thread, named(self.rng, thread), self.world.clock.now))

    def next_warning(self, action, **changes):
        thread = pick(self.rng, self.threads(), "risk_warning")
        if thread:  # where its state does not allow it, the recount says so
            self.go_on(thread, {**content(thread), "action": action, **changes}, "refers_to")

    def update_warning(self):
        self.next_warning("update", level=self.rng.randint(1, 4))

    def cancel_warning(self):
        self.next_warning("cancel")

    def handle_warning(self):
        self.next_warning("handle")

    def acknowledge_own(self):  # not theirs to do
        self.next_warning("acknowledge")

    def withdraw(self):
        kind = self.rng.choice(("review_report", "review_report", "zero_report", "rereview_request", "annual_report"))
        thread = pick(self.rng, self.threads(), kind)
        if thread:
            self.go_on(thread, {"kind": "withdrawal", "submitter": dict(SUBMITTER)})

    def report_zero(self):
        quarter = str(Quarter.of(days_after(date_at(self.world.clock.now), -self.rng.choice((0, 12, 25)))))
        self.peer.accept(make.zero(quarter, self.rng.choice(("both", "both", "warnings"))))

    def report_year(self):
        if date_at(self.world.clock.now).month in (1, 2, 3, 4):
            self.peer.accept(make.annual(date_at(self.world.clock.now).year - 1))

    def register(self):
        thread = pick(self.rng, self.threads(), "entity_registration", "filed", "returned", "accepted")
        if thread is None:
            self.peer.accept(make.registration(self.peer.party))
        else:
            sectors, moves = self.rng.sample(make.SECTORS, 2), {}
            if self.rng.random() < 0.5:
                moves = {"entity_type": self.rng.choice(make.KINDS), "district": self.rng.choice(make.DISTRICTS)}
            self.go_on(thread, make.registration(self.peer.party, sectors=sectors, **moves))

    def register_committee(self):
        thread = pick(self.rng, self.threads(), "committee_registration", "filed", "returned", "accepted")
        if thread is None:
            ago = self.rng.randint(0, 45)
            self.peer.accept(make.committee(days_after(date_at(self.world.clock.now), -ago),
                                            "ZJ-001" if self.rng.random() < 0.3 else None))
        elif "registered_platform_no" not in thread.content.record:
            self.go_on(thread, {**content(thread), "registered_platform_no": "ZJ-002"})

    def respond(self):
        told = [(thread, delivery) for thread, parties in self.world.recount.deliveries.items()
                for party, delivery in parties.items() if party is self.peer.party]
        for thread, delivery in self.rng.sample(told, min(3, len(told))):
            addressed = {"addressee": thread.owner.name, "refers_to": thread.root, "submitter": dict(SUBMITTER)}
            if thread.kind == "notice" and self.rng.random() < 0.6:
                self.peer.accept({"kind": "notice_answer", "note": "已完成。", **addressed})
            else:
                self.peer.accept({"kind": "notice_read", "read_at": iso(self.world.clock.now), **addressed})

    def mistake(self):
        code, spoil = self.rng.choice(make.SPOILED)
        self.activities += 1
        record = make.report(self.rng, self.world.clock.now - 90 * DAY_MS, f"误-{self.activities:04d}")
        if code in ("bad_order", "rule"):
            record = {**record, "procedure": "general", "rereview_list_item": "none", "accepted_on": record["applied_on"]}
        spoil(record)
        self.peer.accept(record, spoiled=code)

    def lost_reference(self):
        self.peer.accept({"kind": "withdrawal", "submitter": dict(SUBMITTER),
                          "replaces": make.make_id(self.rng, self.world.clock.now)})

    def repeat(self):
        if self.peer.filed:
            self.peer.repeat(self.rng.choice(self.peer.filed), self.rng.random() < 0.3)


def content(thread):
    """The fields that a next record of the thread says again."""
    own = ("id", "schema", "seq", "created_at", "refers_to", "replaces", "reason", "addressee")
    return {key: value for key, value in thread.content.record.items() if key not in own}


FREQUENT = (InstitutionActs.new_report, InstitutionActs.raise_warning, InstitutionActs.decide, InstitutionActs.ask_rereview)
ACTS = FREQUENT * 3 + FREQUENT[:2] * 3 + (
    InstitutionActs.amend, InstitutionActs.follow_up, InstitutionActs.follow_up, InstitutionActs.register_platform,
    InstitutionActs.update_warning, InstitutionActs.update_warning, InstitutionActs.cancel_warning,
    InstitutionActs.handle_warning, InstitutionActs.acknowledge_own, InstitutionActs.withdraw, InstitutionActs.report_zero,
    InstitutionActs.report_year, InstitutionActs.register, InstitutionActs.register_committee, InstitutionActs.respond,
    InstitutionActs.respond, InstitutionActs.mistake, InstitutionActs.lost_reference, InstitutionActs.repeat)
AGENT_ACTS = (InstitutionActs.new_report, InstitutionActs.raise_warning)


class AgentActs(InstitutionActs):
    """The real agents file new records alone: the agent itself refuses mistakes, which other tests show."""

    def step(self, count):
        for _ in range(count):
            self.rng.choice(AGENT_ACTS)(self)


class CityActs:
    def __init__(self, city, world):
        self.city, self.world, self.rng = city, world, world.rng

    def step(self):
        threads, rng = self.world.recount.threads, self.rng
        for thread in dict.fromkeys(threads[-60:] + rng.sample(threads, min(15, len(threads)))):
            if thread.owner.role == "entity" and "return_for_correction" in LIVES[thread.kind]:
                self.answer_filing(thread)
            elif thread.kind == "risk_warning":
                self.answer_warning(thread)
            elif thread.kind == "rereview_request" and rng.random() < 0.25:
                self.city.file(make.opinion(rng, thread, self.world.clock.now))
        if rng.random() < 0.3:
            parties = [party.name for party in self.world.recount.parties.values() if party.role == "entity"]
            self.city.file(make.notice(rng, self.world.clock.now, parties))
        if rng.random() < 0.1:
            self.change_issue()
        self.plan()
        self.city.flush()

    def answer_filing(self, thread):
        dice, target = self.rng.random(), {"addressee": thread.owner.name, "refers_to": thread.root}
        by = {"submitter": dict(SUBMITTER)}
        if dice < 0.04:
            self.city.verb({"kind": "acceptance", **target, **by}, "accept", thread.root)
        elif dice < 0.3 or thread.kind == "entity_registration":
            self.city.file({"kind": "acceptance", **target, **by})
        elif dice < 0.33:
            fault = {"field": "summary", "reason": "目的不清"}
            self.city.verb({"kind": "return_for_correction", "faults": [fault], **target, **by}, "return", thread.root,
                           "summary=目的不清")
        elif dice < 0.4:
            self.city.file({"kind": "return_for_correction", "faults": [{"field": "summary", "reason": "目的不清"}], **target,
                            **by})

    def answer_warning(self, thread):
        dice, target = self.rng.random(), {"addressee": thread.owner.name, "refers_to": thread.root}
        if dice < 0.45:
            action = self.rng.choice(("acknowledge", "acknowledge", "handle", "resolve"))
            record = {**content(thread), "action": action, **target}
            if self.rng.random() < 0.2:
                self.city.verb(record, action, thread.root)
            else:
                self.city.file(record)
        elif dice < 0.5:
            self.city.file({**content(thread), "action": "update", "level": self.rng.randint(1, 4), **target})
        elif dice < 0.52:
            self.city.file({**content(thread), "action": "cancel", **target})
        elif dice < 0.6 and thread.content.record["share_scope"] != "city_only" and thread.root not in self.world.shared:
            self.share(thread)

    def share(self, thread):
        """Once a warning: there is one copy, which a second time would bring up to date."""
        self.world.shared.add(thread.root)
        record = thread.content.record
        audience = {"sectors": [record["sector"]]} if record["share_scope"] == "affected_sectors" else {}
        shared = {"kind": "shared_warning", "source_id": thread.root, "audience": audience}
        self.city.verb(shared, "share", thread.root)

    def change_issue(self):
        """A notice is withdrawn, or superseded."""
        thread = pick(self.rng, self.world.recount.of_owner[self.city.party], self.rng.choice(("notice", "shared_warning")))
        if thread is None:
            return
        if self.rng.random() < 0.5 or thread.kind == "shared_warning":
            self.city.file({"kind": "withdrawal", "submitter": dict(SUBMITTER), "replaces": thread.root, "reason": "已过时"})
        else:
            record = {**content(thread), "supersedes": thread.root}
            if record["must_answer"]:
                record["due_at"] = iso(self.world.clock.now + self.rng.randint(24, 400) * HOUR_MS)
            self.city.file(record)

    def plan(self):
        thread = pick(self.rng, self.world.recount.of_owner[self.city.party], "city_plan", "current")
        if thread is None:
            self.city.file(make.plan())
        elif self.rng.random() < 0.05:
            self.city.file({"kind": "plan_progress", "submitter": dict(SUBMITTER), "refers_to": thread.root,
                            "as_of": str(date_at(self.world.clock.now)), "items": [{"no": "1", "state": "ongoing"}]})


class ProvinceActs:
    """The province as a party: acknowledges grave warnings, gives opinions, sends notices."""

    def __init__(self, peer, world):
        self.peer, self.world, self.rng = peer, world, world.rng

    def step(self):
        rng, now, done = self.rng, self.world.clock.now, set()
        for thread in self.world.recount.threads[-80:]:
            if thread in done or len(self.peer.queue) > 50:
                continue
            if thread.kind == "risk_warning" and thread.is_up and thread.owner.role == "entity" and rng.random() < 0.2:
                self.peer.accept({**content(thread), "action": "acknowledge", "addressee": thread.owner.name,
                                  "refers_to": thread.root})
                done.add(thread)
            elif thread.kind == "rereview_request" and rng.random() < 0.2:
                self.peer.accept(make.opinion(rng, thread, now))
                done.add(thread)
        if rng.random() < 0.15:
            parties = [party.name for party in self.world.recount.parties.values() if party.role == "entity"]
            self.peer.accept(make.notice(rng, now, parties))
        if rng.random() < 0.08:
            self.peer.accept(make.raised(rng, now))
