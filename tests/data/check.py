#!/usr/bin/env python3
"""Checks the sample records against the data dictionary, independently of the C programs.

    check.py            every line of hospital.jsonl, university.jsonl, company.jsonl and of kinds/ is free of faults,
                        every credit code of institutions.json is right, every file of bad/ has exactly the fault it is
                        named for, and every line of bad/*.jsonl the fault that it names
    check.py FILE...    lists the faults of FILE's lines, one a line; exit 1 when there are any

A file of bad/ is named CODE--FIELD.json or CODE--FIELD--WHAT.json, with a fault code of PROTOCOL.md section 8.
Written from the dictionary's text, so that a mistake in the tables of proto/ shows as a difference.
"""
import datetime
import json
import pathlib
import sys
import unicodedata

HERE = pathlib.Path(__file__).resolve().parent
ZONE = datetime.timezone(datetime.timedelta(hours=8))
DATES = (datetime.date(2000, 1, 1), datetime.date(2099, 12, 31))
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"

SECTORS = "foundation manufacturing science culture healthcare finance agriculture tourism consumer other".split()
PHASES = "research development testing deployment operation retired".split()
PRINCIPLES = "wellbeing fairness controllability transparency accountability privacy".split()
DOMAINS = ("discrimination_toxicity privacy_security misinformation malicious_use human_computer"
           " socioeconomic_environmental system_safety").split()
SUBDOMAINS = [f"{domain}.{i}" for domain, count in zip(range(1, 8), (3, 2, 2, 3, 2, 6, 6)) for i in range(1, count + 1)]


class Faults(list):
    def add(self, code, path):
        self.append((code, path))


def text(low, high):
    def check(value, path, faults):
        if not isinstance(value, str):
            return faults.add("wrong_type", path)
        if any(ord(c) < 32 and c not in "\n\t" or 0x7F <= ord(c) < 0xA0 for c in value):
            return faults.add("bad_character", path)
        value = unicodedata.normalize("NFC", value)  # as the agent does on acceptance
        if not low <= len(value) <= high:
            faults.add("too_short" if len(value) < low else "too_long", path)
    return check


def code(*codes):
    def check(value, path, faults):
        if not isinstance(value, str):
            faults.add("wrong_type", path)
        elif value not in codes:
            faults.add("bad_value", path)
    return check


def number(low, high):
    def check(value, path, faults):
        if not isinstance(value, int) or isinstance(value, bool):
            faults.add("wrong_type", path)
        elif not low <= value <= high:
            faults.add("out_of_range", path)
    return check


def flag(value, path, faults):
    if not isinstance(value, bool):
        faults.add("wrong_type", path)


def parse_date(value):
    try:
        return datetime.date.fromisoformat(value) if len(value) == 10 else None
    except (TypeError, ValueError):
        return None


def date(value, path, faults):
    if not isinstance(value, str):
        faults.add("wrong_type", path)
    elif parse_date(value) is None:
        faults.add("bad_format", path)
    elif not DATES[0] <= parse_date(value) <= DATES[1]:
        faults.add("out_of_range", path)


def parse_time(value):
    try:
        moment = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
    except (AttributeError, ValueError):
        return None
    return moment if moment.tzinfo else None


def time(value, path, faults):
    if not isinstance(value, str):
        faults.add("wrong_type", path)
    elif parse_time(value) is None:
        faults.add("bad_format", path)


def uscc_check_character(first):
    total = sum(USCC_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(first))
    return USCC_ALPHABET[(31 - total % 31) % 31]


def uscc(value, path, faults):
    if not isinstance(value, str):
        faults.add("wrong_type", path)
    elif len(value) != 18 or any(c not in USCC_ALPHABET for c in value) or not value[2:8].isdigit():
        faults.add("bad_format", path)
    elif value[17] != uscc_check_character(value[:17]):
        faults.add("bad_check_digit", path)


def district(value, path, faults):
    if not isinstance(value, str):
        faults.add("wrong_type", path)
    elif len(value) != 6 or not value.isdigit():
        faults.add("bad_format", path)


# Ids and hashes are bytes on the wire: a text that is none is of the wrong type.
def uuid(value, path, faults):
    parts = value.split("-") if isinstance(value, str) else []
    if [len(part) for part in parts] != [8, 4, 4, 4, 12] or any(c not in "0123456789abcdef-" for c in value):
        faults.add("wrong_type", path)


def sha256(value, path, faults):
    if not isinstance(value, str) or len(value) != 64:
        faults.add("wrong_type", path)


def each(low, high, check_one):
    def check(value, path, faults):
        if not isinstance(value, list):
            return faults.add("wrong_type", path)
        if not low <= len(value) <= high:
            return faults.add("too_short" if len(value) < low else "too_long", path)
        for i, one in enumerate(value):
            check_one(one, f"{path}[{i}]", faults)
    return check


def fields(required, optional):
    def check(value, path, faults):
        if not isinstance(value, dict):
            return faults.add("wrong_type", path)
        for key in required:
            if key not in value:
                faults.add("missing", f"{path}.{key}" if path else key)
        for key, check_one in {**required, **optional}.items():
            if key in value:
                check_one(value[key], f"{path}.{key}" if path else key, faults)
    return check


PRINCIPLE = fields({"assessment": code("met", "met_with_conditions", "not_met", "not_applicable")}, {"note": text(1, 500)})
RISK = fields({"risk_subdomain": code(*SUBDOMAINS), "description": text(1, 500)}, {"mitigation": text(1, 500)})
ATTACHMENT = fields({"sha256": sha256, "name": text(1, 200), "media_type": text(3, 100), "size": number(1, 67108864),
                     "role": code("opinion", "plan", "consent", "charter", "other")}, {})
COMMON = ({"kind": text(1, 40),
           "submitter": fields({"name": text(1, 100), "role": text(1, 100)}, {"phone": text(3, 40), "email": text(3, 254)})},
          {"in_reply_to": uuid, "replaces": uuid, "rehearsal": flag, "entity": text(1, 64), "addressee": text(1, 64),
           "reason": text(1, 500)})
REVIEW = fields({
    **COMMON[0],
    "activity_title": text(2, 200), "activity_no": text(1, 64), "round": number(1, 99), "sector": code(*SECTORS),
    "lifecycle_phase": code(*PHASES), "summary": text(10, 4000),
    "applicant": fields({"name": text(1, 100)}, {"title": text(1, 100)}),
    "personal_data": flag, "minors_involved": flag,
    "procedure": code("general", "simplified", "expert_rereview", "emergency"),
    "review_stage": code("initial", "amendment", "follow_up", "re_review", "appeal", "closing"),
    "applied_on": date,
    "rereview_list_item": code("human_machine", "public_opinion", "high_autonomy", "other_listed", "none"),
    "principles": fields({key: PRINCIPLE for key in PRINCIPLES}, {}),
    "risk_grade": code("minimal", "low", "medium", "high"),
}, {
    **COMMON[1],
    "funding": text(1, 200), "model_name": text(1, 100), "model_vendor": text(1, 100), "model_filing_no": text(1, 100),
    "data_sources": text(1, 2000), "delegated_to": uscc, "accepted_on": date, "met_on": date, "decided_on": date,
    "members_present": number(0, 99), "votes_for": number(0, 99), "reviewers": number(2, 99), "risks": each(0, 20, RISK),
    "decision": code("approved", "approved_with_changes", "resubmit", "rejected", "suspended", "terminated"),
    "conditions": text(1, 2000), "rejection_reason": text(1, 2000), "next_follow_up_on": date,
    "platform_registered_on": date, "platform_no": text(1, 100), "attachments": each(0, 20, ATTACHMENT),
})
WARNING = fields({
    **COMMON[0],
    "action": code("raise", "update", "cancel", "acknowledge", "handle", "resolve"),
    "status": code("actual", "exercise", "test", "draft"), "headline": text(4, 120), "description": text(10, 8000),
    "level": number(1, 4), "urgency": code("immediate", "expected", "future", "past", "unknown"),
    "severity": code("extreme", "severe", "moderate", "minor", "unknown"),
    "certainty": code("observed", "likely", "possible", "unlikely", "unknown"), "sector": code(*SECTORS),
    "risk_domain": code(*DOMAINS),
    "harm_kind": each(1, 8, code("none", "physical", "psychological", "property", "rights", "public_order", "environment",
                                 "other")),
    "discovered_at": time, "share_scope": code("city_only", "affected_sectors", "all_entities", "province"),
}, {
    **COMMON[1],
    "refers_to": uuid, "risk_subdomain": code(*SUBDOMAINS), "deaths": number(0, 10**10), "injured": number(0, 10**10),
    "affected_people": number(0, 10**10), "lifecycle_phase": code(*PHASES), "cause_entity": code("ai", "human", "other"),
    "cause_intent": code("intentional", "unintentional", "other"), "system_name": text(1, 100), "model_name": text(1, 100),
    "model_vendor": text(1, 100), "model_version": text(1, 100), "occurred_at": time, "region": each(0, 50, district),
    "measures_taken": text(1, 4000), "measures_advised": text(1, 4000), "expires_at": time,
    "related_activity_no": text(1, 64), "reporter_confidential": flag, "attachments": each(0, 20, ATTACHMENT),
})


def add_months(day, count):
    month = day.month - 1 + count
    year, month = day.year + month // 12, month % 12 + 1
    last = (datetime.date(year + month // 12, month % 12 + 1, 1) - datetime.timedelta(days=1)).day
    return datetime.date(year, month, min(day.day, last))


def check_review_dates(record, faults, today):
    day = {key: parse_date(record.get(key)) for key in
           ("applied_on", "accepted_on", "met_on", "decided_on", "next_follow_up_on", "platform_registered_on")}
    earlier = None
    for key in ("applied_on", "accepted_on", "met_on", "decided_on"):
        if day[key]:
            if day[key] > today:
                faults.add("in_future", key)
            if earlier and day[key] < earlier:
                faults.add("bad_order", key)
            earlier = day[key]
    if day["platform_registered_on"] and day["platform_registered_on"] > today:
        faults.add("in_future", "platform_registered_on")
    follow, decided = day["next_follow_up_on"], day["decided_on"]
    if follow and decided:
        if follow <= decided:
            faults.add("bad_order", "next_follow_up_on")
        elif follow > add_months(decided, 12 if record.get("rereview_list_item") == "none" else 6):
            faults.add("rule", "next_follow_up_on")


def check_review_presence(record, faults):
    has, decision = record.__contains__, record.get("decision")
    general = record.get("procedure") == "general" and has("decided_on")
    for key, wanted in (
            ("decision", has("decided_on")), ("decided_on", has("decision")), ("accepted_on", has("decided_on")),
            ("members_present", general), ("votes_for", general),
            ("reviewers", record.get("procedure") == "simplified"),
            ("conditions", decision in ("approved_with_changes", "resubmit")),
            ("rejection_reason", decision in ("rejected", "suspended", "terminated")),
            ("next_follow_up_on", decision == "approved")):
        if wanted and not has(key):
            faults.add("missing", key)


def check_review_votes(record, faults):
    present, votes = record.get("members_present"), record.get("votes_for")
    if present is None:
        return
    general = record["procedure"] == "general"
    if general and "decided_on" in record and present < 5:
        faults.add("rule", "members_present")
    if votes is None:
        return
    if votes > present:
        faults.add("rule", "votes_for")
    if general and record.get("decision", "").startswith("approved") and votes * 3 < present * 2:
        faults.add("rule", "votes_for")


def check_review(record, faults, now):
    check_review_dates(record, faults, now.astimezone(ZONE).date())
    check_review_presence(record, faults)
    check_review_votes(record, faults)
    stage = record["review_stage"]
    if record["procedure"] == "simplified" and record["risk_grade"] != "minimal" and stage not in ("amendment", "follow_up"):
        faults.add("rule", "risk_grade")
    if record["rereview_list_item"] != "none" and record["procedure"] not in ("expert_rereview", "emergency"):
        faults.add("rule", "procedure")
    if record.get("decision") in ("suspended", "terminated") and stage != "follow_up":
        faults.add("rule", "decision")


def check_warning(record, faults, now):
    if record["action"] != "raise" and "refers_to" not in record:
        faults.add("missing", "refers_to")
    if record["action"] == "raise" and "refers_to" in record:
        faults.add("not_wanted", "refers_to")
    if record["status"] == "draft":
        faults.add("rule", "status")
    subdomain = record.get("risk_subdomain")
    if subdomain and int(subdomain[0]) - 1 != DOMAINS.index(record["risk_domain"]):
        faults.add("rule", "risk_subdomain")
    discovered = parse_time(record["discovered_at"])
    occurred, expires = parse_time(record.get("occurred_at")), parse_time(record.get("expires_at"))
    if discovered > now + datetime.timedelta(minutes=5):
        faults.add("in_future", "discovered_at")
    if occurred and occurred > discovered:
        faults.add("bad_order", "discovered_at")
    if expires and expires <= discovered:
        faults.add("bad_order", "expires_at")


def kind(required, optional=None, submitter=True):
    given = COMMON[0] if submitter else {"kind": COMMON[0]["kind"]}
    return fields({**given, **required}, {**COMMON[1], **({} if submitter else {"submitter": COMMON[0]["submitter"]}),
                                          **(optional or {})})


LIST_ITEMS = ("human_machine", "public_opinion", "high_autonomy", "other_listed", "none")
TYPES = ("enterprise", "university", "institute", "hospital", "other")
SECTOR_LIST, TYPE_LIST = each(1, 10, code(*SECTORS)), each(1, 5, code(*TYPES))
PROFESSION = code("technical", "ethics", "law", "other")
AUDIENCE = fields({}, {"entity_types": each(0, 5, code(*TYPES)), "sectors": each(0, 10, code(*SECTORS)),
                       "districts": each(0, 200, district), "entities": each(0, 5000, text(1, 64))})
MANY = number(0, 10**10)
ITEM_STATE = code("planned", "ongoing", "done", "delayed", "dropped")
PERSON = {"name": text(1, 100)}


def counted(*codes):
    return fields({key: MANY for key in codes}, {})


def repeated(record, faults, field, key=None):
    seen = set()
    for i, one in enumerate(record.get(field, [])):
        value = one if key is None else one[key]
        if value in seen:
            faults.add("rule", f"{field}[{i}]" + (f".{key}" if key else ""))
        seen.add(value)


def late(record, faults, now, *keys):
    for key in keys:
        day, moment = parse_date(record.get(key)), parse_time(record.get(key))
        if day and day > now.astimezone(ZONE).date() or moment and moment > now + datetime.timedelta(minutes=5):
            faults.add("in_future", key)


def needs(record, faults, *keys):
    for key in keys:
        if key not in record:
            faults.add("missing", key)


def check_entity(record, faults, now):
    if record["uscc"] != record.get("entity", record["uscc"]):
        faults.add("entity_mismatch", "uscc")
    repeated(record, faults, "sectors")


def check_zero(record, faults, now):
    year, _, part = record["period"].partition("-")
    is_quarter = part[:1] == "Q" and part[1:] in ("1", "2", "3", "4")
    is_month = part.isdigit() and len(part) == 2 and 1 <= int(part) <= 12
    if not year.isdigit() or not (is_quarter or is_month):
        return faults.add("bad_format", "period")
    first = datetime.date(int(year), 3 * int(part[1]) - 2 if is_quarter else int(part), 1)
    if first > now.astimezone(ZONE).date():
        faults.add("in_future", "period")


def check_annual(record, faults, now):
    if record["year"] > now.astimezone(ZONE).year:
        faults.add("in_future", "year")
    late(record, faults, now, "platform_submitted_on")


def check_request(record, faults, now):
    if record["rereview_list_item"] == "none":
        faults.add("rule", "rereview_list_item")
    late(record, faults, now, "received_on")
    if "addressee" not in record:
        needs(record, faults, "submitter")


def check_notice(record, faults, now):
    if record["must_answer"] != ("due_at" in record):
        faults.add("missing" if record["must_answer"] else "not_wanted", "due_at")
    elif record["must_answer"] and parse_time(record["due_at"]) <= now:
        faults.add("bad_order", "due_at")
    repeated(record, faults, "answer_form", "key")
    for i, question in enumerate(record.get("answer_form", [])):
        if (question["type"] == "enum") != ("choices" in question):
            faults.add("missing" if question["type"] == "enum" else "not_wanted", f"answer_form[{i}].choices")


def check_answer(record, faults, now):
    needs(record, faults, "addressee", *(() if "answers" in record else ("note",)))
    repeated(record, faults, "answers", "key")


def check_shared(record, faults, now):
    if record.get("status") == "draft":
        faults.add("rule", "status")
    if "risk_subdomain" in record and int(record["risk_subdomain"][0]) - 1 != DOMAINS.index(record["risk_domain"]):
        faults.add("rule", "risk_subdomain")
    late(record, faults, now, "discovered_at")


def check_plan(record, faults, now):
    if record.get("until_year", record["year"]) < record["year"]:
        faults.add("bad_order", "until_year")
    repeated(record, faults, "sectors"), repeated(record, faults, "entity_types"), repeated(record, faults, "goals", "key")
    repeated(record, faults, "work_items", "no"), repeated(record, faults, "units", "uscc")
    for i, item in enumerate(record["work_items"]):
        if item["ends_on"] < item["starts_on"]:
            faults.add("bad_order", f"work_items[{i}].ends_on")


def check_progress(record, faults, now):
    late(record, faults, now, "as_of")
    if "items" not in record:
        needs(record, faults, "goals")
    repeated(record, faults, "items", "no"), repeated(record, faults, "goals", "key")


def addressed(*dates):
    def check(record, faults, now):
        needs(record, faults, "addressee")
        late(record, faults, now, *dates)
    return check


KINDS = {
    "review_report": (REVIEW, check_review), "risk_warning": (WARNING, check_warning),
    "entity_registration": (kind({
        "uscc": uscc, "name": text(2, 100), "entity_type": code(*TYPES), "sectors": SECTOR_LIST, "district": district,
        "contact": fields({**PERSON, "position": text(1, 100), "mobile": text(3, 40), "email": text(3, 254)}, {"landline": text(3, 40)}),
        "has_committee": flag}, {"address": text(1, 200), "legal_representative": text(1, 100), "ai_activities": text(1, 2000),
                                 "staff_count": MANY, "delegate_uscc": uscc}), check_entity),
    "committee_registration": (kind({
        "committee_name": text(2, 200), "established_on": date, "chair": text(1, 100), "term_years": number(1, 5),
        "members": each(7, 99, fields({**PERSON, "gender": code("female", "male", "unstated"), "profession": PROFESSION,
                                       "external": flag}, {"minority": flag}))},
        {"charter_sha256": sha256, "registered_platform_no": text(1, 100)}),
        lambda record, faults, now: late(record, faults, now, "established_on")),
    "zero_report": (kind({"period": text(7, 7), "covers": code("warnings", "reviews", "both")}), check_zero),
    "annual_report": (kind({
        "year": number(2000, 2099), "by_procedure": counted("general", "simplified", "expert_rereview", "emergency"),
        "by_decision": counted("approved", "approved_with_changes", "resubmit", "rejected", "suspended", "terminated"),
        "by_list_item": counted(*LIST_ITEMS), "trainings_held": number(0, 9999), "people_trained": MANY},
        {"committee_changes": text(1, 4000), "incidents_and_lessons": text(1, 8000), "problems_and_suggestions": text(1, 8000),
         "platform_submitted_on": date}), check_annual),
    "withdrawal": (kind({}, {"note": text(1, 1000)}), lambda record, faults, now: needs(record, faults, "replaces")),
    "acceptance": (kind({"refers_to": uuid}, {"note": text(1, 1000)}), addressed()),
    "return_for_correction": (kind({"refers_to": uuid, "faults": each(1, 50, fields({"field": text(1, 100), "reason": text(1, 500)}, {}))},
                                   {"due_on": date}), addressed()),
    "rereview_request": (kind({"report_id": uuid, "rereview_list_item": code(*LIST_ITEMS), "materials": text(1, 4000)},
                              {"attachments": each(0, 20, ATTACHMENT), "received_on": date, "is_emergency": flag}, submitter=False),
                         check_request),
    "rereview_decision": (kind({
        "request_id": uuid, "opinion": code("agree", "agree_with_changes", "disagree"), "grounds": text(1, 4000), "decided_on": date,
        "experts": each(5, 99, fields({**PERSON, "profession": PROFESSION, "organisation": text(1, 200)}, {}))},
        {"conditions": text(1, 2000)}), addressed("decided_on")),
    "notice": (kind({
        "title": text(2, 200), "body": text(1, 20000), "must_answer": flag,
        "category": code("policy", "requirement", "advice", "training", "exercise")},
        {"audience": AUDIENCE, "due_at": time, "attachments": each(0, 20, ATTACHMENT), "supersedes": uuid,
         "answer_form": each(0, 50, fields({"key": text(1, 40), "label": text(1, 200),
                                            "type": code("text", "number", "flag", "date", "enum")},
                                           {"required": flag, "choices": each(1, 50, text(1, 100))}))}), check_notice),
    "notice_answer": (kind({"refers_to": uuid}, {
        "answers": each(1, 50, fields({"key": text(1, 40), "value": text(1, 4000)}, {})), "note": text(1, 4000)}), check_answer),
    "notice_read": (kind({"refers_to": uuid, "read_at": time}, submitter=False), addressed("read_at")),
    "shared_warning": (kind({
        "source_id": uuid, "headline": text(4, 120), "description": text(10, 8000), "level": number(1, 4), "sector": code(*SECTORS),
        "risk_domain": code(*DOMAINS)}, {
        "source_party": text(1, 64), "status": code("actual", "exercise", "test", "draft"), "risk_subdomain": code(*SUBDOMAINS),
        "harm_kind": each(1, 8, code("none", "physical", "psychological", "property", "rights", "public_order", "environment", "other")),
        "system_name": text(1, 100), "model_name": text(1, 100), "model_vendor": text(1, 100), "model_version": text(1, 100),
        "measures_advised": text(1, 4000), "discovered_at": time, "audience": AUDIENCE}, submitter=False), check_shared),
    "city_plan": (kind({
        "title": text(2, 70), "year": number(2000, 2099), "lead_department": text(2, 200), "sectors": SECTOR_LIST,
        "entity_types": TYPE_LIST, "work_basis": text(1, 8000), "expected_results": each(1, 50, text(1, 500)),
        "liaison": fields({**PERSON, "phone": text(3, 40)}, {"position": text(1, 100), "email": text(3, 254)}),
        "duties": fields({tier: text(1, 4000) for tier in ("entity", "city", "province")}, {}),
        "goals": each(1, 50, fields({
            "key": text(1, 40), "goal": text(1, 500), "indicator": text(1, 200), "target": MANY, "unit": text(1, 20), "due_on": date,
            "measure": code("manual", "units_joined", "reviews_reported", "warnings_answered_in_time")}, {})),
        "work_items": each(1, 200, fields({"no": text(1, 40), "title": text(1, 300), "responsible": text(1, 200),
                                           "starts_on": date, "ends_on": date, "state": ITEM_STATE}, {}))},
        {"until_year": number(2000, 2099),
         "units": each(0, 500, fields({"uscc": uscc, "name": text(2, 100), "entity_type": code(*TYPES)}, {"field": text(1, 200)}))}),
        check_plan),
    "plan_progress": (kind({"refers_to": uuid, "as_of": date}, {
        "items": each(1, 200, fields({"no": text(1, 40), "state": ITEM_STATE}, {"percent": number(0, 100), "note": text(1, 1000)})),
        "goals": each(1, 50, fields({"key": text(1, 40), "value": MANY}, {"note": text(1, 1000)})), "note": text(1, 4000)}),
        check_progress),
    "administrative_act": (kind({
        "act": code("entity_add", "peer_add", "invite", "suspend", "resume", "revoke", "prune", "erase", "retention", "configuration",
                    "operators", "hub_start", "hub_stop", "key_replace", "key_revoke", "key_rotate", "key_leaked"), "subject": text(1, 200), "operator": text(1, 100)},
        {"detail": text(1, 2000), "unix_user": text(1, 64), "role": code("operator", "reviewer", "auditor", "administrator")},
        submitter=False), lambda record, faults, now: None),
}


class DuplicateKey(ValueError):
    pass


def no_duplicates(pairs):
    seen = dict(pairs)
    if len(seen) != len(pairs):
        keys = [key for key, _ in pairs]
        raise DuplicateKey(next(key for key in keys if keys.count(key) > 1))
    return seen


def faults_of(line, now=None):
    """The faults of one record as JSON bytes: a list of (code, path)."""
    now = now or datetime.datetime.now(datetime.timezone.utc)
    faults = Faults()
    try:
        record = json.loads(line.decode("utf-8"), object_pairs_hook=no_duplicates)
    except UnicodeDecodeError:
        return [("bad_utf8", "")]
    except DuplicateKey as duplicate:
        return [("duplicate_key", str(duplicate))]
    except ValueError:
        return [("malformed", "")]
    if not isinstance(record, dict):
        return [("wrong_type", "")]
    if record.get("kind") not in KINDS:
        return [("unknown_kind" if "kind" in record else "missing", "kind")]
    check_fields, check_rules = KINDS[record["kind"]]
    check_fields(record, "", faults)
    if not faults:
        if "replaces" in record:
            needs(record, faults, "reason")
        check_rules(record, faults, now)
    return list(faults)


def check_file(path):
    """Prints the faults of a JSON Lines file; returns (records, faults)."""
    records = count = 0
    numbers = set()
    for i, line in enumerate(path.read_bytes().splitlines(), 1):
        faults = faults_of(line)
        record = json.loads(line) if not faults else {}
        if record.get("kind") == "review_report":
            key = (record["activity_no"], record["review_stage"], record["round"])
            faults += [("not_unique", "activity_no")] if key in numbers else []
            numbers.add(key)
        for fault_code, field in faults:
            print(f"{path.name}:{i}: {fault_code} {field}")
        records += 1
        count += len(faults)
    return records, count


def check_bad(path):
    parts = path.stem.split("--")
    expected = [(parts[0], parts[1])]
    found = faults_of(path.read_bytes())
    if parts[0] == "bad_utf8":
        expected = [("bad_utf8", "")]
    if parts[0] == "entity_mismatch":
        expected = []  # a matter of who sends it
    if found != expected:
        print(f"bad/{path.name}: found {found}")
    return found != expected


def check_bad_lines(path):
    """Lines of {"code", "field", "record"}; advice is no fault, and one that comes with others comes first or last."""
    failures = 0
    for i, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        line = json.loads(line)
        record = {**line["record"], **({"entity": "914403001922038216"} if line["code"] == "entity_mismatch" else {})}
        found = faults_of(json.dumps(record).encode())
        expected = [] if "advice" in line else [(line["code"], line["field"])]
        if (expected[0] not in found or len(found) != 1 + line["also"]) if "also" in line else found != expected:
            print(f"bad/{path.name}:{i}: expected {expected}, found {found}")
            failures += 1
    return failures


def check_all():
    failures = total = 0
    for path in sorted((HERE / "kinds").glob("*.jsonl")):
        records, faults = check_file(path)
        total += records
        failures += faults
    failures += sum(check_bad_lines(path) for path in sorted((HERE / "bad").glob("*.jsonl")))
    for name in ("hospital", "university", "company"):
        records, faults = check_file(HERE / f"{name}.jsonl")
        total += records
        failures += faults
    for institution in json.loads((HERE / "institutions.json").read_text("utf-8")):
        faults = Faults()
        uscc(institution["uscc"], institution["name"], faults)
        for fault_code, field in faults:
            print(f"institutions.json: {fault_code} {field}")
        failures += len(faults)
    bad = sorted((HERE / "bad").glob("*.json"))
    failures += sum(check_bad(path) for path in bad)
    print(f"{total} records, {len(bad)} bad files, {failures} findings")
    return failures


def main(arguments):
    if arguments:
        return 1 if sum([check_file(pathlib.Path(name))[1] for name in arguments]) else 0
    return 1 if check_all() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
