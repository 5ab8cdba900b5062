"""The lives of threads, written out again from docs/records.md: who may take which step in which state."""

ENTITY, CITY, PROVINCE = "entity", "city", "province"
EVERYBODY, AUTHORITY, INITIATOR = {ENTITY, CITY, PROVINCE}, {CITY, PROVINCE}, {ENTITY, CITY}
OWN, ANY, DELIVERED = "own", "any", "delivered"
STAYS = None


class Step:
    def __init__(self, origins, to, by, whose=OWN, is_content=False):
        self.origins, self.to, self.by, self.whose, self.is_content = origins, to, by, whose, is_content


def filing():
    opened = {"filed", "returned", "accepted"}
    return {"": (Step(None, "filed", {ENTITY}, is_content=True), Step(opened, "filed", {ENTITY}, is_content=True)),
            "withdrawal": Step(opened, "withdrawn", {ENTITY}),
            "return_for_correction": Step({"filed", "accepted"}, "returned", {CITY}),
            "acceptance": Step({"filed"}, "accepted", {CITY})}


def warning():
    opened = {"raised", "acknowledged", "handling"}
    return {"raise": (Step(None, "raised", EVERYBODY, is_content=True), None),
            "update": (None, Step(opened, STAYS, EVERYBODY, is_content=True)),
            "cancel": (None, Step(opened, "cancelled", EVERYBODY)),
            "acknowledge": (None, Step({"raised"}, "acknowledged", AUTHORITY, ANY)),
            "handle": (None, Step(opened, "handling", INITIATOR)),
            "resolve": (None, Step({"acknowledged", "handling"}, "resolved", {CITY}))}


def rereview():
    return {"": (Step(None, "requested", INITIATOR, is_content=True),
                 Step({"requested"}, "requested", INITIATOR, is_content=True)),
            "rereview_decision": Step({"requested"}, "decided", AUTHORITY, ANY),
            "withdrawal": Step({"requested"}, "withdrawn", INITIATOR)}


def issue(by, **more):
    return {"": (Step(None, "current", by, is_content=True), Step({"current"}, "current", by, is_content=True)),
            "withdrawal": Step({"current"}, "withdrawn", by), **more}


def read():
    return Step({"current", "withdrawn"}, STAYS, {ENTITY}, DELIVERED)


LIVES = {
    "review_report": filing(), "entity_registration": filing(), "committee_registration": filing(),
    "zero_report": filing(), "annual_report": filing(), "risk_warning": warning(), "rereview_request": rereview(),
    "notice": issue(AUTHORITY, notice_read=read(), notice_answer=Step({"current"}, STAYS, {ENTITY}, DELIVERED)),
    "shared_warning": issue(AUTHORITY, notice_read=read()),
    "city_plan": issue({CITY}, plan_progress=Step({"current"}, STAYS, {CITY})),
}
FILERS = {"acceptance": {CITY}, "return_for_correction": {CITY}, "rereview_decision": AUTHORITY, "withdrawal": EVERYBODY,
          "notice_read": {ENTITY}, "notice_answer": {ENTITY}, "plan_progress": {CITY},
          **{kind: EVERYBODY for kind in ("risk_warning",)}, "rereview_request": INITIATOR, "notice": AUTHORITY,
          "shared_warning": AUTHORITY, "city_plan": {CITY},
          **{kind: {ENTITY} for kind in ("review_report", "entity_registration", "committee_registration", "zero_report",
                                         "annual_report")}}
REFERENCES = {"risk_warning": ("refers_to", "replaces"), "acceptance": ("refers_to",),
              "return_for_correction": ("refers_to",), "rereview_decision": ("request_id",),
              "notice": ("supersedes", "replaces"), "notice_answer": ("refers_to",), "notice_read": ("refers_to",),
              "plan_progress": ("refers_to",)}
KEYS = {"review_report": ("activity_no", "review_stage", "round"), "entity_registration": (), "committee_registration": (),
        "zero_report": ("period", "covers"), "annual_report": ("year",), "city_plan": ("title", "year")}
UNCOUNTED = {"withdrawn"}


def beginning(record):
    row = LIVES.get(record["kind"], {}).get(record.get("action", ""))
    return row[0] if row else None


def going_on(root_kind, record):
    """The step that a record takes in a thread of that kind; None: a record of this kind cannot follow."""
    if record["kind"] == root_kind:
        row = LIVES[root_kind].get(record.get("action", ""))
        return row[1] if row else None
    row = LIVES[root_kind].get(record["kind"])
    return row if isinstance(row, Step) else None


def reference(record):
    for key in REFERENCES.get(record["kind"], ("replaces",)):
        if key in record:
            return record[key]
    return None
