"""The signals of deploy/signals.zpl, counted again in the plainest way: for every rule, day and cluster all warnings are
looked at again. Shares nothing with the program but the definition in common/signal.h."""
import collections, datetime, math, re, unicodedata

WHO = ("model_name", "model_vendor", "sector")
WHAT = ("risk_domain", "risk_subdomain", "harm_kind")
KEYS = WHO + WHAT
STANDARD = {"window": 90, "base": 4, "count": 3, "institutions": 1, "ratio": 0.0, "ror": 0.0, "level": 4, "cool_down": 90,
            "growth": 100}
Z = 1.959963984540054


def read_rules(path):
    """(rules in order of the file, ignored names)"""
    rules, ignored = [], set()
    for line in open(path, encoding="utf-8"):
        text = line.split("#")[0].rstrip()
        depth = (len(text) - len(text.lstrip())) // 4
        name, _, value = (part.strip() for part in text.strip().partition("="))
        value = value.strip('"')
        if depth == 1 and value:
            ignored = {normal(part) for part in value.split(",")}
        elif depth == 1 and name:
            rules.append({"name": name, "label": name, **STANDARD})
        elif depth == 2:
            rules[-1][name] = ([key for key in KEYS if key in re.split(r"[,\s]+", value)] if name == "group" else
                               value if name == "label" else type(STANDARD[name])(value))
    return rules, ignored


def normal(text):
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def row_of(warning, identity, party):
    """A row of the recount from a warning in its JSON form."""
    at = datetime.datetime.fromisoformat(warning["discovered_at"].replace("Z", "+00:00"))
    day = at.astimezone(datetime.timezone(datetime.timedelta(hours=8))).date().toordinal()
    return {"id": identity, "party": party, "day": day, "at": at, **{key: warning.get(key) for key in KEYS}}


class Recount:
    def __init__(self, rows, rules, ignored, known_from=None):
        self.rows = sorted(rows, key=lambda row: (row["day"], row["at"], row["id"]))
        self.rules, self.ignored = rules, ignored
        self.cache = {}
        self.known_from = self.rows[0]["day"] if known_from is None and self.rows else known_from

    def values(self, row, key):
        """The values under which a row stands for a key: none where it is not stated."""
        value = row[key]
        if key == "harm_kind":
            return [kind for kind in dict.fromkeys(value or []) if kind != "none"]
        if key in ("model_name", "model_vendor"):
            name = normal(value or "")
            return [name] if name and name not in self.ignored else []
        return [value] if value is not None else []

    def tuples(self, row, keys):
        """The clusters of a rule that the row belongs to."""
        kept = (row["id"], *keys)
        if kept not in self.cache:
            found = [()]
            for key in keys:
                found = [start + (value,) for start in found for value in self.values(row, key)]
            self.cache[kept] = found
        return self.cache[kept]

    def find(self, day):
        found = []
        for rule in self.rules:
            clusters = {values for row in self.rows if day - rule["window"] < row["day"] <= day
                        for values in self.tuples(row, rule["group"])}
            stated = [row for row in self.rows if clusters and self.tuples(row, rule["group"])]
            for values in clusters:
                signal = self.look(rule, stated, values, day)
                if signal:
                    found.append(signal)
        return found

    def look(self, rule, stated, values, day):
        start = day - rule["window"] + 1
        inside = [row for row in stated if start <= row["day"] <= day]
        evidence = [row for row in inside if values in self.tuples(row, rule["group"])]
        parties = {row["party"] for row in evidence}
        if len(evidence) < rule["count"] or len(parties) < rule["institutions"]:
            return None
        signal = {"rule": rule["name"], "values": values, "count": len(evidence), "institutions": len(parties), "found": day,
                  "expected": None, "ratio": None, "evidence": [row["id"] for row in evidence], "rule_row": rule}
        self.base(signal, rule, stated, values, start)
        if rule["ratio"] > 0 and (signal["expected"] is None or signal["ratio"] is not None and signal["ratio"] < rule["ratio"]):
            return None
        self.odds(signal, rule, inside, values)
        if rule["ror"] > 0 and not signal["low"] > rule["ror"]:
            return None
        return signal

    def base(self, signal, rule, stated, values, start):
        windows = 0
        while windows < rule["base"] and start - (windows + 1) * rule["window"] >= self.known_from:
            windows += 1
        if windows:
            before = sum(1 for row in stated if start - windows * rule["window"] <= row["day"] < start
                         and values in self.tuples(row, rule["group"]))
            signal["expected"] = before / windows
            signal["ratio"] = signal["count"] / signal["expected"] if before else None

    def odds(self, signal, rule, inside, values):
        who = [at for at, key in enumerate(rule["group"]) if key in WHO]
        what = [at for at, key in enumerate(rule["group"]) if key in WHAT]
        signal["ror"] = signal["low"] = signal["high"] = None
        if not who or not what:
            return
        cells = collections.Counter()
        for row in inside:
            rows = self.tuples(row, rule["group"])
            cells[any(all(each[at] == values[at] for at in who) for each in rows),
                  any(all(each[at] == values[at] for at in what) for each in rows)] += 1
        table = [cells[True, True], cells[True, False], cells[False, True], cells[False, False]]
        half = 0.5 if 0 in table else 0
        a, b, c, d = (count + half for count in table)
        width = Z * math.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
        signal.update(table=table, ror=a * d / b / c, low=a * d / b / c * math.exp(-width),
                      high=a * d / b / c * math.exp(width))

    def replay(self):
        """{(rule, values): the first signal, with raised, peak and last_found}"""
        given, clusters = {}, {}
        for day in range(self.rows[0]["day"], self.rows[-1]["day"] + 1):
            for signal in self.find(day):
                key, rule = (signal["rule"], signal["values"]), signal["rule_row"]
                if key in given:
                    last, named = given[key]
                    fresh = len(set(signal["evidence"]) - named)
                    over = day - last >= rule["cool_down"]
                    if not fresh or not over and not (rule["growth"] and fresh * 100 >= len(named) * rule["growth"]):
                        continue
                given[key] = (day, set(signal["evidence"]))
                first = clusters.setdefault(key, {**signal, "raised": 0, "peak": 0})
                first["raised"] += 1
                first["peak"] = max(first["peak"], signal["count"])
                first["last_found"] = day
        return clusters
