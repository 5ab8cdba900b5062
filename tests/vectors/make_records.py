#!/usr/bin/env python3
"""Writes proto/vectors/records.json: records, good and bad, with their bytes.

Made from PROTOCOL.md and the data dictionary alone, without AGN's code, so that two readings of the text meet in the
file. A decoder runs every vector with the clock at 2026-11-23T00:00:00Z, the zone UTC+8 and the speaker 914403001922038216.

  name   what the vector is about
  value  the record as JSON: an encoder makes exactly `hex` of it; null where JSON cannot say it
  hex    the item's bytes
  ok     whether the record is accepted
  error, field  of the first fault where it is not

Usage: make_records.py > ../../proto/vectors/records.json
"""
import copy
import datetime
import json
import struct

import msgpack

PARTY = "914403001922038216"
MISSING = object()


class Id(str):
    """A UUID in JSON, 16 bytes on the wire."""


class Hash(str):
    """64 hex digits in JSON, 32 bytes on the wire."""


class Time(str):
    """RFC 3339 in JSON, UTC milliseconds on the wire."""


def wire(value):
    if isinstance(value, Id):
        return bytes.fromhex(value.replace("-", ""))
    if isinstance(value, Hash):
        return bytes.fromhex(value)
    if isinstance(value, Time):
        moment = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
        return (moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(milliseconds=1)
    if isinstance(value, dict):
        return {key: wire(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [wire(inner) for inner in value]
    return value


def pack(value):
    return msgpack.packb(wire(value), use_bin_type=True)


COMMON = {
    "id": Id("019ab2c3-d4e5-7f60-8a1b-2c3d4e5f6071"), "kind": "", "schema": 1, "seq": 42,
    "created_at": Time("2026-11-22T16:00:00.123Z"), "submitter": {"name": "陈静", "role": "伦理委员会秘书"},
}
PRINCIPLES = ["wellbeing", "fairness", "controllability", "transparency", "accountability", "privacy"]

REVIEW = {
    **COMMON, "kind": "review_report", "activity_title": "城市交通信号优化模型", "activity_no": "2026-AI-031", "round": 1,
    "sector": "foundation", "lifecycle_phase": "testing", "summary": "以匿名化卡口数据训练信号配时模型，减少路口等待。",
    "applicant": {"name": "赵强"}, "personal_data": False, "minors_involved": False, "procedure": "general",
    "review_stage": "initial", "applied_on": "2026-10-08", "accepted_on": "2026-10-10", "met_on": "2026-10-20",
    "decided_on": "2026-10-21", "members_present": 9, "votes_for": 6, "rereview_list_item": "none",
    "principles": {principle: {"assessment": "met"} for principle in PRINCIPLES}, "risk_grade": "low",
    "decision": "approved", "next_follow_up_on": "2027-10-21",
}
FULL_REVIEW = {
    **{key: value for key, value in REVIEW.items() if key not in ("submitter",)},
    "in_reply_to": Id("019ab2c3-0000-7000-8000-000000000001"), "replaces": Id("019ab2c3-0000-7000-8000-000000000002"),
    "rehearsal": True, "entity": PARTY, "reason": "更正活动名称",
    "submitter": {"name": "陈静", "role": "秘书", "phone": "+86 571 8800 0000", "email": "chen@example.cn"},
    "funding": "市级科技计划", "model_name": "TrafficNet", "model_vendor": "示例科技", "model_filing_no": "浙网信备0001",
    "data_sources": "卡口计数\n公交刷卡（已匿名）", "delegated_to": "91330100799655058B", "reviewers": 3,
    "risks": [{"risk_subdomain": "1.3", "description": "郊区路口样本不足", "mitigation": "补采样本"},
              {"risk_subdomain": "7.3", "description": "极端天气失准"}],
    "platform_registered_on": "2026-11-01", "platform_no": "GJ-2026-000123",
    "attachments": [{"sha256": Hash("ab" * 32), "name": "审查意见.pdf", "media_type": "application/pdf",
                     "size": 67108864, "role": "opinion"}],
}
WARNING = {
    **COMMON, "kind": "risk_warning", "action": "raise", "status": "actual", "headline": "客服模型泄露他人订单",
    "description": "多名用户在对话中看到他人的姓名与收货地址。", "level": 1, "urgency": "immediate", "severity": "severe",
    "certainty": "observed", "sector": "consumer", "risk_domain": "privacy_security", "harm_kind": ["rights", "property"],
    "discovered_at": Time("2026-11-22T09:15:00.000Z"), "share_scope": "all_entities",
}
FULL_WARNING = {
    **WARNING, "action": "update", "refers_to": Id("019ab2c3-0000-7000-8000-000000000003"), "risk_subdomain": "2.1",
    "deaths": 0, "injured": 0, "affected_people": 10000000000, "lifecycle_phase": "operation", "cause_entity": "ai",
    "cause_intent": "unintentional", "system_name": "智能客服", "model_name": "M-7", "model_vendor": "示例科技",
    "model_version": "7.1", "occurred_at": Time("2026-11-22T08:00:00.000Z"), "region": ["330000", "330106"],
    "measures_taken": "已停用对话记忆", "measures_advised": "同类系统自查会话隔离",
    "expires_at": Time("2026-12-31T16:00:00.000Z"), "related_activity_no": "2026-AI-009", "reporter_confidential": True,
    "attachments": [],
}



def plain(kind, **fields):
    return {**COMMON, "kind": kind, **fields}


def no_submitter(record):
    return {key: value for key, value in record.items() if key != "submitter"}


REF = [Id(f"019ab2c3-0000-7000-8000-{i:012x}") for i in range(16)]
CITY, OTHER = "city-330100", "91330100799655058B"
MEMBER = {"name": "顾延平", "gender": "male", "profession": "technical", "external": False}
# One of each further kind, with what is particular to it: nested lists, flags in lists, maps over enumerations.
KINDS = {
    "entity_registration": plain(
        "entity_registration", uscc=PARTY, name="蓝屿医院", entity_type="hospital", sectors=["healthcare", "science"],
        district="330106", contact={"name": "沈若澜", "position": "秘书", "mobile": "13800001126", "email": "irb@example.cn"},
        staff_count=2150, has_committee=True),
    "committee_registration": plain(
        "committee_registration", committee_name="科技伦理（审查）委员会", established_on="2024-03-15", chair="裴仲礼",
        members=[{**MEMBER, "minority": True}] + [MEMBER] * 6, term_years=5, charter_sha256=Hash("5c" * 32)),
    "zero_report": plain("zero_report", period="2026-Q3", covers="both"),
    "annual_report": plain(
        "annual_report", year=2025, by_procedure={"general": 14, "simplified": 9, "expert_rereview": 1, "emergency": 0},
        by_decision={"approved": 17, "approved_with_changes": 4, "resubmit": 1, "rejected": 1, "suspended": 1, "terminated": 0},
        by_list_item={"human_machine": 1, "public_opinion": 0, "high_autonomy": 0, "other_listed": 0, "none": 23},
        trainings_held=3, people_trained=10000000000),
    "withdrawal": plain("withdrawal", replaces=REF[1], reason="活动取消"),
    "acceptance": plain("acceptance", addressee=PARTY, refers_to=REF[2]),
    "return_for_correction": plain("return_for_correction", addressee=PARTY, refers_to=REF[2], due_on="2026-12-15",
                                   faults=[{"field": "summary", "reason": "未说明必要性"}]),
    "rereview_request": plain("rereview_request", report_id=REF[3], rereview_list_item="human_machine",
                              materials="审查意见一份", received_on="2026-11-20", is_emergency=False),
    "rereview_decision": plain(
        "rereview_decision", addressee=PARTY, request_id=REF[4], opinion="agree", grounds="风险可接受", decided_on="2026-11-23",
        experts=[{"name": "温廷岳", "profession": "law", "organisation": "钱江大学"}] * 5),
    "notice": plain(
        "notice", title="自查通知", body="请自查。\n并答复。", category="requirement", must_answer=True,
        audience={"entity_types": [], "sectors": ["healthcare"], "districts": ["330106"], "entities": [PARTY]},
        due_at=Time("2026-12-31T10:00:00.000Z"), supersedes=REF[5],
        answer_form=[{"key": "n", "label": "数量", "type": "number", "required": True},
                     {"key": "s", "label": "结论", "type": "enum", "choices": ["有", "无"]}]),
    "notice_answer": plain("notice_answer", addressee=CITY, refers_to=REF[5], answers=[{"key": "n", "value": "6"}]),
    "notice_read": no_submitter(plain("notice_read", addressee=CITY, refers_to=REF[5], read_at=Time("2026-11-22T16:00:00.000Z"))),
    "shared_warning": no_submitter(plain(
        "shared_warning", source_id=REF[6], headline="剂量建议错误", description="同类系统请立即自查剂量输出。", level=2,
        sector="healthcare", risk_domain="system_safety", risk_subdomain="7.3")),
    "city_plan": plain(
        "city_plan", title="行动方案", year=2026, lead_department="市科技局", liaison={"name": "郑怀瑾", "phone": "0571"},
        sectors=["foundation"], entity_types=["hospital"], work_basis="已有基础",
        goals=[{"key": "g", "goal": "接入", "indicator": "家数", "measure": "units_joined", "target": 40, "unit": "家",
                "due_on": "2026-12-31"}],
        duties={"entity": "报送", "city": "接收", "province": "统筹"},
        work_items=[{"no": "1", "title": "建枢纽", "responsible": "市科技局", "starts_on": "2026-01-10", "ends_on": "2026-06-30",
                     "state": "done"}],
        expected_results=["机制"], units=[{"uscc": OTHER, "name": "砚石智算", "entity_type": "enterprise"}]),
    "plan_progress": plain("plan_progress", refers_to=REF[7], as_of="2026-11-23", goals=[{"key": "g", "value": 31}],
                           items=[{"no": "1", "state": "done", "percent": 100}]),
    "administrative_act": no_submitter(plain("administrative_act", act="revoke", subject=PARTY, reason="密钥泄露",
                                             operator="郑怀瑾", unix_user="zhenghj", role="administrator")),
}

vectors = []


def add(name, item, value, error=None, field=None):
    vectors.append({"name": name, "what": "record", "value": value, "hex": item.hex(), "ok": error is None,
                    "error": error, "field": field})


def changed(base, changes):
    record = copy.deepcopy(base)
    for path, value in changes.items():
        *way, last = path.split(".")
        at = record
        for key in way:
            at = at[key]
        if value is MISSING:
            del at[last]
        else:
            at[last] = value
    return record


def good(name, base, **changes):
    record = changed(base, changes)
    add(name, pack(record), record)


def bad(name, base, error, field, changes, expressible=True):
    record = changed(base, changes)
    add(name, pack(record), record if expressible else None, error, field)


def raw(name, item, error, field):
    add(name, item, None, error, field)


def pairs(base, *extra):
    """The record as a map with more pairs, given as bytes."""
    body = b"".join(pack(key) + pack(value) for key, value in base.items())
    return b"\xde" + struct.pack(">H", len(base) + len(extra)) + body + b"".join(extra)


def good_records():
    good("the smallest review", REVIEW)
    good("a review with every field", FULL_REVIEW)
    good("the smallest warning", WARNING)
    good("a warning with every field", FULL_WARNING)
    good("an undecided review", REVIEW, decided_on=MISSING, decision=MISSING, next_follow_up_on=MISSING,
         members_present=MISSING, votes_for=MISSING)
    good("unknown keys are kept", REVIEW, later={"than": ["this", 1, -1, None, True]}, x="é")
    good("exactly two thirds", REVIEW, members_present=6, votes_for=4)
    good("a listed activity, six months to the day", REVIEW, procedure="expert_rereview", next_follow_up_on="2027-04-21",
         rereview_list_item="high_autonomy")
    good("a simplified amendment of low risk", REVIEW, procedure="simplified", reviewers=2, review_stage="amendment")
    good("a suspension at follow-up", REVIEW, review_stage="follow_up", decision="suspended", votes_for=1,
         rejection_reason="偏离批准方案", next_follow_up_on=MISSING)
    good("discovered five minutes from now", WARNING, discovered_at=Time("2026-11-23T00:05:00.000Z"))
    good("text at its bounds", REVIEW, activity_title="标" * 200, summary="概" * 4000)
    numbers = {**{key: value for key, value in WARNING.items() if key != "level"}}
    raw("an integer in its longest form", pairs(numbers, pack("level") + b"\xcf" + struct.pack(">Q", 2)), None, None)
    raw("the keys in reverse", pack(dict(reversed(list(WARNING.items())))), None, None)
    raw("eight levels deep", pairs(WARNING, pack("x") + b"\x91" * 6 + b"\x90"), None, None)
    raw("64 unknown keys", pairs(WARNING, *(pack(f"x{i}") + b"\xc0" for i in range(64))), None, None)


def malformed_records():
    item = pack(REVIEW)
    raw("nothing", b"", "malformed", "")
    raw("not a map", b"\x93\x01\x02\x03", "malformed", "")
    raw("cut by one byte", item[:-1], "malformed", "next_follow_up_on")
    raw("a byte too many", item + b"\x00", "malformed", "")
    raw("a float", pairs(changed(REVIEW, {"round": MISSING}), pack("round") + b"\xcb" + bytes(8)), "malformed", "round")
    raw("a float under an unknown key", pairs(REVIEW, pack("x") + b"\xca" + bytes(4)), "malformed", "")
    raw("an ext", pairs(REVIEW, pack("x") + b"\xd4\x05\x00"), "malformed", "")
    raw("a number as key", pairs(REVIEW, b"\x07\x01"), "malformed", "")
    raw("nine levels deep", pairs(WARNING, pack("x") + b"\x91" * 7 + b"\x90"), "malformed", "")
    raw("65 unknown keys", pairs(WARNING, *(pack(f"x{i}") + b"\xc0" for i in range(65))), "malformed", "")
    raw("a map of 2^32 - 1", b"\xdf\xff\xff\xff\xff", "malformed", "")
    raw("a text of 4 GiB", b"\x81\xa4kind\xdb\xff\xff\xff\xff", "malformed", "kind")
    raw("a key twice", pairs(REVIEW, pack("round") + b"\x02"), "duplicate_key", "round")
    raw("an unknown key twice", pairs(REVIEW, pack("x") + b"\x01", pack("x") + b"\x01"), "duplicate_key", "")
    raw("text that is no UTF-8", pairs(REVIEW, pack("funding") + b"\xa2\xc3\x28"), "bad_utf8", "funding")
    raw("text with a NUL", pairs(REVIEW, pack("funding") + b"\xa3a\x00b"), "bad_character", "funding")
    bad("text out of NFC", REVIEW, "not_nfc", "funding", {"funding": "re\u0301gion"}, expressible=False)
    bad("text with a control character", REVIEW, "bad_character", "funding", {"funding": "a\u001b[0m"})
    raw("an id of 15 bytes", pairs(WARNING, pack("replaces") + pack(bytes(15))), "too_short", "replaces")


def faulty_fields():
    bad("no id", REVIEW, "missing", "id", {"id": MISSING})
    bad("no kind", REVIEW, "missing", "kind", {"kind": MISSING})
    bad("an unknown kind", REVIEW, "unknown_kind", "kind", {"kind": "weather_report"})
    bad("an unknown schema", REVIEW, "unknown_schema", "schema", {"schema": 2})
    bad("another entity", REVIEW, "entity_mismatch", "entity", {"entity": "91330100799655058B"})
    bad("sequence number 0", REVIEW, "out_of_range", "seq", {"seq": 0})
    bad("a negative number", REVIEW, "wrong_type", "round", {"round": -1})
    bad("a number as text", WARNING, "wrong_type", "level", {"level": "1"})
    bad("nothing where a text is wanted", REVIEW, "wrong_type", "funding", {"funding": None})
    bad("a submitter without role", REVIEW, "missing", "submitter.role", {"submitter.role": MISSING})
    bad("a code that is none", REVIEW, "bad_value", "sector", {"sector": "space"})
    bad("a code in a list that is none", WARNING, "bad_value", "harm_kind[1]", {"harm_kind": ["none", "some"]})
    bad("an assessment that is none", REVIEW, "bad_value", "principles.fairness.assessment",
        {"principles.fairness.assessment": "fair"})
    bad("a principle too few", REVIEW, "missing", "principles.privacy", {"principles.privacy": MISSING})
    bad("a note too long", REVIEW, "too_long", "principles.privacy.note", {"principles.privacy.note": "注" * 501})
    bad("a title too short", REVIEW, "too_short", "activity_title", {"activity_title": "甲"})
    bad("an empty attachment", FULL_REVIEW, "out_of_range", "attachments[0].size",
        {"attachments": [{**FULL_REVIEW["attachments"][0], "size": 0}]})
    bad("a list too long", WARNING, "too_long", "region", {"region": ["330106"] * 51})
    bad("an empty list", WARNING, "too_short", "harm_kind", {"harm_kind": []})
    bad("a risk without description", FULL_REVIEW, "missing", "risks[1].description",
        {"risks": [FULL_REVIEW["risks"][0], {"risk_subdomain": "7.3"}]})
    bad("level 5", WARNING, "out_of_range", "level", {"level": 5})
    bad("a day that is none", REVIEW, "bad_format", "applied_on", {"applied_on": "2026-02-29"})
    bad("a date before 2000", REVIEW, "out_of_range", "applied_on", {"applied_on": "1999-12-31"})
    bad("a time as text", WARNING, "bad_format", "discovered_at", {"discovered_at": "yesterday"})
    bad("a credit code with a wrong check character", REVIEW, "bad_check_digit", "delegated_to",
        {"delegated_to": "91330100799655058C"})
    bad("a credit code with a letter O", REVIEW, "bad_format", "delegated_to", {"delegated_to": "9133O100799655058B"})
    bad("a district of no province", WARNING, "bad_format", "region[0]", {"region": ["990101"]})


def broken_rules():
    bad("accepted before applied", REVIEW, "bad_order", "accepted_on", {"accepted_on": "2026-10-07"})
    bad("decided tomorrow", REVIEW, "in_future", "decided_on", {"decided_on": "2026-11-24", "next_follow_up_on": "2027-11-24"})
    bad("decided without a decision", REVIEW, "missing", "decision", {"decision": MISSING, "next_follow_up_on": MISSING})
    bad("four members", REVIEW, "rule", "members_present", {"members_present": 4, "votes_for": 4})
    bad("less than two thirds", REVIEW, "rule", "votes_for", {"votes_for": 5})
    bad("more votes than members", REVIEW, "rule", "votes_for", {"votes_for": 10})
    bad("simplified without reviewers", REVIEW, "missing", "reviewers", {"procedure": "simplified", "risk_grade": "minimal"})
    bad("simplified at low risk", REVIEW, "rule", "risk_grade", {"procedure": "simplified", "reviewers": 2})
    bad("a listed activity by the general procedure", REVIEW, "rule", "procedure",
        {"rereview_list_item": "public_opinion", "next_follow_up_on": "2027-04-21"})
    bad("suspended at first review", REVIEW, "rule", "decision",
        {"decision": "suspended", "rejection_reason": "偏离批准方案", "next_follow_up_on": MISSING})
    bad("changes without conditions", REVIEW, "missing", "conditions", {"decision": "approved_with_changes"})
    bad("a rejection without reason", REVIEW, "missing", "rejection_reason",
        {"decision": "rejected", "next_follow_up_on": MISSING})
    bad("an approval without follow-up", REVIEW, "missing", "next_follow_up_on", {"next_follow_up_on": MISSING})
    bad("follow-up after a year and a day", REVIEW, "rule", "next_follow_up_on", {"next_follow_up_on": "2027-10-22"})
    bad("an update of nothing", WARNING, "missing", "refers_to", {"action": "update"})
    bad("raised, but referring", WARNING, "not_wanted", "refers_to", {"refers_to": FULL_WARNING["refers_to"]})
    bad("a draft", WARNING, "rule", "status", {"status": "draft"})
    bad("a subdomain of another domain", WARNING, "rule", "risk_subdomain", {"risk_subdomain": "3.1"})
    bad("discovered before it occurred", FULL_WARNING, "bad_order", "discovered_at",
        {"occurred_at": Time("2026-11-22T09:15:00.001Z")})
    bad("discovered in the future", WARNING, "in_future", "discovered_at", {"discovered_at": Time("2026-11-23T00:05:00.001Z")})
    bad("expired when discovered", FULL_WARNING, "bad_order", "expires_at", {"expires_at": Time("2026-11-22T09:15:00.000Z")})


def other_kinds():
    for kind, record in KINDS.items():
        good(f"a {kind}", record)
    bad("a correction without reason", REVIEW, "missing", "reason", {"replaces": REF[0]})
    bad("a withdrawal of nothing", KINDS["withdrawal"], "missing", "replaces", {"replaces": MISSING})
    bad("a withdrawal without reason", KINDS["withdrawal"], "missing", "reason", {"reason": MISSING})
    bad("another institution's registration", KINDS["entity_registration"], "entity_mismatch", "uscc", {"uscc": OTHER})
    bad("a sector twice", KINDS["entity_registration"], "rule", "sectors[1]", {"sectors": ["science", "science"]})
    bad("six members", KINDS["committee_registration"], "too_short", "members", {"members": [MEMBER] * 6})
    bad("a quarter that is none", KINDS["zero_report"], "bad_format", "period", {"period": "2026-Q5"})
    bad("a whole year as a period", KINDS["zero_report"], "too_short", "period", {"period": "2026"})
    bad("a month to come", KINDS["zero_report"], "in_future", "period", {"period": "2026-12"})
    bad("a year to come", KINDS["annual_report"], "in_future", "year", {"year": 2027})
    bad("a count too few", KINDS["annual_report"], "missing", "by_procedure.emergency", {"by_procedure.emergency": MISSING})
    bad("an acceptance of nobody's", KINDS["acceptance"], "missing", "addressee", {"addressee": MISSING})
    bad("returned without a fault", KINDS["return_for_correction"], "too_short", "faults", {"faults": []})
    bad("re-review of what is not listed", KINDS["rereview_request"], "rule", "rereview_list_item", {"rereview_list_item": "none"})
    bad("an institution's request by nobody", KINDS["rereview_request"], "missing", "submitter", {"submitter": MISSING})
    bad("four experts", KINDS["rereview_decision"], "too_short", "experts", {"experts": KINDS["rereview_decision"]["experts"][:4]})
    bad("must be answered, some day", KINDS["notice"], "missing", "due_at", {"due_at": MISSING})
    bad("a due date for nothing", KINDS["notice"], "not_wanted", "due_at", {"must_answer": False})
    bad("due when written", KINDS["notice"], "bad_order", "due_at", {"due_at": COMMON["created_at"]})
    form = KINDS["notice"]["answer_form"]
    bad("a question twice", KINDS["notice"], "rule", "answer_form[1].key", {"answer_form": [form[0], {**form[1], "key": "n"}]})
    bad("a choice of nothing", KINDS["notice"], "missing", "answer_form[0].choices", {"answer_form": [{**form[0], "type": "enum"}]})
    bad("choices of a number", KINDS["notice"], "not_wanted", "answer_form[0].choices", {"answer_form": [{**form[1], "type": "number"}]})
    bad("an empty answer", KINDS["notice_answer"], "missing", "note", {"answers": MISSING})
    bad("a draft shared", KINDS["shared_warning"], "rule", "status", {"status": "draft"})
    bad("a task that ends before it starts", KINDS["city_plan"], "bad_order", "work_items[0].ends_on",
        {"work_items": [{**KINDS["city_plan"]["work_items"][0], "ends_on": "2026-01-09"}]})
    bad("no progress", KINDS["plan_progress"], "missing", "goals", {"goals": MISSING, "items": MISSING})


good_records()
malformed_records()
faulty_fields()
broken_rules()
other_kinds()
assert len({vector["name"] for vector in vectors}) == len(vectors)
print("[\n" + ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in vectors) + "\n]")
