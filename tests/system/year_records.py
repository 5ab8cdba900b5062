"""Records of the scripted year: sound ones as of a day, and ways to spoil them with the fault that must be told."""
import uuid

from harness import SUBMITTER, changed, review, warning
from year_dates import DAY_MS, HOUR_MS, date_at, days_after, iso, months_after, parse_date

KINDS = ("hospital", "enterprise", "university", "institute", "other")
DISTRICTS = ("330106", "330102")
SECTORS = ("foundation", "healthcare", "finance", "consumer", "manufacturing")
LIST_ITEMS = ("human_machine", "public_opinion", "high_autonomy", "other_listed")
DOMAINS = ("discrimination_toxicity", "privacy_security", "misinformation", "system_safety")
APPROVED = ("approved", "approved_with_changes")


def make_id(rng, moment):
    """A UUIDv7 of that moment; the rest is the seed's."""
    number = moment << 80 | rng.getrandbits(80)
    return str(uuid.UUID(int=number & ~(0xF << 76 | 0x3 << 62) | 0x7 << 76 | 0x2 << 62))


def decide(rng, record, decision, decided):
    """The fields that a decision brings with it."""
    follow_up = months_after(decided, rng.randint(1, 6 if record["rereview_list_item"] != "none" else 12))
    is_general = record["procedure"] == "general"
    present = rng.randint(5, 11)
    owes = decision == "approved" or (decision == "approved_with_changes" and rng.random() < 0.5)
    return {"decision": decision, "decided_on": str(decided), "members_present": present if is_general else None,
            "votes_for": present - rng.randint(0, present // 3) if is_general else None,
            "conditions": "补充知情同意书后实施。" if decision in ("approved_with_changes", "resubmit") else None,
            "rejection_reason": "风险控制措施不足。" if decision in ("rejected", "suspended", "terminated") else None,
            "next_follow_up_on": str(follow_up) if owes else None}


def pick_decision(rng, stage):
    others = ("suspended", "terminated") if stage == "follow_up" else ()
    return rng.choice(("approved",) * 5 + ("approved_with_changes",) * 3 + ("resubmit", "rejected") + others)


def pick_procedure(rng):
    """(procedure, list item)"""
    procedure = rng.choice(("general",) * 5 + ("simplified",) * 3 + ("expert_rereview",) * 3 + ("emergency",) * 2)
    listed = procedure == "expert_rereview" or (procedure == "emergency" and rng.random() < 0.5)
    return procedure, rng.choice(LIST_ITEMS) if listed else "none"


def report(rng, moment, activity_no, stage="initial", listed=None, round_no=1):
    """A review report as of the day; LISTED: (procedure, list item) of the activity."""
    today = date_at(moment)
    procedure, item = listed or pick_procedure(rng)
    is_fast = procedure == "emergency"
    applied = days_after(today, -rng.randint(0, 4 if is_fast else 55))
    accepted = min(today, days_after(applied, rng.randint(0, 1 if is_fast else 5)))
    decided = days_after(accepted, rng.randint(0, 5) if is_fast else rng.randint(4, 45))
    record = review(
        activity_title=f"活动 {activity_no}", activity_no=activity_no, round=round_no, sector=rng.choice(SECTORS),
        procedure=procedure, rereview_list_item=item, review_stage=stage, applied_on=str(applied),
        accepted_on=str(accepted) if rng.random() < 0.93 or decided <= today else None, met_on=None, decided_on=None,
        decision=None, members_present=None, votes_for=None, next_follow_up_on=None,
        reviewers=2 if procedure == "simplified" else None, risk_grade="minimal" if procedure == "simplified" else "low",
        rehearsal=True if rng.random() < 0.03 else None)
    return changed(record, decide(rng, record, pick_decision(rng, stage), decided)) if decided <= today else record


def decided_report(rng, moment, before):
    """The same report, decided since. None: it has not been accepted by its committee."""
    if "accepted_on" not in before:
        return None
    earliest = max(parse_date(before["accepted_on"]), days_after(date_at(moment), -3))
    return changed(dict(before), decide(rng, before, pick_decision(rng, before["review_stage"]), earliest))


def raised(rng, moment):
    grave = rng.random()
    return warning(
        level=1 if grave < 0.06 else 2 if grave < 0.2 else 3 if grave < 0.6 else 4, sector=rng.choice(SECTORS),
        risk_domain=rng.choice(DOMAINS), risk_subdomain=None,
        status=rng.choice(("actual",) * 8 + ("exercise", "test")),
        discovered_at=iso(moment - rng.randint(0, 5 * DAY_MS)), rehearsal=True if rng.random() < 0.03 else None,
        share_scope=rng.choice(("city_only", "city_only", "affected_sectors", "all_entities", "province")))


def zero(period, covers="both"):
    return {"kind": "zero_report", "submitter": dict(SUBMITTER), "period": period, "covers": covers}


def annual(year):
    return {"kind": "annual_report", "submitter": dict(SUBMITTER), "year": year,
            "by_procedure": {"general": 4, "simplified": 1, "expert_rereview": 0, "emergency": 0},
            "by_decision": {"approved": 4, "approved_with_changes": 1, "resubmit": 0, "rejected": 0, "suspended": 0,
                            "terminated": 0},
            "by_list_item": {"human_machine": 0, "public_opinion": 0, "high_autonomy": 0, "other_listed": 0, "none": 5},
            "trainings_held": 2, "people_trained": 60}


def registration(party, **changes):
    record = {"kind": "entity_registration", "submitter": dict(SUBMITTER), "uscc": party.name, "name": f"机构 {party.name[8:16]}",
              "entity_type": party.kind, "sectors": party.sectors, "district": party.district, "has_committee": True,
              "contact": {"name": "沈若澜", "position": "秘书", "mobile": "138-0000-1126", "email": "irb@hospital.example"}}
    return changed(record, changes)


def committee(established, platform_no=None):
    professions = ("technical", "ethics", "law", "technical", "technical", "other", "technical")
    members = [{"name": f"委员{number}", "gender": "female" if number % 2 else "male", "profession": profession,
                "external": number > 4} for number, profession in enumerate(professions)]
    return changed({"kind": "committee_registration", "submitter": dict(SUBMITTER), "committee_name": "科技伦理（审查）委员会",
                    "established_on": str(established), "chair": "裴仲礼", "members": members, "term_years": 5},
                   {"registered_platform_no": platform_no})


def rereview(rng, thread, named, moment):
    """A request for re-review; NAMED: the report's record that it names."""
    record = {"kind": "rereview_request", "submitter": dict(SUBMITTER), "report_id": named,
              "rereview_list_item": thread.content.record["rereview_list_item"], "materials": "审查意见与方案各一份。"}
    if rng.random() < 0.6:
        record["received_on"] = str(days_after(date_at(moment), -rng.randint(0, 4)))
    if thread.content.record["procedure"] == "emergency" and rng.random() < 0.5:
        record["is_emergency"] = True
    return record


def opinion(rng, thread, moment):
    experts = [{"name": f"专家{number}", "profession": profession, "organisation": "钱江大学"}
               for number, profession in enumerate(("technical", "technical", "ethics", "law", "other"))]
    return {"kind": "rereview_decision", "submitter": dict(SUBMITTER), "addressee": thread.owner.name,
            "request_id": thread.root, "experts": experts, "opinion": rng.choice(("agree", "agree_with_changes", "disagree")),
            "grounds": "风险受益比可接受。", "decided_on": str(date_at(moment))}


def notice(rng, moment, parties):
    audience = rng.choice(({}, {}, {"sectors": [rng.choice(SECTORS)]}, {"entity_types": ["hospital", "university"]},
                           {"districts": ["330106"]}, {"entities": sorted(rng.sample(parties, min(6, len(parties))))}))
    must_answer = rng.random() < 0.55
    due = iso(moment + rng.randint(2, 20 * 24) * HOUR_MS) if must_answer else None
    return changed({"kind": "notice", "submitter": dict(SUBMITTER), "title": "关于开展自查的通知", "body": "请按期完成。",
                    "category": rng.choice(("policy", "requirement", "training")), "audience": audience,
                    "must_answer": must_answer}, {"due_at": due, "rehearsal": True if rng.random() < 0.05 else None})


def plan():
    """Without a goal that the hub measures: what it files of those by itself is seen in plan.py."""
    return {"kind": "city_plan", "submitter": dict(SUBMITTER), "title": "人工智能伦理敏捷治理试点行动方案", "year": 2026,
            "lead_department": "市科学技术局", "liaison": {"name": "郑怀瑾", "position": "主任科员", "phone": "0571-8525-0031"},
            "sectors": ["foundation", "healthcare"], "entity_types": ["enterprise", "hospital"],
            "work_basis": "已设立委员会四十二家。",
            "goals": [{"key": "joined", "goal": "重点单位全部接入", "indicator": "接入单位数", "measure": "manual",
                       "target": 40, "unit": "家", "due_on": "2026-12-31"}],
            "duties": {"entity": "报送。", "city": "处置。", "province": "统筹。"},
            "work_items": [{"no": "1", "title": "建设枢纽", "responsible": "市科技局", "starts_on": "2026-01-10",
                            "ends_on": "2026-06-30", "state": "planned"}],
            "expected_results": ["形成可复制的机制"]}


# What is spoiled in a report, and the fault that the hub must tell.
SPOILED = (
    ("bad_value", lambda record: record.update(sector="space")),
    ("missing", lambda record: record.pop("summary")),
    ("bad_order", lambda record: record.update(accepted_on=str(days_after(parse_date(record["applied_on"]), -1)))),
    ("in_future", lambda record: record.update(applied_on="2031-01-01", accepted_on="2031-01-02", decided_on="2031-02-01",
                                               next_follow_up_on="2031-03-01")),
    ("rule", lambda record: record.update(procedure="general", rereview_list_item="human_machine")),
    ("out_of_range", lambda record: record.update(round=100)),
    ("bad_format", lambda record: record.update(applied_on="2026-2-3")),
    ("wrong_type", lambda record: record.update(personal_data="yes")),
    ("unknown_kind", lambda record: record.update(kind="love_letter")),
)
