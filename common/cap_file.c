#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cap.h"
#include "common/home.h"

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

err_t cap_save(const char *xml, const uint8_t id[RECORD_ID_SIZE], const char *out, bool is_many,
               char reterr_reason[512])
{
    char path[PATH_SIZE];
    char name[37];
    record_id_text(id, name);
    if (out && is_many && !is_folder(out) && mkdir(out, 0777) != 0) {
        snprintf(reterr_reason, 512, "%.300s: %s", out, strerror(errno));
        return ERR_IO;
    }
    if (out && is_folder(out)) {
        snprintf(path, sizeof path, "%s/%s.xml", out, name);
    } else {
        snprintf(path, sizeof path, "%s", out ? out : "-");
    }
    FILE *file = out ? fopen(path, "w") : stdout;
    bool is_written = file && fputs(xml, file) != EOF;
    if (out && file) {
        is_written = fclose(file) == 0 && is_written;
    }
    if (!is_written) {
        snprintf(reterr_reason, 512, "%.300s: %s", path, strerror(errno));
    }
    return is_written ? ERR_OK : ERR_IO;
}
