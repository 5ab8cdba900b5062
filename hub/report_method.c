/* The method note: one row a paragraph, after the two that speak of this report. */
#include "hub/report_lists.h"

#include "common/text.h"

static const struct {
    const char *en, *zh;
} notes[] = {
    {"Corrections, withdrawals and late arrivals change the figures of the period that they belong to. A later report "
     "of "
     "the same period may therefore differ; the revision tells two reports apart.",
     "更正、撤回与迟到的报送会改变其所属周期的数据，同一周期此后再次生成的报告可能不同，以修订号区分。"},
    {"Rehearsals are counted nowhere. Warnings of status exercise or test are counted in their own table alone.",
     "演练性报送不计入任何数据；状态为演练、测试的预警仅计入其专表。"},
    {"Approved: decisions “approved” and “approved with changes”. Mean days: from the date of acceptance to that of "
     "the "
     "decision, of reviews that are decided; calendar days.",
     "批准：决定为“批准”“修改后批准”。平均天数：已决定审查自受理日至决定日的日历天数之平均。"},
    {"Hours of a warning run from its receipt by the hub, not from its discovery. The mean until acknowledged is of "
     "warnings that are still in the state “acknowledged”; how many were acknowledged in time is in the table of "
     "terms.",
     "预警时长自枢纽收到时起算，而非自发现时。平均受理时长仅含现仍为“已受理”者；是否按时受理见受理时限表。"},
    {"Completeness: reports received, of those expected. Timeliness: reports received by the due date, of those "
     "expected. "
     "A reporting period counts under its first day: a report of a month shows the quarter that begins with it.",
     "完整率：已报送占应报送之比；及时率：按时报送占应报送之比。报送周期计入其首日：按季度报送的，仅在季度首月的月报中"
     "显示。"},
    {"Terms are counted as the hub last reckoned them, under the day on which they are due. Void terms (withdrawn or "
     "cancelled cases) are not counted. The lengths are those in force when each case began (agn-hub terms).",
     "时限按枢纽最近一次核算的状态，计入到期之日；已作废（撤回、撤销）的不计。时限长度以事项开始时有效者为准（agn-hub "
     "terms）。"},
    {"What the figures do not say: what nobody reported. A warning is a report of a risk and not a finding; more "
     "warnings "
     "may mean more watchfulness. Changes follow the number of institutions that have joined as well. Shares of few "
     "cases swing widely.",
     "数据不能说明的：未报送的事项不在其中；预警是对风险的报告而非认定，预警增多也可能是更加警觉；变化亦受已接入单位数"
     "量影响；件数很少时比率波动较大。"},
    {"A dash stands where a figure is not defined (a share or a mean of nothing). Shares and means are rounded to one "
     "decimal here; the workbook holds them unrounded.",
     "“—”表示无定义（分母为零）。页面中的比率与平均值保留一位小数，表格文件中为未舍入值。"},
    {"Institutions are named in the lists of cases: handle the report accordingly. Who asked not to be named in copies "
     "is "
     "not named.",
     "事项清单列有单位名称，请按相应要求管理本报告；要求在共享副本中不具名的单位不列名。"},
};

void report_method(struct report *report, const struct options *options, const struct moment *moment,
                   struct report_section *section)
{
    char at[20];
    local_time_text(moment->at, (int)options->utc_offset_minutes, at);
    const char **paragraphs = section->paragraphs;
    paragraphs[section->paragraph_count++] = report->taken;
    paragraphs[section->paragraph_count++] =
        moment->number == 0
            ? report_say(report, "The hub holds no records.", "枢纽尚无记录。")
            : report_keep(
                  report,
                  report_say(report,
                             "Read in one transaction: all records up to number %llu, the last one received at "
                             "%s. Every figure is a sum of the hub's rollup cells at that revision, as "
                             "agn-hub stats prints them.",
                             "在同一事务中读取：截至第 %llu "
                             "号记录（收到于 %s）。各项数据均为该修订下枢纽统计单元之和，与 agn-hub stats 一致。"),
                  (unsigned long long)moment->number, at);
    if (moment->batches_behind > 0) {
        paragraphs[section->paragraph_count++] = report_keep(
            report,
            report_say(report,
                       "%lld batches of records had not been gone through for their terms: terms and completeness "
                       "leave them out. Start the hub and take the report again.",
                       "有 %lld 批记录尚未核算时限：时限与完整性数据不含这些记录。请启动枢纽后重新生成报告。"),
            (long long)moment->batches_behind);
    }
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        paragraphs[section->paragraph_count++] = report_say(report, notes[i].en, notes[i].zh);
    }
}
