/* compare: the hubs' ledgers held to the heads that somebody else was shown.
 *
 * A head of a size that was seen here too is compared at once. The rest go to the witness: `run` asks the hub to prove
 * that they lead to the ledger that it shows here. In what another province exports the largest of a line stands for
 * those that lead to it by what that one has checked. Of heads that contradict in the same way one is the proof. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/mem.h"
#include "common/succession.h"
#include "common/text.h"
#include "province/alarms.h"
#include "province/commands.h"
#include "province/heads_file.h"
#include "province/hubs.h"

enum { VERDICT_WAIT_MS = 20000, VERDICT_STEP_MS = 50, CLAIMS_MAX = 1000 };

/* A head of those in the file that contradict nothing by themselves. */
struct claim {
    const struct hub_member *member;
    struct kept_head head;
    bool is_followed; /* stands for all of its ledger's LINE that are no larger and are followed, too */
    int64_t line;
    int64_t told; /* its number at the witness */
};

/* What the heads by one key, of one epoch, contradict. */
struct quarrel {
    int64_t hub;
    enum heads heads;
    struct kept_head theirs;
};

struct comparison {
    const char *path;
    struct witness *witness;
    struct hub_member *members;
    size_t member_count;
    struct claim *claims;
    size_t claim_count;
    struct quarrel *quarrels;
    size_t quarrel_count;
    uint64_t heads, strange, damaged, explained, repeated, left_out;
    bool is_contradicted;
    bool is_undecided;
};

/* By the hub's key, or one that it had before. */
static const struct hub_member *find_member(const struct comparison *comparison, const struct signing_key *key)
{
    struct old_key ignored;
    for (size_t i = 0; i < comparison->member_count; i++) {
        const struct hub_member *member = &comparison->members[i];
        if (membership_trusts(&member->membership, key) ||
            witness_retired(comparison->witness, member->hub, key, &ignored) == ERR_OK) {
            return member;
        }
    }
    return NULL;
}

static bool is_same_ledger(const struct claim *one, const struct claim *other)
{
    return one->member == other->member && memcmp(one->head.head.epoch, other->head.head.epoch, EPOCH_SIZE) == 0;
}

static bool says_the_same(const struct tree_head *one, const struct tree_head *other)
{
    return one->size == other->size && memcmp(one->root, other->root, MERKLE_HASH_SIZE) == 0;
}

static void add_claim(struct comparison *comparison, const struct claim *claim)
{
    for (size_t i = 0; i < comparison->claim_count; i++) {
        struct claim *other = &comparison->claims[i];
        if (!is_same_ledger(other, claim)) {
            continue;
        }
        if (says_the_same(&other->head.head, &claim->head.head)) {
            return;
        }
        if (other->is_followed && claim->is_followed && other->line == claim->line) {
            other->head = other->head.head.size < claim->head.head.size ? claim->head : other->head;
            return;
        }
    }
    if (comparison->claim_count == CLAIMS_MAX) {
        comparison->left_out++;
        comparison->is_undecided = true;
        return;
    }
    comparison->claims = mem_grow(comparison->claims, comparison->claim_count + 1, sizeof *comparison->claims);
    comparison->claims[comparison->claim_count++] = *claim;
}

static bool is_told_of(const struct comparison *comparison, int64_t hub, enum heads heads,
                       const struct kept_head *theirs)
{
    for (size_t i = 0; i < comparison->quarrel_count; i++) {
        const struct quarrel *other = &comparison->quarrels[i];
        if (other->hub == hub && other->heads == heads && signing_key_equal(&other->theirs.key, &theirs->key) &&
            memcmp(other->theirs.head.epoch, theirs->head.epoch, EPOCH_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

static err_t contradict(struct comparison *comparison, const struct hub_member *member, enum heads heads,
                        const struct kept_head *theirs, const struct kept_head *ours)
{
    const struct contradiction contradiction = {
        .heads = heads, .known = theirs, .later = ours, .told_by = comparison->path};
    bool is_new = false;
    comparison->is_contradicted = true;
    if (is_told_of(comparison, member->hub, heads, theirs)) {
        comparison->repeated++;
        return ERR_OK;
    }
    comparison->quarrels = mem_grow(comparison->quarrels, comparison->quarrel_count + 1, sizeof *comparison->quarrels);
    comparison->quarrels[comparison->quarrel_count++] = (struct quarrel){member->hub, heads, *theirs};
    return witness_raise(comparison->witness, member->hub, &contradiction, clock_ms(), &is_new);
}

/* Signed with a key that the hub had no more: it says nothing of the ledger, and was told of where that is cleared
 * here, and known there. Beside it stands what the hub itself has shown, where there is such. */
static err_t take_doubtful(struct comparison *comparison, const struct hub_member *member,
                           const struct kept_head *theirs, bool is_doubted)
{
    struct kept_head ours;
    bool is_settled = false;
    err_t err = witness_settled(comparison->witness, member->hub, &theirs->key, &is_settled);
    if (err == ERR_OK && is_settled && is_doubted) {
        comparison->explained++;
        return ERR_OK;
    }
    err = err == ERR_OK ? witness_last(comparison->witness, member->hub, theirs->head.epoch, &ours) : err;
    return err == ERR_OK || err == ERR_NOT_FOUND
               ? contradict(comparison, member, HEADS_OLD_KEY, theirs, err == ERR_OK ? &ours : theirs)
               : err;
}

static err_t take_claim(struct comparison *comparison, const struct claim *claim)
{
    struct kept_head ours;
    const struct kept_head *theirs = &claim->head;
    err_t err = witness_other(comparison->witness, claim->member->hub, &theirs->head, &ours);
    if (err == ERR_NOT_FOUND) {
        add_claim(comparison, claim);
        return ERR_OK;
    }
    if (err != ERR_OK) {
        return err;
    }
    enum heads heads = heads_compare(signing_key_suite(&ours.key), &theirs->head, &ours.head, (struct view){0});
    return contradict(comparison, claim->member, heads, theirs, &ours);
}

static err_t take_head(void *self, const struct filed_head *filed)
{
    struct comparison *comparison = self;
    struct kept_head theirs;
    const struct hub_member *member = filed ? find_member(comparison, &filed->key) : NULL;
    bool is_strange = filed && !member;
    bool is_good = member && filed_head_check(filed, &theirs) == ERR_OK;
    comparison->heads++;
    comparison->strange += is_strange;
    comparison->damaged += !is_strange && !is_good;
    if (!is_good) {
        return ERR_OK;
    }
    bool is_explained = false;
    bool is_doubtful = false;
    err_t err = witness_explained(comparison->witness, member->hub, &theirs, &is_explained);
    err = err == ERR_OK ? witness_doubts(comparison->witness, member->hub, &theirs, &is_doubtful) : err;
    if (err == ERR_OK && is_explained) {
        comparison->explained++;
        return ERR_OK;
    }
    if (err == ERR_OK && is_doubtful) {
        return take_doubtful(comparison, member, &theirs, filed->is_doubted);
    }
    const struct claim claim = {
        .member = member, .head = theirs, .is_followed = filed->is_followed, .line = filed->line};
    return err == ERR_OK ? take_claim(comparison, &claim) : err;
}

static bool read_file(struct comparison *comparison)
{
    char reason[256];
    FILE *file = fopen(comparison->path, "re");
    if (!file) {
        complain(tr("cannot read %s: %s", "无法读取 %s：%s"), comparison->path, strerror(errno));
        return false;
    }
    err_t err = heads_file_read(file, take_head, comparison, reason);
    fclose(file);
    if (*reason) {
        complain(tr("%s: %s", "%s：%s"), comparison->path, reason);
    } else if (err != ERR_OK) {
        complain(tr("the witness could not be written: %s", "见证数据库写入失败：%s"), err_text(err));
    } else if (comparison->heads == 0) {
        complain(
            tr("%s holds no signed head: expected what heads --export writes, or a receipt or evidence of an agent",
               "%s 中没有签名根：应为 heads --export 的导出文件，或机构的回执、证据文件"),
            comparison->path);
        return false;
    }
    return err == ERR_OK;
}

static bool tell(struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->claim_count; i++) {
        struct claim *one = &comparison->claims[i];
        err_t err =
            witness_tell(comparison->witness, one->member->hub, &one->head, comparison->path, clock_ms(), &one->told);
        if (err != ERR_OK) {
            complain(tr("the witness could not be written: %s", "见证数据库写入失败：%s"), err_text(err));
            return false;
        }
    }
    return true;
}

static err_t await(struct comparison *comparison, const struct claim *one, int64_t wait_ms, enum heads *ret_heads)
{
    int64_t until = clock_monotonic_ms() + wait_ms;
    const struct timespec step = {.tv_nsec = VERDICT_STEP_MS * 1000000L};
    err_t err = witness_verdict(comparison->witness, one->told, ret_heads);
    while ((err == ERR_NOT_FOUND || err == ERR_BUSY) && clock_monotonic_ms() < until) {
        nanosleep(&step, NULL);
        err = witness_verdict(comparison->witness, one->told, ret_heads);
    }
    return err;
}

/* Whether there was a verdict within WAIT_MS. */
static bool report(struct comparison *comparison, const struct claim *one, int64_t wait_ms)
{
    enum heads heads = HEADS_AGREE;
    const struct membership *membership = &one->member->membership;
    err_t err = await(comparison, one, wait_ms, &heads);
    printf(tr("hub %" PRId64 " %s %s: ledger of %" PRIu64 " records: ",
              "枢纽 %" PRId64 " %s %s：%" PRIu64 " 条记录的台账："),
           one->member->hub, membership->hub, membership->city, one->head.head.size);
    if (err != ERR_OK) {
        comparison->is_undecided = true;
        puts(
            tr("not decided: the hub was not asked yet (agn-province run must be connected to it, and its store be the "
               "same); it waits to be asked",
               "尚未判定：还未询问枢纽（agn-province run 须与其连接，且枢纽存储未更换）；将在连接后询问"));
    } else if (heads == HEADS_AGREE) {
        puts(tr("agrees with what is shown here", "与本方所见一致"));
    } else {
        comparison->is_contradicted = true;
        puts(enumeration_label(&enum_alarm, alarm_code(heads), text_is_chinese()));
    }
    return err == ERR_OK;
}

static void report_rest(const struct comparison *comparison)
{
    if (comparison->left_out > 0) {
        printf(tr("%" PRIu64 " heads more than %d at once: left out; compare them in smaller files\n",
                  "%" PRIu64 " 个签名根超出单次上限 %d 个：未核对，请分成较小的文件再次核对\n"),
               comparison->left_out, CLAIMS_MAX);
    }
    if (comparison->repeated > 0) {
        printf(tr("%" PRIu64 " more heads contradict in the same way: one pair of them is the proof\n",
                  "另有 %" PRIu64 " 个签名根存在同样的矛盾：以一对签名根为证\n"),
               comparison->repeated);
    }
    if (comparison->explained > 0) {
        printf(tr("%" PRIu64 " heads are of what was explained when an alarm was cleared: left out\n",
                  "%" PRIu64 " 个签名根属于解除警报时已查明的情况：不再核对\n"),
               comparison->explained);
    }
    if (comparison->strange > 0) {
        printf(tr("%" PRIu64 " heads are signed with keys of no hub that is joined here: left out\n",
                  "%" PRIu64 " 个签名根的公钥不属于任何已加入的枢纽：未核对\n"),
               comparison->strange);
    }
    if (comparison->damaged > 0) {
        printf(tr("%" PRIu64 " heads are damaged, or not signed by the hub: left out\n",
                  "%" PRIu64 " 个签名根已损坏或并非枢纽签署：未核对\n"),
               comparison->damaged);
    }
}

static void report_all(struct comparison *comparison, const struct look *look)
{
    bool is_asked = comparison->claim_count > 0 && hubs_wake(look->home, WAKE_WITNESS);
    int64_t standing = 0;
    for (size_t i = 0; i < comparison->claim_count; i++) {
        is_asked = report(comparison, &comparison->claims[i], is_asked ? VERDICT_WAIT_MS : 0) && is_asked;
    }
    report_rest(comparison);
    if (comparison->is_contradicted && alarms_print(look, comparison->witness, &standing) != ERR_OK) {
        complain(tr("the alarms could not be read: agn-province heads lists them",
                    "无法读取警报：可用 agn-province heads 查看"));
    }
}

int cmd_compare(const struct home *home, const struct arguments *arguments)
{
    struct look look;
    char reason[256];
    if (arguments->operand_count != 1) {
        complain(tr("compare needs one FILE: what heads --export wrote elsewhere, or a receipt or evidence of an agent",
                    "compare 需要一个文件：他方 heads --export 的导出文件，或机构的回执、证据文件"));
        return EXIT_USAGE;
    }
    struct comparison comparison = {.path = arguments->operands[0]};
    if (!look_open(home, &look)) {
        return EXIT_REFUSED;
    }
    bool is_done = witness_open(home, true, &comparison.witness, reason) == ERR_OK;
    if (!is_done) {
        complain("%s", reason);
    } else if (hubs_load(home, &comparison.members, &comparison.member_count, NULL) != ERR_OK) {
        complain(tr("the folder %s/hubs cannot be used", "文件夹 %s/hubs 不可用"), home->path);
        is_done = false;
    }
    is_done = is_done && read_file(&comparison) && tell(&comparison);
    if (is_done) {
        report_all(&comparison, &look);
    }
    free(comparison.claims);
    free(comparison.quarrels);
    free(comparison.members);
    witness_close(comparison.witness);
    look_close(&look);
    return is_done && !comparison.is_contradicted && !comparison.is_undecided && comparison.damaged == 0 &&
                   comparison.heads > comparison.strange
               ? EXIT_DONE
               : EXIT_REFUSED;
}
