#include "proto/err.h"

#include <stddef.h>

static const struct {
    const char *en, *zh;
} texts[] = {
    [ERR_OK] = {"success", "成功"},
    [ERR_INVALID] = {"input breaks a rule", "输入不符合规则"},
    [ERR_TRUNCATED] = {"input ends too early", "输入不完整"},
    [ERR_TOO_LARGE] = {"input exceeds a limit", "输入超出上限"},
    [ERR_NOT_FOUND] = {"not found", "未找到"},
    [ERR_EXISTS] = {"it is there already", "已经存在"},
    [ERR_BUSY] = {"busy, try again later", "繁忙，请稍后重试"},
    [ERR_FULL] = {"the disk is full: make room and try again", "磁盘已满：请腾出空间后重试"},
    [ERR_IO] = {"storage or network failed: see to disk, rights and connection, and try again",
                "存储或网络故障：请检查磁盘、权限和连接后重试"},
};

const char *err_label(err_t err, bool is_chinese)
{
    if ((size_t)err >= sizeof texts / sizeof *texts) {
        return is_chinese ? "未知错误" : "unknown error";
    }
    return is_chinese ? texts[err].zh : texts[err].en;
}

const char *err_name(err_t err)
{
    return err_label(err, false);
}
