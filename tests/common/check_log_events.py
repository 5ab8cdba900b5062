"""The tables of log events in docs/operations.md against what the sources log, both ways: each event of level info or
above is there with its levels, and what is there is logged. Of debug only what an operator needs is listed."""
import collections, pathlib, re, sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLES = {"hub": "agn-hub", "agent": "agn-agent", "province": "agn-province"}
COMMON = "all programs"  # of the shared folders, or of several programs
CALL = re.compile(r"(?<!void )\blog_(?:(debug|info|warn|error)\(|event\(([^,\"]*),)\s*([^,]+),")
EVENT = re.compile(r'"([a-z][a-z-]+)"')


def events_of(argument, source):
    """The literals in a call's argument, or those of the array that it takes one from."""
    if not EVENT.search(argument):
        array = re.match(r"\w+", argument)[0]
        argument = re.search(rf"\b{array}\[\] = \{{([^}}]*)\}}", source)[1]
    return EVENT.findall(argument)


def logged():
    """By table and event: the levels."""
    found = collections.defaultdict(set)
    for folder in ("hub", "agent", "province", "common", "sheet", "proto"):
        for path in sorted((ROOT / folder).glob("*.c")):
            source = path.read_text()
            for level, levels, argument in CALL.findall(source):
                for event in events_of(argument, source):
                    row = TABLES.get(folder, COMMON), event
                    found[row] |= {level} if level else set(re.findall(r"log_level_(\w+)", levels.lower()))
    return found


def documented():
    guide = (ROOT / "docs" / "operations.md").read_text().split("<!-- log-events -->")[1].split("<!-- end log-events -->")[0]
    rows = {}
    for table, text in re.findall(r"^\*\*([\w -]+)\*\*$(.*?)(?=^\*\*|\Z)", guide, re.M | re.S):
        for events, levels in re.findall(r"^\| (`[^|]+`) \| ([a-z, ]+) \|", text, re.M):
            rows |= {(table, event): set(levels.split(", ")) for event in EVENT.findall(events.replace("`", '"'))}
    return rows


def main():
    wrong, found, rows = [], logged(), documented()
    shared = collections.defaultdict(set)
    for (table, event), levels in found.items():
        row = (table, event) if (table, event) in rows else (COMMON, event)
        shared[row] |= levels
        if row not in rows and levels != {"debug"}:
            wrong.append(f"{table}: {event} ({', '.join(sorted(levels))}) is not listed")
    for row, levels in rows.items():
        if shared[row] != levels:
            is_logged = ", ".join(sorted(shared[row])) or "nothing"
            wrong.append(f"{row[0]}: {row[1]} is listed as {', '.join(sorted(levels))} and logged as {is_logged}")
    print("\n".join(wrong) or f"{len(rows)} events are as listed")
    return 1 if wrong or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
