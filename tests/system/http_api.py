"""The local endpoint of `agn-agent run`: who may speak, what is answered, what a stranger can hold, and nothing twice."""
import http.client, json, sqlite3, stat

from harness import check, free_port, in_time, main, os, require, review, socket, threading, time, wait_until, warning


class Endpoint:
    def __init__(self, agent, port):
        self.agent, self.port = agent, port
        self.token = open(f"{agent.home}/http.token").read().strip()

    def ask(self, method, path, body=None, **headers):
        """(status, headers, the JSON answer). A header of None is not sent."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        given = {"Host": f"127.0.0.1:{self.port}", "Authorization": f"Bearer {self.token}",
                 "Content-Type": "application/json" if body is not None else None}
        given.update({name.replace("_", "-"): value for name, value in headers.items()})
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body, ensure_ascii=False)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in given.items():
            if value is not None:
                connection.putheader(name, value)
        if body is not None:
            body = body.encode() if isinstance(body, str) else body
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        if body is not None:
            try:
                connection.send(body)
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused by its head: the answer is there
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, dict(answer.getheaders()), json.loads(text)


def configure(agent, **settings):
    with open(f"{agent.home}/agent.zpl", "a") as file:
        file.writelines(f"{key} = {value}\n" for key, value in settings.items())


def check_doors(api):
    before = len(api.agent.records())
    doors = [("no token", dict(Authorization=None), 401), ("another token", dict(Authorization="Bearer " + "0" * 64), 401),
             ("a short token", dict(Authorization=f"Bearer {api.token[:-1]}"), 401),
             ("another scheme", dict(Authorization=f"Basic {api.token}"), 401),
             ("a rebound name", dict(Host=f"evil.example:{api.port}"), 421), ("no port", dict(Host="127.0.0.1"), 421),
             ("another port", dict(Host="127.0.0.1:1"), 421), ("no host", dict(Host=None), 400)]
    for what, headers, status in doors:
        connection_status = api.ask("POST", "/v1/records", warning(), **headers)[0] if what != "no host" else \
            raw_status(api, f"POST /v1/records HTTP/1.1\r\nAuthorization: Bearer {api.token}\r\nContent-Length: 0\r\n\r\n")
        check(connection_status == status, f"{what}: {status}", connection_status)
    status, headers, answer = api.ask("OPTIONS", "/v1/records", Origin="https://evil.example")
    check(status == 405 and not any(name.lower().startswith("access-control") for name in headers),
          "a browser's preflight gets no leave", (status, headers))
    allowed = api.ask("DELETE", "/v1/records")[1].get("Allow")
    check(allowed == "POST, GET, HEAD", "an address tells all the methods that it takes", allowed)
    check(raw_status(api, f"HEAD /v1/status HTTP/1.1\r\nHost: 127.0.0.1:{api.port}\r\nAuthorization: Bearer {api.token}\r\n\r\n")
          == 200, "HEAD is answered where GET is")
    check(len(api.agent.records()) == before, "and nothing was filed")
    mode = stat.S_IMODE(os.stat(f"{api.agent.home}/http.token").st_mode)
    check(mode == 0o600, "the token is for its owner alone", oct(mode))
    with socket.socket() as probe:
        probe.settimeout(2)
        try:
            probe.connect(("127.0.0.2", api.port))
            require(False, "another loopback address is not served")
        except OSError:
            check(True, "only 127.0.0.1 is bound")


def raw_status(api, text):
    with socket.create_connection(("127.0.0.1", api.port), 20) as raw:
        raw.sendall(text.encode())
        head = raw.recv(4096)
        return int(head.split()[1]) if head else 0


def memory(api):
    return int(open(f"/proc/{api.agent.process.pid}/statm").read().split()[1]) * 4096


def check_filing(api):
    status, _, filed = api.ask("POST", "/v1/records", review())
    check(status == 201 and filed["kind"] == "review_report" and filed["seq"] >= 1, "a report is accepted", (status, filed))
    status, _, refused = api.ask("POST", "/v1/records", warning(level=9, headline="x"))
    fields = {fault["field"] for fault in refused["faults"]}
    check(status == 422 and fields == {"level", "headline"}, "every fault is named", (status, refused))
    check(all(fault["zh"] and fault["en"] for fault in refused["faults"]), "in both languages", refused)
    lines = "\n".join(json.dumps(record, ensure_ascii=False) for record in (warning(), warning(level=7), review())) + "\n"
    status, _, mixed = api.ask("POST", "/v1/records", lines, Content_Type="application/x-ndjson")
    check(status == 207 and (mixed["accepted"], mixed["refused"]) == (2, 1)
          and [result["status"] for result in mixed["results"]] == [201, 422, 201]
          and [result["line"] for result in mixed["results"]] == [1, 2, 3], "lines are taken one by one", (status, mixed))
    for what, body, headers, code in (
            ("two objects", json.dumps(warning()) * 2, {}, 400), ("nothing", "", {}, 400), ("no JSON", "{", {}, 422),
            ("another type", "a=b", dict(Content_Type="application/x-www-form-urlencoded"), 415),
            ("no type", "{}", dict(Content_Type=None), 415)):
        check(api.ask("POST", "/v1/records", body, **headers)[0] == code, f"{what}: {code}")
    status, _, large = api.ask("POST", "/v1/records", b" " * (1024 * 1024 + 1))
    check(status == 413 and large["code"] == "too_large", "over 1 MiB: 413", (status, large))
    chunks = (f"POST /v1/records HTTP/1.1\r\nHost: 127.0.0.1:{api.port}\r\nAuthorization: Bearer {api.token}\r\n"
              "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunks += ("40000\r\n" + " " * 0x40000 + "\r\n") * 200 + "0\r\n\r\n"
    before = memory(api)
    check(raw_status(api, chunks) == 413, "in chunks too")
    check(memory(api) - before < 8 * 1024 * 1024, "and 50 MiB of them take no memory", memory(api) - before)
    many = "\n".join(["{}"] * 501)
    check(api.ask("POST", "/v1/records", many, Content_Type="application/x-ndjson")[0] == 413, "over 500 lines: 413")
    return filed


def check_looking(api, filed):
    _, _, first = api.ask("GET", "/v1/records?limit=1")
    check(len(first["records"]) == 1 and first["next"] == first["records"][0]["seq"], "a page names the next", first)
    _, _, rest = api.ask("GET", f"/v1/records?after={first['next']}")
    check(rest["next"] is None and rest["records"][0]["seq"] == first["next"] + 1, "which goes on there", rest)
    status, _, one = api.ask("GET", f"/v1/records/{filed['id']}")
    check(status == 200 and one["record"]["activity_title"] == filed["title"], "one record with its content", one)
    receipt = wait_until(lambda: api.ask("GET", f"/v1/records/{filed['id']}/receipt")[2]["receipt"], what="the receipt")
    check(receipt["verified"] and receipt["number"] >= 1, "its receipt, verified", receipt)
    wait_until(lambda: not api.ask("GET", "/v1/records?state=accepted")[2]["records"], what="all are received")
    check(len(api.ask("GET", "/v1/records?state=received")[2]["records"]) == 3, "by state")
    for path, code in (("/v1/records?state=lost", 400), ("/v1/records?limit=0", 400), ("/v1/records?limit=501", 400),
                       ("/v1/records?after=-1", 400), ("/v1/records?sate=accepted", 400), ("/v1/nothing", 404),
                       ("/v1/records/0", 404), ("/v1/schema/nothing", 404), ("/v1/records/", 404),
                       ("/v1/records/018f0000-0000-7000-8000-000000000000", 404)):
        check(api.ask("GET", path)[0] == code, f"{path}: {code}")
    check(api.ask("DELETE", "/v1/records")[0] == 405, "no other method")
    status, _, standing = api.ask("GET", "/v1/status")
    check(status == 200 and standing["link"]["connected"] and standing["counts"]["received"] == 3, "the status", standing)
    schema = api.ask("GET", "/v1/schema/risk_warning")[2]
    check(schema["properties"]["kind"]["const"] == "risk_warning", "a kind's JSON Schema")


def check_inbox(api, hub):
    hub.cli("entity", "suspend", api.agent.uscc, "--reason", "检查")
    hub.cli("entity", "resume", api.agent.uscc)
    messages = wait_until(lambda: api.ask("GET", "/v1/inbox")[2]["messages"], 30, what="the messages of the hub")
    check(messages[0]["event"]["type"] == "entity_state" and messages[0]["read_at"] is None, "the inbox", messages)
    cursor = messages[0]["cursor"]
    status, _, read = api.ask("POST", f"/v1/inbox/{cursor}/read")
    again = api.ask("POST", f"/v1/inbox/{cursor}/read")[2]
    check(status == 200 and again == read, "reading is noted once", (read, again))
    after = api.ask("GET", f"/v1/inbox?after={cursor}")[2]
    check(all(message["cursor"] > cursor for message in after["messages"]), "and read on from there", after)
    check(api.ask("GET", "/v1/inbox")[2]["messages"][0]["read_at"] == read["read_at"], "as the inbox shows")
    check(api.ask("POST", "/v1/inbox/999999/read")[0] == 404, "a message that is not there: 404")


def walk(value):
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(inner)


def check_description(api):
    document = api.ask("GET", "/v1/openapi.json")[2]
    check(document["openapi"].startswith("3.1.") and {"title", "version"} <= set(document["info"]), "OpenAPI 3.1")
    for node in walk(document):
        if isinstance(node, dict) and isinstance(node.get("$ref"), str):
            at = document
            for part in require(node["$ref"].startswith("#/"), "local references", node) and node["$ref"][2:].split("/"):
                at = require(at.get(part), f"{node['$ref']} is there") or at
    names = []
    for path, operations in document["paths"].items():
        holes = {part[1:-1] for part in path.split("/") if part.startswith("{")}
        for method, operation in operations.items():
            require(method in ("get", "post", "put", "delete"), "a method", method)
            names.append(operation["operationId"])
            placed = {(given["in"], given["name"]) for given in operation["parameters"]}
            require({name for where, name in placed if where == "path"} == holes, "every hole is a parameter", path)
            require(all("schema" in given for given in operation["parameters"]), "with a schema", path)
            require(operation["responses"] and all("description" in answer for answer in operation["responses"].values()),
                    "every response is described", path)
            require({"401", "421"} <= set(operation["responses"]), "and so are the doors", path)
    check(len(names) == len(set(names)) == 9, "every operation once", names)
    unknown = api.ask("POST", "/v1/records?corrects=01890000-0000-7000-8000-000000000000", warning())[0]
    check(str(unknown) in document["paths"]["/v1/records"]["post"]["responses"], "a correction of nothing is described", unknown)
    check(all(scheme in document["components"]["securitySchemes"] for row in document["security"] for scheme in row),
          "the token is a scheme")
    schemas = document["components"]["schemas"]
    check({"review_report", "risk_warning", "record", "problem"} <= set(schemas), "record kinds and answers are schemas")
    report = schemas["review_report"]
    check(set(report["required"]) <= set(report["properties"]), "required fields are there")
    shapes = {"/v1/status": "status", "/v1/records": "items", "/v1/inbox": "messages"}
    for path, shape in shapes.items():
        answer = api.ask("GET", path)[2]
        check(set(schemas[shape]["required"]) <= set(answer) <= set(schemas[shape]["properties"]),
              f"{path} answers as described", (answer.keys(), schemas[shape]["required"]))
    item = api.ask("GET", "/v1/records")[2]["records"][0]
    check(set(schemas["item"]["required"]) <= set(item) <= set(schemas["item"]["properties"]), "and each item")


def check_once(api):
    record = warning()
    key = "案件-17"
    headers = dict(Idempotency_Key=key.encode())
    status, _, first = api.ask("POST", "/v1/records", record, **headers)
    again = api.ask("POST", "/v1/records", record, **headers)
    check(status == 201 and (again[0], again[2]) == (201, first), "the same key and body: the first answer", again)
    other = api.ask("POST", "/v1/records", warning(), **headers)
    check(other[0] == 409, "the same key and another body: 409", other)
    check(api.ask("POST", "/v1/records", record, Idempotency_Key="k" * 201)[0] == 400, "a key has a bound")
    before = len(api.agent.records())
    failed = api.ask("POST", "/v1/records", warning(level=8), Idempotency_Key="mend")
    mended = api.ask("POST", "/v1/records", warning(), Idempotency_Key="mend")
    check((failed[0], mended[0]) == (422, 201), "a refusal uses up no key", (failed, mended))
    check(len(api.agent.records()) == before + 1, "each filed once")
    return record, headers, first


def check_crash(api):
    """Killed at any moment: whoever asks again with the same key gets one record a key."""
    answers, count, stop = {}, [0], threading.Event()
    bodies = [(warning(), f"crash-{number}") for number in range(400)]

    def work():
        for record, key in bodies:
            while not stop.is_set():
                try:
                    status, _, answer = api.ask("POST", "/v1/records", record, Idempotency_Key=key)
                except (OSError, http.client.HTTPException):
                    time.sleep(0.02)
                    continue
                require(status == 201, "accepted", (status, answer))
                require(answers.setdefault(key, answer["id"]) == answer["id"], "one id a key", key)
                count[0] += 1
                break

    known = len(api.agent.records())
    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    for after in (40, 120, 250):
        wait_until(lambda: count[0] >= after, 30, 0.001, "records on their way")
        api.agent.kill()
        api.agent.start()
    worker.join(60)
    stop.set()
    check(count[0] == len(bodies), "all were accepted in the end", count)
    for record, key in bodies[::7]:
        status, _, answer = api.ask("POST", "/v1/records", record, Idempotency_Key=key)
        require(status == 201 and answer["id"] == answers[key], "and are still the same", key)
    rows = api.agent.records()
    check(len(rows) == known + len(bodies) and {row["id"] for row in rows} >= set(answers.values()),
          "kill -9 three times: each record filed once", (len(rows), known))


def check_patience(api):
    """A hundred connections that trickle hold nobody up for long, and little memory."""
    before = memory(api)
    slow = []
    for _ in range(100):
        raw = socket.create_connection(("127.0.0.1", api.port), 5)
        raw.sendall(b"POST /v1/records HTTP/1.1\r\nHo")
        slow.append(raw)
    stop = threading.Event()

    def trickle():
        while not stop.wait(1):
            for raw in slow:
                try:
                    raw.send(b"s")
                except OSError:
                    pass
    threading.Thread(target=trickle, daemon=True).start()
    began = time.monotonic()
    served = 0
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=150)
    connection.request("GET", "/v1/status", headers={"Authorization": f"Bearer {api.token}"})
    served = connection.getresponse().status
    stop.set()
    for raw in slow:
        raw.close()
    check(served == 200 and in_time(began, 40), "a request among 100 that trickle is served", served)
    check(memory(api) - before < 16 * 1024 * 1024, "in bounded memory", memory(api) - before)
    check(api.agent.submit(warning()), "and the agent works on")


def check_time(site, hub, api):
    """What a request may take is counted from its own beginning, and without what others take of the agent's time."""
    other = site.agent(hub, "held-up")
    other.api_port = free_port()
    configure(other, http_port=other.api_port)
    other.start()
    held = Endpoint(other, other.api_port)
    bodies = [json.dumps(warning(), ensure_ascii=False).encode() for _ in range(2)]
    heads = [f"POST /v1/records HTTP/1.1\r\nHost: 127.0.0.1:{end.port}\r\nAuthorization: Bearer {end.token}\r\n"
             f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
             for end, body in zip((api, held), bodies)]
    rested, slowed = (socket.create_connection(("127.0.0.1", end.port), 20) for end in (api, held))
    rested.sendall(f"GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1:{api.port}\r\nAuthorization: Bearer {api.token}\r\n\r\n".encode())
    require(b"200" in rested.recv(65536), "the first request")
    slowed.sendall(heads[1])
    database = sqlite3.connect(f"{other.home}/spool.db", isolation_level=None, check_same_thread=False)

    def hold_up():
        database.execute("begin immediate")
        until = time.monotonic() + 8
        while time.monotonic() < until:
            held.ask("POST", "/v1/records", warning())
        database.execute("rollback")

    worker = threading.Thread(target=hold_up)
    for second in range(17):
        if second == 2:
            worker.start()
        if second == 9:
            rested.sendall(heads[0])
        for raw, body, first in ((rested, bodies[0], 9), (slowed, bodies[1], 0)):
            if second >= first:
                raw.sendall(body[second - first:second - first + 1] if second < 16 else body[16 - first:])
        time.sleep(1)
    worker.join()
    for raw, what in ((rested, "a request after 9 s of rest has its own 15 s"),
                      (slowed, "what the agent spends on others is not counted")):
        answer = raw.recv(4096)
        check(b" 201 " in answer[:20], what, answer[:40])
        raw.close()
    wait_until(lambda: not held.ask("GET", "/v1/records?state=accepted")[2]["records"], what="the other's is received")
    require(other.stop() == 0, "stops")
    return other


def check_start(site, hub, agent):
    for line, words in (("http_address = 0.0.0.0", "127.0.0.1"), ("http_address = 192.0.2.1", "127.0.0.1"),
                        ("http_port = 70000", "65535")):
        other = site.agent(hub, f"other-{abs(hash(line))}")
        configure(other, **{"http_port": free_port(), **dict([line.split(" = ")])})
        done = other.cli("run", ok=False, timeout=10)
        check(done.returncode == 1 and words in done.stderr, f"`{line}` stops the start", done.stderr)
    blocked = site.agent(hub, "blocked")
    configure(blocked, http_port=agent.api_port)
    done = blocked.cli("run", ok=False, timeout=10)
    check(done.returncode == 1 and str(agent.api_port) in done.stderr, "a port that is taken stops the start", done.stderr)
    os.chmod(f"{blocked.home}/http.token", 0o644)
    done = blocked.cli("run", ok=False, timeout=10)
    check(done.returncode == 1 and "http.token" in done.stderr, "a token that others may read stops the start", done.stderr)


def test(site):
    hub = site.hub()
    agent = site.agent(hub)
    agent.api_port = free_port()
    agent.start()
    check(not os.path.exists(f"{agent.home}/http.token"), "the endpoint is off unless it is configured")
    check(agent.stop() == 0, "stopped")
    configure(agent, http_port=agent.api_port)
    agent.start()
    api = Endpoint(agent, agent.api_port)
    check_doors(api)
    filed = check_filing(api)
    check_looking(api, filed)
    check_inbox(api, hub)
    check_description(api)
    record, headers, first = check_once(api)
    agent.kill()
    agent.start()
    check(api.ask("POST", "/v1/records", record, **headers)[2] == first, "after kill -9 too")
    check_crash(api)
    check_start(site, hub, agent)
    other = check_time(site, hub, api)
    check_patience(api)
    wait_until(lambda: not api.ask("GET", "/v1/records?state=accepted")[2]["records"], 60, what="all are received")
    check(sorted(hub.ids()) == sorted(row["id"] for row in agent.records() + other.records()), "the hub holds each once")
    check(agent.stop() == 0, "stops at once")
    check(not [name for name in os.listdir(agent.home) if name.startswith("filing-")], "nothing is left lying about")


main(test)
