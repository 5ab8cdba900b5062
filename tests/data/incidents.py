#!/usr/bin/env python3
"""Turns real AI incidents into risk warnings, and recounts them.

    incidents.py SOURCE --out DIR      writes DIR/entities.json and one DIR/USCC.jsonl an entity, ready for `agn-agent submit`
    incidents.py SOURCE --lines        prints the warnings as one JSON line each, the entity in each, for `agn-hub signals --input -`
    incidents.py SOURCE --recount      prints [{"risk_domain": ..., "level": ..., "count": ...}, ...] counted from SOURCE
    incidents.py SOURCE --compare FILE compares that with FILE (or - for standard input), the output of
                                       `agn-province table --family warning --by risk_domain,level --json`; exit 1 if they differ

SOURCE is a snapshot of the AI Incident Database (CC BY-SA 4.0) as JSON Lines with the MIT risk-domain and CSETv1
classifications joined. What is not classified there is filled in by rule:

level       1 where at least 10 lives were lost or 50 people injured; 2 where anybody died or was injured, or, if nobody
            has counted, the title speaks of a death; 3 where CSET sees tangible harm or a near miss, or the domain is
            malicious use; 4 otherwise.
risk_domain the MIT domain by its number; an incident without one counts as system_safety and has no subdomain.
sector      the first row of SECTORS found in CSET's sector; other where there is none.
entity      the first deployer, hashed onto at most 50 institutions.
share_scope province for levels 1 and 2, all_entities for 3, city_only for 4.
"""
import argparse
import collections
import hashlib
import json
import pathlib
import re
import sys
import unicodedata

from check import uscc_check_character

ENTITIES = 50
DOMAINS = ["discrimination_toxicity", "privacy_security", "misinformation", "malicious_use", "human_computer",
           "socioeconomic_environmental", "system_safety"]
SECTORS = [("financial", "finance"), ("human health", "healthcare"), ("manufacturing", "manufacturing"),
           ("agriculture", "agriculture"), ("arts", "culture"), ("accommodation", "tourism"), ("retail", "consumer"),
           ("scientific", "science"), ("education", "science"), ("information", "foundation")]
# What is hurt, where nobody died or was injured.
HARMS = {"discrimination_toxicity": "rights", "privacy_security": "rights", "misinformation": "public_order",
         "malicious_use": "property", "human_computer": "psychological", "socioeconomic_environmental": "property",
         "system_safety": "other"}
SEVERITY = {1: "extreme", 2: "severe", 3: "moderate", 4: "minor"}
SHARE = {1: "province", 2: "province", 3: "all_entities", 4: "city_only"}
TYPES = ["enterprise", "university", "institute", "hospital", "other"]
DISTRICTS = ["330102", "330105", "330106", "330108", "330109", "330110", "330111", "330112", "330113", "330114"]
DEATH = re.compile(r"\b(kill(s|ed|ing)?|deaths?|dead(ly)?|died?|dies|fatal(ly|ity|ities)?)\b", re.IGNORECASE)


def count(value):
    return int(value) if value not in (None, "") else None


def level(incident):
    deaths, injured = count(incident["lives_lost"]), count(incident["injuries"])
    if (deaths or 0) >= 10 or (injured or 0) >= 50:
        return 1
    if deaths or injured or (deaths is None and DEATH.search(incident["title"])):
        return 2
    harm = incident["harm_level"] or ""
    if harm.startswith("AI tangible harm") or domain(incident) == "malicious_use":
        return 3
    return 4


def domain(incident):
    return DOMAINS[int(incident["mit_risk_domain"][0]) - 1] if incident["mit_risk_domain"] else "system_safety"


def sector(incident):
    text = (incident["sector"] or "").lower()
    return next((code for word, code in SECTORS if word in text), "other")


def clean(text, low, high):
    """NFC, no control characters but line feed and tab, shortened with an ellipsis or padded to the bounds."""
    text = unicodedata.normalize("NFC", text).strip()
    text = "".join(c for c in text if c in "\n\t" or not (ord(c) < 32 or 0x7F <= ord(c) < 0xA0))
    if len(text) > high:
        text = text[:high - 1].rstrip() + "…"
    return text if len(text) >= low else text + " " + "（原文如此）"[:low]


def warning(incident):
    deaths, injured = count(incident["lives_lost"]), count(incident["injuries"])
    grade = level(incident)
    record = {
        "kind": "risk_warning",
        "submitter": {"name": "值班员", "role": "联络员"},
        "action": "raise",
        "status": "actual",
        "headline": clean(incident["title"].replace("\n", " "), 4, 120),
        "description": clean(incident["description"], 10, 8000),
        "level": grade,
        "urgency": "past",
        "severity": SEVERITY[grade],
        "certainty": "observed",
        "sector": sector(incident),
        "risk_domain": domain(incident),
        "harm_kind": ["physical"] if deaths or injured else [HARMS[domain(incident)]],
        "discovered_at": incident["date"] + "T00:00:00+08:00",
        "share_scope": SHARE[grade],
    }
    if incident["mit_risk_subdomain"]:
        record["risk_subdomain"] = incident["mit_risk_subdomain"][:3]
    if incident["mit_entity"]:
        record["cause_entity"] = incident["mit_entity"].lower()
    if incident["mit_intent"]:
        record["cause_intent"] = incident["mit_intent"].lower()
    if incident["mit_timing"]:
        record["lifecycle_phase"] = "operation" if incident["mit_timing"].startswith("Post") else "development"
    if deaths is not None:
        record["deaths"] = deaths
    if injured is not None:
        record["injured"] = injured
    if incident["developers"]:
        record["model_vendor"] = clean(", ".join(incident["developers"]), 1, 100)
    return record


def entity_of(incident):
    name = (incident["deployers"] or ["unknown"])[0]
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % ENTITIES


def entity(index, sectors):
    district = DISTRICTS[index % len(DISTRICTS)]
    first = f"93{district}MA{index:07d}"
    return {"uscc": first + uscc_check_character(first), "name": f"机构 {index + 1:02d}", "type": TYPES[index % len(TYPES)],
            "sectors": sorted(sectors) or ["other"], "district": district}


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def write(incidents, folder):
    folder.mkdir(parents=True, exist_ok=True)
    filed = collections.defaultdict(list)
    for incident in incidents:
        filed[entity_of(incident)].append(warning(incident))
    entities = []
    for index in sorted(filed):
        row = entity(index, {record["sector"] for record in filed[index]})
        entities.append(row)
        with open(folder / f"{row['uscc']}.jsonl", "w", encoding="utf-8") as file:
            file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in filed[index])
    (folder / "entities.json").write_text(json.dumps(entities, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{len(incidents)} warnings of {len(entities)} entities in {folder}")


def lines(incidents):
    for incident in incidents:
        uscc = entity(entity_of(incident), [])["uscc"]
        print(json.dumps({**warning(incident), "entity": uscc}, ensure_ascii=False))


def recount(incidents):
    cells = collections.Counter((domain(incident), level(incident)) for incident in incidents)
    return [{"risk_domain": key[0], "level": key[1], "count": cells[key]} for key in sorted(cells)]


def cells_of(rows):
    cells = collections.Counter()
    for row in rows:
        cells[row["risk_domain"], int(row["level"])] += int(row["count"])
    return +cells


def compare(expected, found):
    expected, found = cells_of(expected), cells_of(found)
    for key in sorted(expected.keys() | found.keys()):
        if expected.get(key, 0) != found.get(key, 0):
            print(f"{key[0]} level {key[1]}: {expected.get(key, 0)} in the source, {found.get(key, 0)} in the table")
    if expected != found:
        return 1
    print(f"matches: {sum(expected.values())} incidents in {len(expected)} cells")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("source")
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--lines", action="store_true")
    parser.add_argument("--recount", action="store_true")
    parser.add_argument("--compare", metavar="FILE")
    options = parser.parse_args()
    incidents = read(options.source)
    if options.out:
        write(incidents, options.out)
    if options.lines:
        lines(incidents)
    if options.recount:
        print("[\n" + ",\n".join(json.dumps(row) for row in recount(incidents)) + "\n]")
    if options.compare:
        rows = json.load(sys.stdin if options.compare == "-" else open(options.compare, encoding="utf-8"))
        return compare(recount(incidents), rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
