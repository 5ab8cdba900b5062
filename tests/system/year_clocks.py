"""The statutory clocks of the scripted year, reckoned again: docs/clocks.md and the data dictionary, section 6. Each term
is a function of a thread; each alert a row. The holidays are the site's calendar file."""
from collections import Counter

from year_dates import (HOUR_MS, Quarter, date_at, day_end, day_start, days_after, iso, months_after, parse_date,
                        parse_moment)

INSTITUTION, PROVINCE, NOBODY = {"entity"}, {"province"}, set()
# term: (days or hours before, told), ...; told when overdue; told again after the same length
ALERTS = {
    "decision_general": ([("days", 5)], INSTITUTION, None), "decision_simplified": ([("days", 5)], INSTITUTION, None),
    "decision_emergency": ([("hours", 12)], PROVINCE, None), "rereview_request": ([("days", 1)], INSTITUTION, None),
    "rereview_request_emergency": ([], INSTITUTION, None), "expert_rereview": ([], PROVINCE, None),
    "expert_rereview_emergency": ([], PROVINCE, None), "follow_up": ([("days", 30)], INSTITUTION, None),
    "follow_up_listed": ([("days", 30)], INSTITUTION, None), "committee_registration": ([("days", 7)], INSTITUTION, None),
    "listed_registration": ([("days", 7)], INSTITUTION, None),
    "annual_report": ([("days", 30), ("days", 7)], NOBODY, None), "periodic_report": ([("days", 3)], INSTITUTION, None),
    "answer_notice": ([("days", 2)], NOBODY, None), "acknowledge_1": ([], NOBODY, PROVINCE),
    "acknowledge_2": ([], NOBODY, PROVINCE), "acknowledge_3": ([], NOBODY, None), "acknowledge_4": ([], NOBODY, None),
}
ACKNOWLEDGE_HOURS = {1: 1, 2: 4, 3: 24, 4: 72}
APPROVED = ("approved", "approved_with_changes")
REPORTS = ("review_report", "risk_warning", "zero_report")


def acknowledged(thread):
    return min((thread.reached[state] for state in ("acknowledged", "handling", "resolved") if state in thread.reached),
               default=0)


class Clock:
    """One duty. `ended` 0: not yet. `done`: alerts that were given, or overtaken."""

    def __init__(self, term, started, due, ended, is_void, is_drill):
        self.term, self.started, self.due, self.ended, self.is_void, self.is_drill = term, started, due, ended, is_void, is_drill
        self.done, self.period = 0, None

    def state(self, now):
        if self.is_void:
            return "void"
        return "overdue" if (self.ended or now) > self.due else "met" if self.ended else "open"

    def alerts(self):
        """(stage, told, moment) in order; reminders that would stand before the start are none."""
        before, overdue, again = ALERTS[self.term]
        rows = []
        for unit, count in before:
            moment = (self.due - count * HOUR_MS if unit == "hours"
                      else day_start(days_after(date_at(self.due), -count)))
            rows.append(("before", INSTITUTION, moment) if moment >= self.started else None)
        rows.append(("overdue", overdue, self.due + 1))
        if again:
            rows.append(("escalated", again, self.due + 1 + self.due - self.started))
        return rows

    def give(self, now):
        """The alerts to be given at this look: of reminders only the newest, and none once it is overdue."""
        rows = self.alerts()
        come = [index for index in range(self.done, len(rows)) if rows[index] and rows[index][2] <= now]
        if self.is_void or self.ended or not come:
            return []
        self.done = come[-1] + 1
        return [rows[index] for index in come if rows[index][0] != "before" or index == come[-1]]


class Clocks:
    def __init__(self, recount, working_days):
        self.recount, self.working = recount, working_days
        self.rows = {}      # (holder, thread or period's text) -> {term: Clock}
        self.waiting = {}   # (holder, thread or period's text, term) -> Clock: those that may have to alert
        self.reported = {}  # (party, term, period's text) -> [moment, is_zero]
        self.touched, self.cases = [], []

    def touch(self, thread):
        if thread not in self.touched:
            self.touched.append(thread)

    # ---- records ----

    def note(self, taken):
        """What a record means for clocks: its own thread's, an activity's, a period's."""
        record = taken.record
        self.touch(taken.thread)
        told = taken.thread.content.record if record["kind"] == "withdrawal" else record
        if told["kind"] == "review_report":
            for thread in self.recount.activities[taken.filer, told["activity_no"]]:
                self.touch(thread)
        if record["kind"] == "withdrawal" and taken.thread.reviewed:
            self.touch(taken.thread.reviewed)
        if taken.filer.role == "entity" and not record.get("rehearsal"):
            self.note_report(taken)

    def note_report(self, taken):
        record = taken.record
        if record["kind"] == "annual_report":
            self.reported.setdefault((taken.filer, "annual_report", str(record["year"])), [taken.at, False])
        if record["kind"] not in REPORTS or record["kind"] == "risk_warning" and record["status"] != "actual":
            return
        is_zero = record["kind"] == "zero_report"
        if is_zero:
            period = record["period"]
        elif record["kind"] == "review_report":
            period = str(Quarter.of(parse_date(record.get("decided_on") or record["applied_on"])))
        else:
            period = str(Quarter.of(date_at(parse_moment(record["discovered_at"]))))
        entry = self.reported.setdefault((taken.filer, "periodic_report", period), [taken.at, is_zero])
        entry[1] = entry[1] and is_zero

    # ---- the terms ----

    def of_thread(self, thread, holder):
        """[(term, started, due, ended)] that the thread sets running for the holder."""
        maker = getattr(self, thread.kind, None)
        return maker(thread, thread.content.record, holder) if maker else []

    def review_report(self, thread, record, _):
        found = []
        procedure, decision, listed = record["procedure"], record.get("decision"), record["rereview_list_item"] != "none"
        is_new = record["review_stage"] not in ("follow_up", "closing")
        decided = parse_date(record["decided_on"]) if "decided_on" in record else None
        ended = day_start(decided) if decided else 0
        if "accepted_on" in record and procedure != "expert_rereview":
            accepted = parse_date(record["accepted_on"])
            due = (day_end(accepted) + 72 * HOUR_MS if procedure == "emergency" else day_end(days_after(accepted, 30)))
            found.append((f"decision_{procedure}", day_start(accepted), due, ended))
        if listed and is_new and decision not in ("rejected", "resubmit"):
            received, asked = thread.received_at, self.asked(thread)
            found.append(("rereview_request_emergency", received, received + 6 * HOUR_MS, asked) if procedure == "emergency"
                         else ("rereview_request", received, day_end(self.working.after(date_at(received), 3)), asked))
        if decision in APPROVED and record["review_stage"] != "closing":
            due = (parse_date(record["next_follow_up_on"]) if "next_follow_up_on" in record
                   else months_after(decided, 6 if listed else 12))
            found.append(("follow_up_listed" if listed else "follow_up", day_start(decided), day_end(due),
                          self.followed_up(thread)))
        if decision in APPROVED and listed and is_new:
            registered = record.get("platform_registered_on")
            found.append(("listed_registration", day_start(decided), day_end(days_after(decided, 30)),
                          day_start(parse_date(registered)) if registered else 0))
        return found

    @staticmethod
    def counts(other, thread):
        """What another thread says of this one: nothing once it is withdrawn, nor of what is real where it rehearses."""
        return other.state != "withdrawn" and (not other.is_rehearsal() or thread.origin.is_rehearsal())

    def asked(self, thread):
        return next((at for other, at in self.recount.links.get(thread, ()) if self.counts(other, thread)), 0)

    def followed_up(self, thread):
        """When the activity's next report at stage follow_up or closing did so; an amendment is no report of its own."""
        first, activity = thread.records[0], thread.content.record["activity_no"]
        for other in self.recount.activities[thread.owner, activity]:
            begun = other.records[0]
            if (begun.number > first.number and begun.record["review_stage"] in ("follow_up", "closing")
                    and self.counts(other, thread)):
                decided = begun.record.get("decided_on")
                return day_start(parse_date(decided)) if decided else begun.at
        return 0

    def rereview_request(self, thread, record, _):
        ended = thread.reached.get("decided", 0)
        if self.is_emergency(thread, record):
            return [("expert_rereview_emergency", thread.received_at, thread.received_at + 36 * HOUR_MS, ended)]
        start = parse_date(record["received_on"]) if "received_on" in record else None
        day = start or date_at(thread.received_at)
        return [("expert_rereview", day_start(start) if start else thread.received_at, day_end(days_after(day, 30)), ended)]

    def is_emergency(self, thread, record):
        """It says so, or the report that it is about goes by the emergency procedure."""
        report = self.recount.linked(thread.owner, record)
        return record.get("is_emergency", False) or report.content.record["procedure"] == "emergency"

    def committee_registration(self, thread, record, _):
        established = parse_date(record["established_on"])
        due, ended = day_end(days_after(established, 30)), 0
        if "registered_platform_no" in record:  # it stood before the first record that has it, as far as anybody knows
            was_first = thread.registered_at == thread.received_at
            ended = min(thread.received_at, due) if was_first else thread.registered_at
        return [("committee_registration", day_start(established), due, ended)]

    def risk_warning(self, thread, record, _):
        if record["status"] not in ("actual", "exercise") or thread.owner.role == "city":
            return []
        ended = acknowledged(thread)
        if ended and ended < thread.graded_at:
            return []
        hours = ACKNOWLEDGE_HOURS[record["level"]]
        return [(f"acknowledge_{record['level']}", thread.graded_at, thread.graded_at + hours * HOUR_MS, ended)]

    def notice(self, thread, record, holder):
        if not record["must_answer"]:
            return []
        delivery = self.recount.deliveries[thread][holder]
        return [("answer_notice", thread.received_at, parse_moment(record["due_at"]), delivery.answered_at)]

    # ---- looking ----

    def look(self, now):
        """What the hub has to have done once it has looked at every deadline at this moment."""
        while True:
            touched, self.touched = self.touched, []
            for thread in touched:
                holders = list(self.recount.deliveries[thread]) if thread.kind == "notice" else [thread.owner]
                for holder in holders:
                    self.reckon(thread, holder)
            self.open_periods(now)
            self.give_alerts(now)
            if not self.touched:
                return

    def reckon(self, thread, holder):
        """The thread once more, record by record: what stood at each due date decides, not when anybody looked."""
        old, rows = self.rows.get((holder, thread), {}), {}
        for moment in thread.moments:
            self.go_on(moment, holder, rows)
        for term in old.keys() - rows.keys():
            rows[term] = old[term]
            rows[term].is_void = True
        for term, clock in rows.items():
            if term in old and old[term].due == clock.due:
                clock.done = old[term].done
        self.rows[holder, thread] = rows
        self.waiting.update({(holder, thread, term): clock for term, clock in rows.items()})

    def go_on(self, moment, holder, rows):
        record = moment.content.record
        is_drill = record.get("rehearsal", False) or record.get("status") == "exercise"
        closed = moment.state in ("cancelled", "resolved")
        found = {term: Clock(term, started, due, ended, moment.state == "withdrawn" or (not ended and closed), is_drill)
                 for term, started, due, ended in self.of_thread(moment, holder)}
        for term in rows.keys() | found.keys():
            before, now = rows.get(term), found.get(term)
            if before and self.stands(before, now, moment.at):
                before.ended = acknowledged(moment)
                before.is_void = not before.ended and closed
            elif now:
                rows[term] = now
            else:
                before.is_void = True

    @staticmethod
    def stands(before, now, at):
        """A level that was acknowledged, or that nobody had acknowledged when it was due, is not undone by a later one."""
        return (before.term.startswith("acknowledge_") and not before.is_void and (before.ended or at > before.due)
                and (now is None or now.started != before.started))

    def open_periods(self, now):
        for party in self.recount.parties.values():
            if party.role != "entity" or party.joined_at is None:
                continue
            joined = date_at(party.joined_at)
            for term, period in (("periodic_report", Quarter.of(joined)), ("annual_report", Quarter(joined.year, 0))):
                while period.last() < date_at(now):
                    self.open_period(party, term, period)
                    period = period.next()

    def open_period(self, party, term, period):
        rows = self.rows.setdefault((party, str(period)), {})
        if term not in rows and party.state != "revoked":
            due = (day_end(days_after(period.last(), 10)) if term == "periodic_report"
                   else day_end(period.next().first().replace(month=3, day=31)))
            rows[term] = self.waiting[party, str(period), term] = Clock(term, day_start(period.next().first()), due, 0,
                                                                       False, False)
            rows[term].period = period
        if term in rows:
            rows[term].ended = self.reported.get((party, term, str(period)), (0, False))[0]

    def give_alerts(self, now):
        for (holder, about, term), clock in list(self.waiting.items()):
            for stage, told, _ in clock.give(now):
                if "entity" in told and holder.role == "entity":
                    holder.inbox.append(("clock", now, term, stage, clock.due, about))
                if "province" in told and not clock.is_drill:
                    self.recount.uplink.append(("clock", now, term, stage, clock.due, about, holder))
                if stage == "overdue" and term.startswith("rereview_request") and not clock.is_drill:
                    self.open_case(about, holder, now)
            if clock.ended or clock.is_void or clock.done == len(clock.alerts()):
                del self.waiting[holder, about, term]

    def open_case(self, report, holder, now):
        """Nobody asked for the re-review in time: the hub does, in the city's name. Its id is the hub's to make."""
        record = {"id": f"case of {report.root}", "kind": "rereview_request", "created_at": iso(now),
                  "report_id": report.root, "addressee": holder.name, "received_on": str(date_at(now)),
                  "rereview_list_item": report.content.record["rereview_list_item"],
                  "is_emergency": report.content.record["procedure"] == "emergency"}
        fault = self.recount.take(self.recount.city, record, now)
        assert fault is None, fault
        self.cases.append(self.recount.taken[-1])

    # ---- figures ----

    def each(self):
        for (holder, about), rows in self.rows.items():
            for term, clock in rows.items():
                yield holder, about, term, clock

    def cells(self, now):
        cells = Counter()
        for holder, _, term, clock in self.each():
            if not clock.is_void and not clock.is_drill:
                cells[str(date_at(clock.due)), term, holder.facts_at(clock.started)[0], clock.state(now)] += 1
        return cells

    def completeness(self):
        cells = Counter()
        for party, about, term, clock in self.each():
            if term != "periodic_report":
                continue
            moment, is_zero = self.reported.get((party, term, about), (0, False))
            for state, holds in (("expected", True), ("received", moment), ("on_time", moment and moment <= clock.due),
                                 ("zero", moment and is_zero)):
                if holds:
                    cells[str(clock.period.first()), *party.facts_at(clock.started), state] += 1
        return cells
