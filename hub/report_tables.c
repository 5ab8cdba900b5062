#include "hub/report_tables.h"

#define COUNT(rows)    (sizeof(rows) / sizeof(rows)[0])
#define MEASURES(rows) .measures = (rows), .measure_count = COUNT(rows)
#define IS(dim_, codes_)                                                                                               \
    {                                                                                                                  \
        {                                                                                                              \
            .dim = (dim_), .codes = (codes_)                                                                           \
        }                                                                                                              \
    }
#define ACTUAL IS("status", "actual")

/* Dark enough to stand beside white paper, and apart from one another in grey; the four levels keep theirs. */
#define RED    "#c8102e"
#define ORANGE "#e87722"
#define YELLOW "#f2c500"
#define BLUE   "#1f6fc4"
#define GREEN  "#2e8b57"
#define SLATE  "#8496a9"
#define TEAL   "#2a7f9e"

const struct part_row report_parts[PARTS] = {
    [PART_HEADLINE] = {"headline", "Headline figures", "主要数据", NULL, NULL},
    [PART_TREND] = {"trend", "The last twelve months", "近十二个月走势", NULL, NULL},
    [PART_REVIEWS] =
        {"reviews", "Ethics reviews", "科技伦理审查",
         "Reviews that institutions reported, each once as its last report says, under the day of the decision (where "
         "none was made yet: of the application). Withdrawn reports are not counted.",
         "各单位报送的审查，每项按最后一次报送计一次，计入作出决定之日；尚未决定的计入申请之日。已撤回的不计。"},
    [PART_REREVIEWS] =
        {"rereviews", "Expert re-reviews", "专家复核",
         "Cases of expert re-review under the day of the opinion (where none was given yet: of the receipt "
         "of the materials); deadlines under the day on which they are due. The sector is that of the "
         "report when the request came.",
         "专家复核事项计入出具意见之日；尚未出具的计入材料收到之日。领域以申请提出时的审查报送为准。"
         "时限计入到期之日。"},
    [PART_WARNINGS] = {"warnings", "Risk warnings", "风险预警",
                       "Actual warnings, each once as its last update says, under the day of discovery; exercises and "
                       "tests stand apart in a table of their own. Level 1 is the gravest.",
                       "仅含实际预警，每项按最后一次更新计一次，计入发现之日；演练与测试另表列示。一级最重。"},
    [PART_COMPLETENESS] = {"completeness", "Completeness and timeliness of reporting", "报送完整性与及时性",
                           "Each institution owes a report or a zero report for each reporting period that has ended, "
                           "from the period in which it joined. Counted under the first day of the reporting period.",
                           "各单位自加入当期起，每个已结束的报送周期均应报送审查、预警或零报告；计入报送周期首日。"},
    [PART_CLOCKS] = {"clocks", "Statutory terms", "法定时限",
                     "Terms that are due in the period. In time: ended by the due date. Overdue: not ended by it, "
                     "whether or not it has ended since.",
                     "到期日在本期内的时限。按时完成：期限内办结；逾期：期限内未办结，不论其后是否办结。"},
    [PART_NOTICES] = {"notices", "Notices", "通知",
                      "Notices of the period by addressee: one notice to forty institutions counts forty times. "
                      "Delivered: the institution's side has it for certain. An overdue answer is counted beside that.",
                      "本期下发的通知，按接收单位计：一份通知发给四十家单位计四十件次。已送达指接收方系统确认收妥；"
                      "逾期未答复另计。"},
    [PART_RECORDS] = {"records", "Other records", "其他记录", "Under the day on which they were filed.",
                      "计入提交之日。"},
    [PART_METHOD] = {"method", "Method", "统计说明", NULL, NULL},
    [PART_LISTS] = {"lists", "Annex: cases", "附表：事项清单", NULL, NULL},
};

#define REVIEWS     .family = "review"
#define APPROVED    IS("decision", "approved|approved_with_changes")
#define DECIDED     IS("decision", "!-")
#define REREVIEWS   .family = "rereview"
#define GIVEN       IS("opinion", "!-")
#define WARNINGS    .family = "warning"
#define NOTICES     .family = "notice"
#define SENT        IS("state", "!late") /* each delivery once: who is late is counted beside that */
#define READ        IS("state", "opened|answered")
#define ACKNOWLEDGE "acknowledge_1|acknowledge_2|acknowledge_3|acknowledge_4"

const struct measure report_headline[] = {
    {"reviews", "Reviews reported", "审查报送（件）", REVIEWS},
    {"approved_share", "Approved, of those decided", "批准率（已决定者）", REVIEWS, .reckoning = SHARE_OF,
     .of = APPROVED, .among = DECIDED},
    {"days", "Mean days from acceptance to decision", "受理至决定平均天数", REVIEWS, .reckoning = MEAN_OF,
     .of = DECIDED},
    {"rereviews", "Expert re-reviews", "专家复核（件）", REREVIEWS},
    {"rereviews_agreed", "Opinions that agree (also with changes)", "复核同意率（含修改后同意）", REREVIEWS,
     .reckoning = SHARE_OF, .of = IS("opinion", "agree|agree_with_changes"), .among = GIVEN},
    {"rereview_days", "Mean days from receipt to opinion", "收到材料至出具意见平均天数", REREVIEWS,
     .reckoning = MEAN_OF, .of = GIVEN},
    {"warnings", "Actual warnings", "实际预警（件）", WARNINGS, .of = ACTUAL},
    {"grave", "of these, levels 1 and 2", "其中：特别重大与重大", WARNINGS,
     .of = {{"status", "actual"}, {"level", "1|2"}}},
    {"resolved_share", "Warnings resolved", "预警解除率", WARNINGS, .reckoning = SHARE_OF,
     .of = {{"status", "actual"}, {"state", "resolved"}}, .among = ACTUAL},
    {"resolve_hours", "Mean hours until a warning is resolved", "预警平均解除时长（小时）", WARNINGS,
     .reckoning = MEAN_OF, .of = {{"status", "actual"}, {"state", "resolved"}}, .unit = 60},
    {"acknowledged_in_time", "Warnings acknowledged in time", "预警按时受理率", "clock", .reckoning = SHARE_OF,
     .of = {{"term", ACKNOWLEDGE}, {"state", "met"}}, .among = {{"term", ACKNOWLEDGE}, {"state", "met|overdue"}}},
    {"completeness", "Reporting: completeness", "报送完整率", .family = "completeness", .reckoning = SHARE_OF,
     .of = IS("state", "received"), .among = IS("state", "expected")},
    {"timeliness", "Reporting: timeliness", "报送及时率", .family = "completeness", .reckoning = SHARE_OF,
     .of = IS("state", "on_time"), .among = IS("state", "expected")},
    {"zero_reports", "Zero reports", "零报告（份）", .family = "completeness", .of = IS("state", "zero")},
    {"in_time", "Terms met, of those that ended or are overdue", "时限按时完成率", .family = "clock",
     .reckoning = SHARE_OF, .of = IS("state", "met"), .among = IS("state", "met|overdue")},
    {"overdue", "Terms overdue", "逾期时限（项）", .family = "clock", .of = IS("state", "overdue")},
    {"notices", "Notices sent, by addressee", "通知下发（件次）", NOTICES, .of = SENT},
    {"notices_opened", "Notices read", "通知阅读率", NOTICES, .reckoning = SHARE_OF, .of = READ, .among = SENT},
    {"notices_late", "Answers to notices overdue", "通知逾期未答复（件次）", NOTICES, .of = IS("state", "late")},
};
const size_t report_headline_count = COUNT(report_headline);

static const struct measure trend_measures[] = {
    {"reviews", "Reviews", "审查（件）", REVIEWS, .colour = TEAL},
    {"warnings", "Actual warnings", "实际预警（件）", WARNINGS, .of = ACTUAL},
    {"level_1", "Level 1 (red)", "特别重大·红", WARNINGS, .of = {{"status", "actual"}, {"level", "1"}}, .colour = RED},
    {"level_2", "Level 2 (orange)", "重大·橙", WARNINGS, .of = {{"status", "actual"}, {"level", "2"}},
     .colour = ORANGE},
    {"level_3", "Level 3 (yellow)", "较大·黄", WARNINGS, .of = {{"status", "actual"}, {"level", "3"}},
     .colour = YELLOW},
    {"level_4", "Level 4 (blue)", "一般·蓝", WARNINGS, .of = {{"status", "actual"}, {"level", "4"}}, .colour = BLUE},
    {"overdue", "Terms overdue", "逾期时限（项）", .family = "clock", .of = IS("state", "overdue")},
};

static const struct measure decision_measures[] = {
    {"approved", NULL, NULL, REVIEWS, .of = IS("decision", "approved"), .colour = GREEN},
    {"approved_with_changes", NULL, NULL, REVIEWS, .of = IS("decision", "approved_with_changes"), .colour = TEAL},
    {"resubmit", NULL, NULL, REVIEWS, .of = IS("decision", "resubmit"), .colour = YELLOW},
    {"rejected", NULL, NULL, REVIEWS, .of = IS("decision", "rejected"), .colour = RED},
    {"suspended", NULL, NULL, REVIEWS, .of = IS("decision", "suspended"), .colour = ORANGE},
    {"terminated", NULL, NULL, REVIEWS, .of = IS("decision", "terminated"), .colour = "#6b3fa0"},
    {"undecided", "Not decided yet", "尚未决定", REVIEWS, .of = IS("decision", "-"), .colour = SLATE},
    {"count", "All", "合计", REVIEWS},
};

static const struct measure review_measures[] = {
    {"count", "Reviews", "件数", REVIEWS, .colour = TEAL},
    {"decided", "Decided", "已决定", REVIEWS, .of = DECIDED},
    {"approved", "Approved (also with changes)", "批准（含修改后批准）", REVIEWS, .of = APPROVED},
    {"approved_share", "Approved, of those decided", "批准率", REVIEWS, .reckoning = SHARE_OF, .of = APPROVED,
     .among = DECIDED},
    {"days", "Mean days from acceptance to decision", "受理至决定平均天数", REVIEWS, .reckoning = MEAN_OF,
     .of = DECIDED},
    {"previous", "Previous period", "上期件数", REVIEWS, .when = PREVIOUS},
};

static const struct measure rereview_measures[] = {
    {"waiting", "Waiting for the opinion", "待出具意见", REREVIEWS, .of = IS("opinion", "-"), .colour = SLATE},
    {"agree", NULL, NULL, REREVIEWS, .of = IS("opinion", "agree"), .colour = GREEN},
    {"agree_with_changes", NULL, NULL, REREVIEWS, .of = IS("opinion", "agree_with_changes"), .colour = TEAL},
    {"disagree", NULL, NULL, REREVIEWS, .of = IS("opinion", "disagree"), .colour = RED},
    {"count", "All", "合计", REREVIEWS},
    {"days", "Mean days from receipt to opinion", "收到材料至出具意见平均天数", REREVIEWS, .reckoning = MEAN_OF,
     .of = GIVEN},
    {"previous", "Previous period", "上期件数", REREVIEWS, .when = PREVIOUS},
};

#define IN_STATE(codes_)                                                                                               \
    {                                                                                                                  \
        {"status", "actual"},                                                                                          \
        {                                                                                                              \
            "state", (codes_)                                                                                          \
        }                                                                                                              \
    }
static const struct measure warning_measures[] = {
    {"count", "Warnings", "件数", WARNINGS, .of = ACTUAL, .colour = BLUE},
    {"raised", "Waiting", "待受理", WARNINGS, .of = IN_STATE("raised")},
    {"in_hand", "Acknowledged or in hand", "已受理或处置中", WARNINGS, .of = IN_STATE("acknowledged|handling")},
    {"resolved", "Resolved", "已解除", WARNINGS, .of = IN_STATE("resolved")},
    {"cancelled", "Cancelled", "已撤销", WARNINGS, .of = IN_STATE("cancelled")},
    {"acknowledge_hours", "Mean hours until acknowledged", "平均受理时长（小时）", WARNINGS, .reckoning = MEAN_OF,
     .of = IN_STATE("acknowledged"), .unit = 60},
    {"resolve_hours", "Mean hours until resolved", "平均解除时长（小时）", WARNINGS, .reckoning = MEAN_OF,
     .of = IN_STATE("resolved"), .unit = 60},
    {"previous", "Previous period", "上期件数", WARNINGS, .of = ACTUAL, .when = PREVIOUS},
};

static const struct measure level_measures[] = {
    {"level_1", NULL, NULL, WARNINGS, .of = IS("level", "1"), .colour = RED},
    {"level_2", NULL, NULL, WARNINGS, .of = IS("level", "2"), .colour = ORANGE},
    {"level_3", NULL, NULL, WARNINGS, .of = IS("level", "3"), .colour = YELLOW},
    {"level_4", NULL, NULL, WARNINGS, .of = IS("level", "4"), .colour = BLUE},
    {"count", "All", "合计", WARNINGS},
};

static const struct measure completeness_measures[] = {
    {"expected", NULL, NULL, .family = "completeness", .of = IS("state", "expected")},
    {"on_time", "In time", "按时报送", .family = "completeness", .of = IS("state", "on_time"), .colour = GREEN},
    {"late", "Late", "逾期报送", .family = "completeness", .reckoning = REST_OF, .of = IS("state", "on_time"),
     .among = IS("state", "received"), .colour = ORANGE},
    {"missing", "Missing", "未报送", .family = "completeness", .reckoning = REST_OF, .of = IS("state", "received"),
     .among = IS("state", "expected"), .colour = RED},
    {"zero", "of these, zero reports", "其中：零报告", .family = "completeness", .of = IS("state", "zero")},
    {"completeness", "Completeness", "完整率", .family = "completeness", .reckoning = SHARE_OF,
     .of = IS("state", "received"), .among = IS("state", "expected")},
    {"timeliness", "Timeliness", "及时率", .family = "completeness", .reckoning = SHARE_OF,
     .of = IS("state", "on_time"), .among = IS("state", "expected")},
    {"previous", "Completeness, previous period", "上期完整率", .family = "completeness", .reckoning = SHARE_OF,
     .of = IS("state", "received"), .among = IS("state", "expected"), .when = PREVIOUS},
};

static const struct measure clock_measures[] = {
    {"met", NULL, NULL, .family = "clock", .of = IS("state", "met"), .colour = GREEN},
    {"open", NULL, NULL, .family = "clock", .of = IS("state", "open"), .colour = SLATE},
    {"overdue", NULL, NULL, .family = "clock", .of = IS("state", "overdue"), .colour = RED},
    {"count", "All", "合计", .family = "clock"},
    {"in_time", "In time, of those that ended or are overdue", "按时完成率", .family = "clock", .reckoning = SHARE_OF,
     .of = IS("state", "met"), .among = IS("state", "met|overdue")},
    {"previous", "Overdue, previous period", "上期逾期", .family = "clock", .of = IS("state", "overdue"),
     .when = PREVIOUS},
};

static const struct measure notice_measures[] = {
    {"sent", "Sent", "下发", NOTICES, .of = SENT},
    {"undelivered", "Not delivered yet", "未送达", NOTICES, .of = IS("state", "sent"), .colour = RED},
    {"unread", "Delivered, not read", "已送达未阅读", NOTICES, .of = IS("state", "delivered"), .colour = SLATE},
    {"opened", "Read, not answered", "已阅读未答复", NOTICES, .of = IS("state", "opened"), .colour = TEAL},
    {"answered", "Answered", "已答复", NOTICES, .of = IS("state", "answered"), .colour = GREEN},
    {"late", "Answer overdue", "逾期未答复", NOTICES, .of = IS("state", "late")},
    {"opened_share", "Read", "阅读率", NOTICES, .reckoning = SHARE_OF, .of = READ, .among = SENT},
    {"previous", "Sent, previous period", "上期下发", NOTICES, .of = SENT, .when = PREVIOUS},
};

static const struct measure record_measures[] = {
    {"count", "Records", "件数", .family = "record", .colour = TEAL},
    {"previous", "Previous period", "上期件数", .family = "record", .when = PREVIOUS},
    {"year_ago", "A year ago", "上年同期件数", .family = "record", .when = YEAR_AGO},
};

#define REREVIEW_TERMS "rereview_request|rereview_request_emergency|expert_rereview|expert_rereview_emergency"

const struct table_row report_tables[] = {
    {.part = PART_TREND,
     .key = "trend_warnings",
     .en = "Warnings by level, reviews and overdue terms by month",
     .zh = "各月预警（按级别）、审查与逾期时限",
     MEASURES(trend_measures),
     .chart = CHART_COLUMNS,
     .chart_from = 2,
     .chart_count = 4},
    {.part = PART_REVIEWS,
     .key = "review_procedure",
     .en = "By procedure and decision",
     .zh = "按审查程序与决定",
     .family = "review",
     .dim = "procedure",
     MEASURES(decision_measures),
     .has_total = true,
     .chart = CHART_STACKS,
     .chart_count = 7},
    {.part = PART_REVIEWS,
     .key = "review_sector",
     .en = "By sector",
     .zh = "按领域",
     .family = "review",
     .dim = "sector",
     MEASURES(review_measures),
     .has_total = true,
     .chart = CHART_BARS,
     .chart_count = 1},
    {.part = PART_REVIEWS,
     .key = "review_entity_type",
     .en = "By kind of institution",
     .zh = "按单位类型",
     .family = "review",
     .dim = "entity_type",
     MEASURES(review_measures),
     .has_total = true,
     .chart = CHART_BARS,
     .chart_count = 1},
    {.part = PART_REVIEWS,
     .key = "review_stage",
     .en = "By stage",
     .zh = "按审查阶段",
     .family = "review",
     .dim = "review_stage",
     MEASURES(review_measures),
     .has_total = true},
    {.part = PART_REREVIEWS,
     .key = "rereview_list",
     .en = "Opinions by item of the list",
     .zh = "复核意见（按清单类别）",
     .family = "rereview",
     .dim = "rereview_list_item",
     .where = IS("rereview_list_item", "!none"),
     MEASURES(rereview_measures),
     .has_total = true,
     .chart = CHART_STACKS,
     .chart_count = 4},
    {.part = PART_REREVIEWS,
     .key = "rereview_sector",
     .en = "Opinions by sector",
     .zh = "复核意见（按领域）",
     .family = "rereview",
     .dim = "sector",
     MEASURES(rereview_measures),
     .has_total = true},
    {.part = PART_REREVIEWS,
     .key = "rereview_entity_type",
     .en = "Opinions by kind of institution",
     .zh = "复核意见（按单位类型）",
     .family = "rereview",
     .dim = "entity_type",
     MEASURES(rereview_measures),
     .has_total = true},
    {.part = PART_REREVIEWS,
     .key = "rereview_items",
     .en = "Reviews by item of the list",
     .zh = "审查事项（按清单类别）",
     .family = "review",
     .dim = "rereview_list_item",
     MEASURES(review_measures),
     .has_total = true},
    {.part = PART_REREVIEWS,
     .key = "rereview_terms",
     .en = "Terms of the re-review",
     .zh = "复核时限",
     .family = "clock",
     .dim = "term",
     .where = IS("term", REREVIEW_TERMS),
     MEASURES(clock_measures),
     .has_total = true},
    {.part = PART_WARNINGS,
     .key = "warning_level",
     .en = "By level",
     .zh = "按级别",
     .family = "warning",
     .dim = "level",
     .where = ACTUAL,
     MEASURES(warning_measures),
     .has_total = true,
     .chart = CHART_BARS,
     .chart_count = 1,
     .note_en =
         "Hours until acknowledged: of warnings that are acknowledged and not yet in hand or resolved. Hours until "
         "resolved: from receipt by the hub.",
     .note_zh = "平均受理时长仅含已受理而尚未处置、解除者；解除时长自枢纽收到时起算。"},
    {.part = PART_WARNINGS,
     .key = "warning_domain",
     .en = "By risk domain",
     .zh = "按风险类别",
     .family = "warning",
     .dim = "risk_domain",
     .where = ACTUAL,
     MEASURES(warning_measures),
     .has_total = true,
     .chart = CHART_BARS,
     .chart_count = 1},
    {.part = PART_WARNINGS,
     .key = "warning_sector",
     .en = "By sector",
     .zh = "按领域",
     .family = "warning",
     .dim = "sector",
     .where = ACTUAL,
     MEASURES(level_measures),
     .has_total = true,
     .chart = CHART_STACKS,
     .chart_count = 4},
    {.part = PART_WARNINGS,
     .key = "warning_entity_type",
     .en = "By kind of institution",
     .zh = "按单位类型",
     .family = "warning",
     .dim = "entity_type",
     .where = ACTUAL,
     MEASURES(level_measures),
     .has_total = true},
    {.part = PART_WARNINGS,
     .key = "warning_state",
     .en = "By state",
     .zh = "按处理状态",
     .family = "warning",
     .dim = "state",
     .where = {{"status", "actual"}, {"state", "raised|acknowledged|handling|resolved|cancelled"}},
     MEASURES(level_measures),
     .has_total = true},
    {.part = PART_WARNINGS,
     .key = "warning_terms",
     .en = "Acknowledged in time",
     .zh = "受理时限",
     .family = "clock",
     .dim = "term",
     .where = IS("term", ACKNOWLEDGE),
     MEASURES(clock_measures),
     .has_total = true,
     .chart = CHART_STACKS,
     .chart_count = 3},
    {.part = PART_WARNINGS,
     .key = "warning_exercises",
     .en = "Exercises and tests (not counted above)",
     .zh = "演练与测试（不计入以上各表）",
     .family = "warning",
     .dim = "status",
     .where = IS("status", "exercise|test"),
     MEASURES(level_measures)},
    {.part = PART_COMPLETENESS,
     .key = "completeness_district",
     .en = "By district",
     .zh = "按区县",
     .family = "completeness",
     .dim = "district",
     MEASURES(completeness_measures),
     .has_total = true,
     .chart = CHART_STACKS,
     .chart_from = 1,
     .chart_count = 3},
    {.part = PART_COMPLETENESS,
     .key = "completeness_entity_type",
     .en = "By kind of institution",
     .zh = "按单位类型",
     .family = "completeness",
     .dim = "entity_type",
     MEASURES(completeness_measures),
     .has_total = true},
    {.part = PART_CLOCKS,
     .key = "clock_term",
     .en = "By term",
     .zh = "按时限",
     .family = "clock",
     .dim = "term",
     MEASURES(clock_measures),
     .has_total = true,
     .chart = CHART_STACKS,
     .chart_count = 3},
    {.part = PART_CLOCKS,
     .key = "clock_entity_type",
     .en = "By kind of institution",
     .zh = "按单位类型",
     .family = "clock",
     .dim = "entity_type",
     MEASURES(clock_measures),
     .has_total = true},
    {.part = PART_NOTICES,
     .key = "notice_category",
     .en = "By category",
     .zh = "按通知类别",
     .family = "notice",
     .dim = "category",
     MEASURES(notice_measures),
     .has_total = true,
     .chart = CHART_STACKS,
     .chart_from = 1,
     .chart_count = 4},
    {.part = PART_NOTICES,
     .key = "notice_entity_type",
     .en = "By kind of institution",
     .zh = "按单位类型",
     .family = "notice",
     .dim = "entity_type",
     MEASURES(notice_measures),
     .has_total = true},
    {.part = PART_NOTICES,
     .key = "notice_terms",
     .en = "Answers that are due in the period",
     .zh = "本期到期应答复的通知",
     .family = "clock",
     .dim = "term",
     .where = IS("term", "answer_notice"),
     MEASURES(clock_measures)},
    {.part = PART_RECORDS,
     .key = "record_kind",
     .en = "By kind",
     .zh = "按记录种类",
     .family = "record",
     .dim = "kind",
     .where = IS(
         "kind",
         "!review_report|risk_warning|withdrawal|acceptance|return_for_correction|rereview_request|rereview_decision|"
         "notice_answer|notice_read|plan_progress|administrative_act"),
     MEASURES(record_measures),
     .has_total = true},
};
const size_t report_table_count = COUNT(report_tables);
