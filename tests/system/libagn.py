"""libagn as another project meets it: installed, found by pkg-config, compiled, and run beside the agent."""
import json

from harness import BUILD, ROOT, UNDER, UUID, check, main, os, re, require, review, subprocess, wait_until, warning


PROBE = r"""
#define _POSIX_C_SOURCE 200809L
#include <agn.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    struct agn *agn = NULL, *other = NULL;
    struct agn_filed filed, again;
    struct agn_item items[8], item;
    struct agn_fault fault;
    char reason[256] = "";
    char *json = NULL;
    size_t count = 0;
    int result = 0;
    uint64_t cursor = 0;
    struct sigaction before, after;
    (void)argc;
    sigaction(SIGINT, NULL, &before);
    printf("absent %d\n", agn_open("/nonexistent", 100, &agn, reason, sizeof reason));
    printf("misuse %d %d\n", agn_open("", 100, &agn, NULL, 0), agn_open(NULL, 0, NULL, NULL, 0));
    agn_close(NULL);
    agn_free(NULL);
    printf("open %d %d\n", agn_open(argv[1], 5000, &agn, reason, sizeof reason),
           agn_open(argv[1], 5000, &other, reason, sizeof reason));
    sigaction(SIGINT, NULL, &after);
    printf("signals %d\n", before.sa_handler == after.sa_handler);
    printf("refused %d", agn_file(agn, argv[3], strlen(argv[3]), &filed));
    for (size_t i = 0; agn_fault(agn, i, &fault) == AGN_OK; i++) {
        printf(" %s:%s", fault.field, fault.code);
    }
    printf("\nnotjson %d\n", agn_file(agn, "{", 1, &filed));
    printf("two %d\n", agn_file(agn, "{}{}", 4, &filed));
    printf("filed %d\n", agn_file_once(agn, "k", argv[2], strlen(argv[2]), &filed));
    result = agn_file_once(other, "k", argv[2], strlen(argv[2]), &again);
    printf("again %d %d\n", result, strcmp(filed.id, again.id));
    printf("reused %d\n", agn_file_once(other, "k", "{}", 2, &again));
    printf("find %d %s\n", agn_find(other, filed.id, &item), item.state);
    printf("nothing %d %d\n", agn_find(other, "018f0000-0000-7000-8000-000000000000", &item),
           agn_find(other, "x", &item));
    printf("list %d", agn_list(agn, NULL, 0, items, 8, &count));
    printf(" %zu %d\n", count, agn_list(agn, "lost", 0, items, 8, &count));
    result = agn_record(agn, filed.id, &json);
    printf("record %d %d\n", result, strstr(json, "risk_warning") != NULL);
    agn_free(json);
    result = agn_receipt(agn, filed.id, &json);
    printf("receipt %d %d\n", result, strstr(json, "\"receipt\":null") != NULL);
    agn_free(json);
    result = agn_message(agn, 0, &json, &cursor);
    printf("inbox %d %d\n", result, agn_message_read(agn, 77));
    agn_free(json);
    printf("corrects %d\n", agn_file_corrected(agn, filed.id, argv[2], strlen(argv[2]), &again));
    result = agn_file(agn, argv[4], strlen(argv[4]), &filed);
    printf("closed %d %s", result, agn_fault(agn, 0, &fault) == AGN_OK ? fault.field : "");
    printf(":%s\n", fault.code);
    printf("folder %d %d", agn_attachment_folder(agn, "relative"), agn_attachment_folder(agn, argv[5]));
    printf(" %d\n", agn_file(agn, argv[4], strlen(argv[4]), &filed));
    printf("version %s %d %d\n", agn_version(), agn_api_version() == AGN_API_VERSION, agn_result_text(AGN_FULL, 1)[0] != 0);
    agn_close(other);
    agn_close(agn);
    return 0;
}
"""
EXPECTED = """absent 3
misuse 4 4
open 0 0
signals 1
refused 1 level:out_of_range headline:too_short
notjson 1
two 4
filed 0
again 0 0
reused 6
find 0 accepted
nothing 2 4
list 0 {count} 4
record 0 1
receipt 0 1
inbox 0 2
corrects 2
closed 1 attachments[0].file:not_wanted
folder 4 0 0
version {version} 1 1
"""


def run(*command, ok=True, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, **options)
    if ok:
        require(done.returncode == 0, " ".join(command), (done.stdout, done.stderr))
    return done


def symbols(text):
    return {line.split()[-1] for line in text.splitlines() if re.search(r" [TDBRVW] ", line)}


def test(site):
    prefix = f"{site.folder}/prefix"
    run("cmake", "--install", BUILD, "--prefix", prefix, "--component", "libagn")
    config = {**os.environ, "PKG_CONFIG_PATH": f"{prefix}/lib/pkgconfig", "LD_LIBRARY_PATH": f"{prefix}/lib"}
    pkg = lambda *given: run("pkg-config", *given, "libagn", env=config).stdout.split()
    check(pkg("--modversion"), "pkg-config finds libagn")

    exported = symbols(run("nm", "-D", "--defined-only", f"{prefix}/lib/libagn.so").stdout)
    check(exported and all(name.startswith("agn_") and name.endswith(("@@AGN_1", "@@AGN_2")) for name in exported),
          "libagn.so exports its own names alone, with their version", exported)
    kept = symbols(run("nm", "-g", "--defined-only", f"{prefix}/lib/libagn.a").stdout)
    check({name.partition("@")[0] for name in exported} == kept, "and so does libagn.a", kept)
    header = open(f"{prefix}/include/agn.h").read()
    check(all(f"{name}(" in header for name in kept), "every one is in agn.h")

    hub = site.hub()
    agent = site.agent(hub)
    with open(f"{site.folder}/record.json", "w") as file:
        json.dump(review(), file, ensure_ascii=False)
    with open(f"{site.folder}/bad.json", "w") as file:
        json.dump(review(round=0, sector="nothing"), file, ensure_ascii=False)
    with open(f"{BUILD}/CMakeCache.txt") as file:
        built = dict(re.findall(r"^(\w+):\w+=(.+)$", file.read(), re.M))
    strict = [built["CMAKE_C_COMPILER"], "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    if "AGN_SANITIZE" in built:
        strict.append(f"-fsanitize={built['AGN_SANITIZE']}")
    example = f"{ROOT}/docs/examples/file_record.c"
    run(*strict, example, "-o", f"{site.folder}/shared", *pkg("--cflags", "--libs"))
    static = [f"-l:libagn.a" if flag == "-lagn" else flag for flag in pkg("--static", "--cflags", "--libs")]
    run(*strict, example, "-o", f"{site.folder}/static", *static)
    check("libagn" not in run("ldd", f"{site.folder}/static").stdout, "the example links either way")
    agent.start()
    ids = []
    for program in ("shared", "static"):
        done = run(*UNDER, f"{site.folder}/{program}", agent.home, f"{site.folder}/record.json", "17", env=config)
        ids += UUID.findall(done.stdout)
    check(len(ids) == 2 and ids[0] == ids[1], "docs/examples/file_record.c files its record once", ids)
    wait_until(lambda: hub.ids() == ids[:1], 10, what="the record at the hub")
    check(True, "and wakes `run`, which delivers it")
    done = run(*UNDER, f"{site.folder}/shared", agent.home, f"{site.folder}/bad.json", "18", env=config, ok=False)
    check(done.returncode == 1 and "round: out_of_range" in done.stderr and "sector: bad_value" in done.stderr,
          "a refusal names every fault", done.stderr)
    check(agent.stop() == 0, "the agent stops")

    with open(f"{site.folder}/probe.c", "w") as file:
        file.write(PROBE)
    run(*strict, f"{site.folder}/probe.c", "-o", f"{site.folder}/probe", *pkg("--cflags", "--libs"))
    version = pkg("--modversion")[0]
    good, bad = (json.dumps(record) for record in (warning(), warning(level=9, headline="x")))
    with open(f"{site.folder}/opinion.pdf", "wb") as file:
        file.write(b"%PDF-1.7 and so on")
    named = json.dumps(review(attachments=[{"file": "opinion.pdf", "role": "opinion"}]))
    done = run(*UNDER, f"{site.folder}/probe", agent.home, good, bad, named, site.folder, env=config)
    faults = re.search(r"refused 1 (.*)", done.stdout).group(1).split()
    seen = done.stdout.replace(" ".join(faults), " ".join(sorted(faults, reverse=True)))
    check(seen == EXPECTED.format(version=version, count=2) and not done.stderr, "every function answers as agn.h says",
          (done.stdout, done.stderr))
    check(not [name for name in os.listdir(agent.home) if name.startswith("filing-")], "and leaves nothing lying about")
    with open(f"{agent.home}/spool.db", "r+b") as file:
        file.write(b"\0" * 4096)
    done = run(*UNDER, f"{site.folder}/shared", agent.home, f"{site.folder}/record.json", "19", env=config, ok=False)
    check(done.returncode == 1 and done.stderr, "a damaged spool is an error, not an end", done)
    if os.system("c++ --version >/dev/null 2>&1") == 0:
        run("c++", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-x", "c++", f"{prefix}/include/agn.h")
        check(True, "agn.h is C++ too")


main(test)
