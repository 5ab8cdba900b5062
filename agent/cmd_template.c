/* template: a table of a kind, to be filled in by a person and taken in by submit. */
#include "agent/commands.h"
#include "agent/office.h"
#include "common/text.h"
#include "sheet/column.h"
#include "sheet/template.h"

int cmd_template(const struct home *home, const struct arguments *arguments)
{
    (void)home;
    char reason[SHEET_REASON_SIZE];
    const struct kind *kind = column_kind(arguments->operands[0]);
    size_t elements = arguments->elements ? (size_t)arguments->elements : TEMPLATE_ELEMENTS;
    if (!kind || !(kind->filers & BY_ENTITY)) {
        complain(kind ? tr("%s: no institution files this kind", "%s：机构不报送此种类")
                      : tr("%s: there is no such kind of record; docs/records.md lists them",
                           "%s：没有这个记录种类；种类见 docs/records.md"),
                 arguments->operands[0]);
        return EXIT_USAGE;
    }
    if (arguments->form == TABLE_CSV) {
        template_write_csv(stdout, kind, elements);
        return EXIT_DONE;
    }
    if (!arguments->workbook) {
        complain("%s", tr("say where to write: --xlsx FILE, or --csv for standard output",
                          "请指明输出：--xlsx 文件，或 --csv 输出到终端"));
        return EXIT_USAGE;
    }
    if (template_write_workbook(arguments->workbook, kind, elements, reason) != ERR_OK) {
        complain("%s", reason);
        return EXIT_REFUSED;
    }
    return EXIT_DONE;
}
