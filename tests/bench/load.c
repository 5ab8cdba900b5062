/* bench-load: N peers of a real hub over loopback, in one thread. */
#include "tests/bench/load.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <zmq.h>

#include "common/text.h"

enum { SOCKETS_MAX = 12000 };

static void mode_entities(struct load *load)
{
    keys_print_entities((size_t)load->peers, stdout);
}

static void mode_enrol(struct load *load)
{
    FILE *links = strcmp(load->links, "-") == 0 ? stdin : fopen(load->links, "r");
    if (!links) {
        fail(tr("cannot read %s", "无法读取 %s"), load->links);
    }
    double start = now_s();
    size_t count = keys_enrol(links, load->keys);
    results_open(&load->results, stdout, load->is_json);
    results_add(&load->results, "enrolled", (double)count, 0);
    results_add(&load->results, "seconds", now_s() - start, 2);
    results_close(&load->results);
}

static const struct {
    const char *name;
    void (*run)(struct load *load);
    bool has_results; /* opened and closed here */
    const char *en, *zh;
} modes[] = {
    {"entities", mode_entities, false, "print --peers institutions for `agn-hub entity import`",
     "输出 --peers 个机构，供 `agn-hub entity import` 导入"},
    {"enrol", mode_enrol, false, "enrol a peer for every join link in --links and write --keys",
     "逐条使用 --links 中的加入链接，写入 --keys"},
    {"rounds", mode_rounds, true, "--total records; each peer submits --items at a time and waits for the receipt",
     "共提交 --total 条；每个端点每次提交 --items 条并等待回执"},
    {"paced", mode_paced, true, "--rate records a second for --seconds, on schedule whatever the hub does",
     "在 --seconds 秒内按 --rate 条/秒的固定时刻提交"},
    {"idle", mode_idle, true, "what --peers silent peers cost the process --pid over --seconds",
     "测量 --peers 个静默端点在 --seconds 秒内对进程 --pid 的开销"},
    {"storm", mode_storm, true, "--peers reconnect at once while --keepers more go on submitting every --period-ms",
     "--peers 个端点同时重连，另有 --keepers 个端点每 --period-ms 毫秒照常提交"},
    {"warn", mode_warn, true, "a warning every --every-ms beside --rate records a second, until the province has it",
     "在 --rate 条/秒的背景下每 --every-ms 毫秒提交一条预警，直至省级收到"},
};
enum { MODES = sizeof modes / sizeof *modes };

/* One row a number that may be set. */
static const struct number_option {
    const char *name;
    size_t offset;
    double standard, low, high;
    const char *en, *zh;
} numbers[] = {
    {"peers", offsetof(struct load, peers), 1, 1, 8000, "peers", "端点数"},
    {"keepers", offsetof(struct load, keepers), 8, 1, 1000, "peers that go on submitting (storm)",
     "持续提交的端点数（storm）"},
    {"items", offsetof(struct load, items), 1, 1, BATCH_ITEMS_MAX, "records a submission", "每次提交的记录数"},
    {"total", offsetof(struct load, total), 1000, 1, 1e8, "records in all (rounds)", "记录总数（rounds）"},
    {"rate", offsetof(struct load, rate), 2000, 1, 1e7, "records a second (paced, warn)", "每秒记录数（paced、warn）"},
    {"seconds", offsetof(struct load, seconds), 10, 0.1, 86400, "how long (paced, idle, warn; storm: before)",
     "持续秒数（paced、idle、warn；storm：之前）"},
    {"pid", offsetof(struct load, pid), 0, 1, 1e9, "the hub's process (idle)", "枢纽进程号（idle）"},
    {"timeout", offsetof(struct load, timeout), 300, 1, 86400, "give up after so many seconds", "超过该秒数即放弃"},
    {"period-ms", offsetof(struct load, period_ms), 20, 1, 10000, "a keeper's period (storm)",
     "持续提交的间隔（storm）"},
    {"every-ms", offsetof(struct load, every_ms), 20, 1, 10000, "between warnings (warn)", "预警间隔（warn）"},
};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

static const struct {
    const char *name;
    size_t offset;
    const char *en, *zh;
} texts[] = {
    {"keys", offsetof(struct load, keys), "keys of the peers, made by enrol", "端点密钥文件（由 enrol 生成）"},
    {"province", offsetof(struct load, province), "keys of the province (warn)", "省级密钥文件（warn）"},
    {"links", offsetof(struct load, links), "join links, one a line; - is standard input (enrol)",
     "加入链接，每行一条；- 为标准输入（enrol）"},
};
enum { TEXTS = sizeof texts / sizeof *texts };

static void print_usage(FILE *file)
{
    fputs(tr("usage: bench-load MODE [options] [--json]\n\nmodes\n", "用法：bench-load 模式 [选项] [--json]\n\n模式\n"),
          file);
    for (size_t i = 0; i < MODES; i++) {
        fprintf(file, "  %-10s %s\n", modes[i].name, tr(modes[i].en, modes[i].zh));
    }
    fputs(tr("\noptions\n", "\n选项\n"), file);
    for (size_t i = 0; i < TEXTS; i++) {
        fprintf(file, "  --%-14s %s\n", texts[i].name, tr(texts[i].en, texts[i].zh));
    }
    for (size_t i = 0; i < NUMBERS; i++) {
        fprintf(file, "  --%-14s %s [%g]\n", numbers[i].name, tr(numbers[i].en, numbers[i].zh), numbers[i].standard);
    }
}

static void take_option(struct load *load, int index, const char *text)
{
    if (index < NUMBERS) {
        double *target = (double *)((char *)load + numbers[index].offset);
        *target = option_number(numbers[index].name, text, numbers[index].low, numbers[index].high);
    } else {
        memcpy((char *)load + texts[index - NUMBERS].offset, &text, sizeof text);
    }
}

/* Long options of getopt from the two tables; `val` is the row. */
static void read_options(struct load *load, int argc, char **argv)
{
    enum { JSON = 1000, HELP };
    struct option options[NUMBERS + TEXTS + 3] = {0};
    *load = (struct load){.keys = "keys", .province = "province-keys", .links = "-"};
    for (int i = 0; i < NUMBERS + TEXTS; i++) {
        const char *name = i < NUMBERS ? numbers[i].name : texts[i - NUMBERS].name;
        options[i] = (struct option){name, required_argument, NULL, i};
    }
    options[NUMBERS + TEXTS] = (struct option){"json", no_argument, NULL, JSON};
    options[NUMBERS + TEXTS + 1] = (struct option){"help", no_argument, NULL, HELP};
    for (int i = 0; i < NUMBERS; i++) {
        *(double *)((char *)load + numbers[i].offset) = numbers[i].standard;
    }
    int option = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == JSON) {
            load->is_json = true;
        } else if (option >= 0 && option < NUMBERS + TEXTS) {
            take_option(load, option, optarg);
        } else {
            print_usage(option == HELP ? stdout : stderr);
            exit(option == HELP ? 0 : 2);
        }
    }
}

/* Two descriptors a peer: the connection, and the one that tells of its messages. */
static void raise_limits(struct load *load)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    load->context = zmq_ctx_new();
    load->quiet_context = zmq_ctx_new();
    zmq_ctx_set(load->context, ZMQ_MAX_SOCKETS, SOCKETS_MAX);
}

int main(int argc, char **argv)
{
    struct load load;
    text_init();
    read_options(&load, argc, argv);
    for (size_t i = 0; optind == argc - 1 && i < MODES; i++) {
        if (strcmp(argv[optind], modes[i].name) != 0) {
            continue;
        }
        raise_limits(&load);
        if (modes[i].has_results) {
            results_open(&load.results, stdout, load.is_json);
        }
        modes[i].run(&load);
        if (modes[i].has_results) {
            results_close(&load.results);
        }
        zmq_ctx_term(load.context);
        zmq_ctx_term(load.quiet_context);
        return 0;
    }
    print_usage(stderr);
    return 2;
}
