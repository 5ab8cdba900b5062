#!/usr/bin/env python3
"""Writes kinds/NAME.jsonl and bad/NAME.jsonl: for each record kind a good record, and one for each rule broken.

    kinds/NAME.jsonl  a record a line, as an institution or a city would file it
    bad/NAME.jsonl    {"code", "field", "record"} a line: the record has exactly this fault first; with "advice" true it is
                      taken, and the operator is told; "also" further faults come with it where it cannot come alone

Written from the data dictionary; tests/data/check.py judges the same files. All in them is invented, but for the credit
codes, which have the right check character.
"""
import copy
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
ENTITY, OTHER, THIRD = "914403001922038216", "91330100799655058B", "91440300708461136T"
CITY = "city-330100"
LATER, LATER_AT = "2099-01-01", "2099-01-01T00:00:00Z"
MISSING = object()


def number(i):
    return f"019ab2c3-0000-7000-8000-{i:012x}"


def first(kind):
    for line in (HERE / "hospital.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if record["kind"] == kind and "refers_to" not in record and record.get("decision", "approved") == "approved":
            return record
    raise LookupError(kind)


CLERK = {"name": "沈若澜", "role": "伦理审查委员会秘书", "phone": "0571-8700-1126"}
OFFICER = {"name": "郑怀瑾", "role": "科技局监督处主任科员", "phone": "0571-8525-0031"}
REVIEW, WARNING = first("review_report"), first("risk_warning")
LISTED = {**REVIEW, "activity_no": "LY-AI-2026-901", "procedure": "expert_rereview", "rereview_list_item": "human_machine", "next_follow_up_on": "2026-07-20"}
MEMBERS = [
    {"name": "顾延平", "gender": "male", "profession": "technical", "external": False},
    {"name": "曾舒窈", "gender": "female", "profession": "technical", "external": False},
    {"name": "周启明", "gender": "male", "profession": "technical", "external": False},
    {"name": "蓝秀英", "gender": "female", "profession": "other", "external": True, "minority": True},
    {"name": "陆知行", "gender": "male", "profession": "ethics", "external": True},
    {"name": "梁书仪", "gender": "female", "profession": "law", "external": True},
    {"name": "何景澄", "gender": "male", "profession": "technical", "external": False},
]


def every(key, value):
    return [{**member, key: value} for member in MEMBERS]


def counts(**given):
    return given


GOOD = {
    "review_report": [REVIEW, LISTED],
    "risk_warning": [WARNING],
    "entity_registration": [
        {"submitter": CLERK, "uscc": ENTITY, "name": "蓝屿医院", "entity_type": "hospital", "sectors": ["healthcare", "science"],
         "district": "330106", "address": "杭州市西湖区云栖路18号", "legal_representative": "裴仲礼",
         "contact": {"name": "沈若澜", "position": "伦理审查委员会秘书", "mobile": "138-0000-1126", "landline": "0571-8700-1126",
                     "email": "irb@lanyu-hospital.example"},
         "ai_activities": "医学影像辅助检出、预检分诊问询助手、病历质控。", "staff_count": 2150, "has_committee": True},
        {"submitter": CLERK, "uscc": ENTITY, "name": "蓝屿医院西溪院区", "entity_type": "hospital", "sectors": ["healthcare"],
         "district": "330106", "contact": {"name": "沈若澜", "position": "秘书", "mobile": "138-0000-1126",
                                           "email": "irb@lanyu-hospital.example"},
         "has_committee": False, "delegate_uscc": OTHER, "replaces": number(1), "reason": "院区更名，委托总院委员会审查。"}],
    "committee_registration": [
        {"submitter": CLERK, "committee_name": "蓝屿医院科技伦理（审查）委员会", "established_on": "2024-03-15", "chair": "裴仲礼",
         "members": MEMBERS, "term_years": 5, "charter_sha256": "5c" * 32, "registered_platform_no": "ZJ-WYH-2024-0031"}],
    "zero_report": [{"submitter": CLERK, "period": "2026-Q3", "covers": "warnings"},
                    {"submitter": CLERK, "period": "2026-09", "covers": "both"}],
    "annual_report": [
        {"submitter": CLERK, "year": 2025, "by_procedure": counts(general=14, simplified=9, expert_rereview=1, emergency=0),
         "by_decision": counts(approved=17, approved_with_changes=4, resubmit=1, rejected=1, suspended=1, terminated=0),
         "by_list_item": counts(human_machine=1, public_opinion=0, high_autonomy=0, other_listed=0, none=23),
         "committee_changes": "2025年5月增补法律专业委员一名。", "trainings_held": 3, "people_trained": 186,
         "incidents_and_lessons": "急诊问询助手一次错误分级，已增加人工复核。", "problems_and_suggestions": "建议统一跟踪审查表格。",
         "platform_submitted_on": "2026-03-20"}],
    "withdrawal": [{"submitter": CLERK, "replaces": number(2), "reason": "活动取消，不再开展。"}],
    "acceptance": [{"submitter": OFFICER, "addressee": ENTITY, "refers_to": number(3), "note": "材料齐全。"}],
    "return_for_correction": [
        {"submitter": OFFICER, "addressee": ENTITY, "refers_to": number(3), "due_on": "2026-12-15",
         "faults": [{"field": "summary", "reason": "未说明研究必要性。"},
                    {"field": "principles.privacy.note", "reason": "涉及个人信息，须说明去标识化办法。"}]}],
    "rereview_request": [
        {"submitter": CLERK, "report_id": number(4), "rereview_list_item": "human_machine",
         "materials": "伦理审查意见、知情同意书、风险防控方案各一份。", "received_on": "2026-06-10", "is_emergency": False,
         "attachments": [{"sha256": "3d" * 32, "name": "审查意见.pdf", "media_type": "application/pdf", "size": 182044,
                          "role": "opinion"}]},
        {"addressee": ENTITY, "report_id": number(4), "rereview_list_item": "public_opinion", "materials": "由枢纽代为立案。"}],
    "rereview_decision": [
        {"submitter": OFFICER, "addressee": ENTITY, "request_id": number(5), "opinion": "agree_with_changes",
         "experts": [{"name": "温廷岳", "profession": "technical", "organisation": "钱江大学"},
                     {"name": "谭素卿", "profession": "technical", "organisation": "浙东脑科学研究院"},
                     {"name": "乔言初", "profession": "ethics", "organisation": "江南师范大学"},
                     {"name": "冯立衡", "profession": "law", "organisation": "湖滨律师事务所"},
                     {"name": "殷若虚", "profession": "other", "organisation": "市残疾人联合会"}],
         "grounds": "风险受益比可接受，退出机制需明确。", "conditions": "补充受试者退出与数据删除流程。", "decided_on": "2026-07-02"}],
    "notice": [
        {"submitter": OFFICER, "title": "关于开展三季度生成式模型自查的通知", "body": "各有关单位：\n\n请于期限前完成自查并答复。",
         "category": "requirement", "audience": {"entity_types": ["hospital", "enterprise"], "sectors": ["healthcare"],
                                                 "districts": ["330106"], "entities": [ENTITY]},
         "must_answer": True, "due_at": "2030-12-31T10:00:00Z",
         "answer_form": [{"key": "models", "label": "在用模型数量", "type": "number", "required": True},
                         {"key": "state", "label": "自查结论", "type": "enum", "required": True,
                          "choices": ["未发现问题", "已整改", "整改中"]}]},
        {"submitter": OFFICER, "title": "科技伦理培训安排", "body": "十二月在线培训两期。", "category": "training",
         "must_answer": False, "supersedes": number(6)}],
    "notice_answer": [{"submitter": CLERK, "addressee": CITY, "refers_to": number(7),
                       "answers": [{"key": "models", "value": "6"}, {"key": "state", "value": "已整改"}], "note": "报告另附。"},
                      {"submitter": CLERK, "addressee": CITY, "refers_to": number(7), "note": "本单位不涉及。"}],
    "notice_read": [{"addressee": CITY, "refers_to": number(7), "read_at": "2026-10-09T01:12:30Z"}],
    "shared_warning": [
        {"submitter": OFFICER, "source_id": number(8), "source_party": ENTITY, "headline": "问诊类模型剂量建议存在错误",
         "description": "一款问诊助手对儿童给出超过上限的用药剂量，同类系统请立即自查。", "level": 2, "status": "actual",
         "sector": "healthcare", "risk_domain": "system_safety", "risk_subdomain": "7.3", "harm_kind": ["physical"],
         "system_name": "问诊助手", "model_name": "砚石医问 7B", "model_vendor": "杭州砚石智算科技有限公司", "model_version": "3.2",
         "measures_advised": "对剂量类输出启用规则校验与人工确认。", "discovered_at": "2026-05-20T01:30:00Z",
         "audience": {"sectors": ["healthcare"]}}],
    "city_plan": [
        {"submitter": OFFICER, "title": "杭州市人工智能伦理敏捷治理试点行动方案", "year": 2026, "until_year": 2027,
         "lead_department": "杭州市科学技术局", "liaison": {"name": "郑怀瑾", "position": "主任科员", "phone": "0571-8525-0031"},
         "sectors": ["foundation", "healthcare"], "entity_types": ["enterprise", "university", "hospital"],
         "work_basis": "全市已设立科技伦理（审查）委员会四十二家。",
         "goals": [{"key": "joined", "goal": "重点单位全部接入", "indicator": "接入单位数", "measure": "units_joined", "target": 40,
                    "unit": "家", "due_on": "2026-12-31"},
                   {"key": "training", "goal": "提升审查能力", "indicator": "培训人次", "measure": "manual", "target": 1200,
                    "unit": "人次", "due_on": "2027-06-30"}],
         "duties": {"entity": "落实主体责任，开展审查并报送。", "city": "组织接收、预警处置与信息共享。", "province": "统筹指导，组织专家复核。"},
         "work_items": [{"no": "1", "title": "建设治理网络枢纽", "responsible": "市科技局", "starts_on": "2026-01-10",
                         "ends_on": "2026-06-30", "state": "done"},
                        {"no": "2", "title": "开展预警演练", "responsible": "市科技局、各区", "starts_on": "2026-07-01",
                         "ends_on": "2026-12-20", "state": "ongoing"}],
         "expected_results": ["形成可复制的报送与预警机制", "编制伦理审查指引一部"],
         "units": [{"uscc": ENTITY, "name": "蓝屿医院", "entity_type": "hospital", "field": "医学影像"},
                   {"uscc": OTHER, "name": "砚石智算", "entity_type": "enterprise"}]}],
    "plan_progress": [
        {"submitter": OFFICER, "refers_to": number(9), "as_of": "2026-09-30",
         "items": [{"no": "1", "state": "done", "percent": 100}, {"no": "2", "state": "ongoing", "percent": 40, "note": "已演练两次。"}],
         "goals": [{"key": "training", "value": 760, "note": "上半年两期。"}]}],
    "administrative_act": [
        {"act": "hub_start", "subject": CITY, "operator": "agn-hub"},
        {"act": "suspend", "subject": ENTITY, "detail": "暂停报送。", "reason": "整改期间", "operator": "郑怀瑾", "unix_user": "zhenghj",
         "role": "administrator"}],
}

NOT_STANDING = {"decided_on": MISSING, "decision": MISSING, "next_follow_up_on": MISSING}
SIMPLE = {"procedure": "simplified", "risk_grade": "minimal", "members_present": MISSING, "votes_for": MISSING, "reviewers": 2}
FORM = GOOD["notice"][0]["answer_form"]
PLAN = GOOD["city_plan"][0]
NOT_ADDRESSED = ("missing", "addressee", {"addressee": MISSING})
REFERENCE = {"refers_to": number(10)}
# kind: (code, field, what is changed in the first good record [, "advice", or how many further faults cannot be helped])
BAD = {
    "review_report": [
        ("in_future", "applied_on", {"applied_on": LATER, "accepted_on": MISSING, "met_on": MISSING, **NOT_STANDING}),
        ("in_future", "accepted_on", {"accepted_on": LATER, "met_on": MISSING, **NOT_STANDING}),
        ("in_future", "met_on", {"met_on": LATER, **NOT_STANDING}),
        ("in_future", "decided_on", {"decided_on": LATER, "next_follow_up_on": "2099-06-01"}),
        ("in_future", "platform_registered_on", {"platform_registered_on": LATER}),
        ("bad_order", "accepted_on", {"accepted_on": "2026-01-05"}),
        ("bad_order", "met_on", {"met_on": "2026-01-08"}),
        ("bad_order", "met_on", {"accepted_on": MISSING, "met_on": "2026-01-05", **NOT_STANDING}),
        ("bad_order", "decided_on", {"decided_on": "2026-01-21", "next_follow_up_on": "2027-01-20"}),
        ("bad_order", "decided_on", {"met_on": MISSING, "decided_on": "2026-01-08", "next_follow_up_on": "2027-01-08"}),
        ("bad_order", "decided_on", {"accepted_on": MISSING, "met_on": MISSING, "decided_on": "2026-01-05",
                                     "next_follow_up_on": "2026-12-01"}, 1),
        ("missing", "decision", {"decision": MISSING, "next_follow_up_on": MISSING}),
        ("missing", "decided_on", {"decided_on": MISSING}),
        ("missing", "accepted_on", {"accepted_on": MISSING}),
        ("missing", "members_present", {"members_present": MISSING}),
        ("missing", "votes_for", {"votes_for": MISSING}),
        ("rule", "members_present", {"members_present": 4, "votes_for": 4}),
        ("rule", "votes_for", {"members_present": 9, "votes_for": 10}),
        ("rule", "votes_for", {"members_present": 9, "votes_for": 5}),
        ("missing", "reviewers", {**SIMPLE, "reviewers": MISSING}),
        ("rule", "risk_grade", {**SIMPLE, "risk_grade": "low"}),
        ("rule", "procedure", {"rereview_list_item": "public_opinion", "next_follow_up_on": "2026-07-20"}),
        ("rule", "decision", {"decision": "suspended", "rejection_reason": "偏离批准方案", "next_follow_up_on": MISSING}),
        ("missing", "conditions", {"decision": "resubmit", "next_follow_up_on": MISSING}),
        ("missing", "rejection_reason", {"decision": "rejected", "next_follow_up_on": MISSING}),
        ("missing", "next_follow_up_on", {"next_follow_up_on": MISSING}),
        ("bad_order", "next_follow_up_on", {"next_follow_up_on": REVIEW["decided_on"]}),
        ("rule", "next_follow_up_on", {"next_follow_up_on": "2027-02-27"}),
        ("rule", "next_follow_up_on", {**LISTED, "next_follow_up_on": "2026-08-27"})],
    "risk_warning": [
        ("missing", "refers_to", {"action": "update"}), ("not_wanted", "refers_to", REFERENCE), ("rule", "status", {"status": "draft"}),
        ("rule", "risk_subdomain", {"risk_domain": "system_safety", "risk_subdomain": "2.1"}),
        ("bad_order", "discovered_at", {"occurred_at": "2026-05-02T00:00:00Z", "discovered_at": "2026-05-01T00:00:00Z",
                                        "expires_at": MISSING}),
        ("in_future", "discovered_at", {"discovered_at": LATER_AT, "expires_at": MISSING}),
        ("bad_order", "expires_at", {"expires_at": WARNING["discovered_at"]})],
    "entity_registration": [
        ("entity_mismatch", "uscc", {"uscc": OTHER}), ("rule", "sectors[1]", {"sectors": ["healthcare", "healthcare"]}),
        ("missing", "delegate_uscc", {"has_committee": False}, "advice"),
        ("bad_check_digit", "uscc", {"uscc": "914403001922038217"}), ("too_short", "sectors", {"sectors": []})],
    "committee_registration": [
        ("in_future", "established_on", {"established_on": LATER}),
        ("rule", "members", {"members": every("gender", "male")}, "advice"),
        ("rule", "members", {"members": every("gender", "female")}, "advice"),
        ("rule", "members", {"members": [{**m, "profession": m["profession"].replace("technical", "other")} for m in MEMBERS]}, "advice"),
        ("rule", "members", {"members": [{**m, "profession": m["profession"].replace("ethics", "other")} for m in MEMBERS]}, "advice"),
        ("rule", "members", {"members": [{**m, "profession": m["profession"].replace("law", "other")} for m in MEMBERS]}, "advice"),
        ("rule", "members", {"members": every("external", False)}, "advice"),
        ("too_short", "members", {"members": MEMBERS[:6]}), ("out_of_range", "term_years", {"term_years": 6})],
    "zero_report": [("bad_format", "period", {"period": "2026-Q5"}), ("in_future", "period", {"period": "2099-12"}),
                    ("too_short", "period", {"period": "2026"}), ("bad_value", "covers", {"covers": "all"})],
    "annual_report": [("in_future", "year", {"year": 2099}), ("in_future", "platform_submitted_on", {"platform_submitted_on": LATER}),
                      ("missing", "by_decision.terminated",
                       {"by_decision": counts(approved=1, approved_with_changes=0, resubmit=0, rejected=0, suspended=0)})],
    "withdrawal": [("missing", "replaces", {"replaces": MISSING}), ("missing", "reason", {"reason": MISSING})],
    "acceptance": [NOT_ADDRESSED, ("missing", "refers_to", {"refers_to": MISSING})],
    "return_for_correction": [NOT_ADDRESSED, ("too_short", "faults", {"faults": []}),
                              ("missing", "faults[0].reason", {"faults": [{"field": "summary"}]})],
    "rereview_request": [
        ("rule", "rereview_list_item", {"rereview_list_item": "none"}), ("in_future", "received_on", {"received_on": LATER}),
        ("missing", "submitter", {"submitter": MISSING}), ("missing", "report_id", {"report_id": MISSING})],
    "rereview_decision": [
        NOT_ADDRESSED, ("in_future", "decided_on", {"decided_on": LATER}),
        ("too_short", "experts", {"experts": GOOD["rereview_decision"][0]["experts"][:4]}), ("bad_value", "opinion", {"opinion": "maybe"})],
    "notice": [
        ("missing", "due_at", {"due_at": MISSING}), ("not_wanted", "due_at", {"must_answer": False}),
        ("bad_order", "due_at", {"due_at": "2026-01-01T00:00:00Z"}), ("rule", "answer_form[1].key", {"answer_form": [FORM[0], {**FORM[1], "key": "models"}]}),
        ("missing", "answer_form[0].choices", {"answer_form": [{**FORM[0], "type": "enum"}]}),
        ("not_wanted", "answer_form[1].choices", {"answer_form": [FORM[0], {**FORM[1], "type": "text"}]}),
        ("bad_format", "audience.districts[0]", {"audience": {"districts": ["33010"]}})],
    "notice_answer": [
        NOT_ADDRESSED, ("missing", "note", {"answers": MISSING, "note": MISSING}),
        ("rule", "answers[1].key", {"answers": [{"key": "models", "value": "6"}, {"key": "models", "value": "7"}]})],
    "notice_read": [NOT_ADDRESSED, ("in_future", "read_at", {"read_at": LATER_AT})],
    "shared_warning": [
        ("rule", "status", {"status": "draft"}), ("rule", "risk_subdomain", {"risk_subdomain": "2.1"}),
        ("in_future", "discovered_at", {"discovered_at": LATER_AT}), ("missing", "source_id", {"source_id": MISSING})],
    "city_plan": [
        ("bad_order", "until_year", {"until_year": 2025}), ("rule", "sectors[2]", {"sectors": ["science", "finance", "science"]}),
        ("rule", "entity_types[1]", {"entity_types": ["hospital", "hospital"]}),
        ("rule", "goals[1].key", {"goals": [PLAN["goals"][0], {**PLAN["goals"][1], "key": "joined"}]}),
        ("rule", "work_items[1].no", {"work_items": [PLAN["work_items"][0], {**PLAN["work_items"][1], "no": "1"}]}),
        ("bad_order", "work_items[0].ends_on", {"work_items": [{**PLAN["work_items"][0], "ends_on": "2026-01-09"}]}),
        ("rule", "units[1].uscc", {"units": [PLAN["units"][0], {**PLAN["units"][1], "uscc": ENTITY}]}),
        ("missing", "duties.province", {"duties": {"entity": "报送。", "city": "接收。"}})],
    "plan_progress": [
        ("in_future", "as_of", {"as_of": LATER}), ("missing", "goals", {"items": MISSING, "goals": MISSING}),
        ("rule", "items[1].no", {"items": [{"no": "1", "state": "done"}, {"no": "1", "state": "ongoing"}]}),
        ("rule", "goals[1].key", {"goals": [{"key": "training", "value": 1}, {"key": "training", "value": 2}]})],
    "administrative_act": [("bad_value", "act", {"act": "bribe"}), ("missing", "operator", {"operator": MISSING}),
                           ("bad_value", "role", {"role": "mayor"})],
}


def changed(base, changes):
    record = copy.deepcopy(base)
    for key, value in changes.items():
        if value is MISSING:
            record.pop(key, None)
        else:
            record[key] = value
    return record


def write(folder, name, records):
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    (HERE / folder / f"{name}.jsonl").write_text(text, encoding="utf-8")


def main():
    for name, records in GOOD.items():
        good = [{"kind": name, **{key: value for key, value in record.items() if key != "kind"}} for record in records]
        write("kinds", name, good)
        bad = []
        for code, field, changes, *more in BAD[name]:
            said = {"advice": True} if more == ["advice"] else {"also": more[0]} if more else {}
            bad.append({"code": code, "field": field, **said, "record": changed(good[0], changes)})
        if name != "withdrawal":
            bad.append({"code": "missing", "field": "reason", "record": changed(good[0], {"replaces": number(11)})})
        write("bad", name, bad)


main()
