#include "common/passphrase.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/home.h"
#include "common/text.h"

static const char *named_file;

void passphrase_from(const char *file)
{
    named_file = file;
}

static err_t take_line(struct passphrase *passphrase, const char *source, char reterr_reason[256])
{
    passphrase->size = strcspn(passphrase->text, "\r\n");
    passphrase->text[passphrase->size] = '\0';
    if (passphrase->size > 0 && passphrase->size <= PASSPHRASE_MAX) {
        return ERR_OK;
    }
    passphrase_done(passphrase);
    snprintf(
        reterr_reason, 256,
        tr("%.150s: expected a passphrase of 1 to %d bytes on the first line", "%.150s：首行应为 1 至 %d 字节的口令"),
        source, PASSPHRASE_MAX);
    return ERR_INVALID;
}

static err_t read_file(const char *path, struct passphrase *passphrase, char reterr_reason[256])
{
    size_t size = 0;
    err_t err = file_read_private(path, passphrase->text, sizeof passphrase->text - 1, &size, reterr_reason);
    if (err != ERR_OK) {
        return err;
    }
    passphrase->text[size] = '\0';
    return take_line(passphrase, path, reterr_reason);
}

/* As getpass(): no echo, and no signal may leave the terminal without. */
static err_t ask(int terminal, const char *prompt, struct passphrase *passphrase, char reterr_reason[256])
{
    struct termios before;
    ssize_t size = -1;
    if (tcgetattr(terminal, &before) == 0) {
        struct termios quiet = before;
        quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
        quiet.c_lflag |= ECHONL | ICANON;
        tcsetattr(terminal, TCSAFLUSH, &quiet); /* drops what was typed before: so first this, then the prompt */
        (void)!write(terminal, prompt, strlen(prompt));
        size = read(terminal, passphrase->text, sizeof passphrase->text - 1);
        tcsetattr(terminal, TCSAFLUSH, &before);
    }
    passphrase->text[size > 0 ? size : 0] = '\0';
    return take_line(passphrase, tr("the terminal", "终端"), reterr_reason);
}

static err_t ask_again(int terminal, const struct passphrase *first, char reterr_reason[256])
{
    struct passphrase second = {0};
    err_t err = ask(terminal, tr("The same again: ", "请再次输入："), &second, reterr_reason);
    if (err == ERR_OK && strcmp(first->text, second.text) != 0) {
        snprintf(reterr_reason, 256, tr("the two passphrases differ: nothing was changed", "两次口令不一致，未作更改"));
        err = ERR_INVALID;
    }
    passphrase_done(&second);
    return err;
}

static err_t ask_terminal(struct passphrase *passphrase, bool is_new, char reterr_reason[256])
{
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0) {
        snprintf(
            reterr_reason, 256,
            tr("a passphrase is needed and there is no terminal: --passphrase-file FILE, or systemd's "
               "LoadCredential=passphrase:FILE",
               "需要口令，但没有终端：请使用 --passphrase-file FILE，或 systemd 的 LoadCredential=passphrase:FILE"));
        return ERR_NOT_FOUND;
    }
    err_t err = ask(terminal,
                    is_new ? tr("New passphrase of the keys: ", "密钥的新口令：")
                           : tr("Passphrase of the keys: ", "密钥口令："),
                    passphrase, reterr_reason);
    err = err == ERR_OK && is_new ? ask_again(terminal, passphrase, reterr_reason) : err;
    close(terminal);
    return err;
}

static err_t obtain(struct passphrase *passphrase, bool is_new, char reterr_reason[256])
{
    char path[PATH_SIZE];
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    *passphrase = (struct passphrase){0};
    if (named_file) {
        return read_file(named_file, passphrase, reterr_reason);
    }
    if (credentials && *credentials) {
        snprintf(path, sizeof path, "%s/passphrase", credentials);
        if (access(path, F_OK) == 0) {
            return read_file(path, passphrase, reterr_reason);
        }
    }
    return ask_terminal(passphrase, is_new, reterr_reason);
}

err_t passphrase_get(struct passphrase *ret_passphrase, char reterr_reason[256])
{
    return obtain(ret_passphrase, false, reterr_reason);
}

err_t passphrase_choose(struct passphrase *ret_passphrase, char reterr_reason[256])
{
    err_t err = obtain(ret_passphrase, true, reterr_reason);
    if (err == ERR_OK && ret_passphrase->size < PASSPHRASE_MIN) {
        snprintf(reterr_reason, 256, tr("the passphrase is too short: at least %d bytes", "口令过短：至少 %d 字节"),
                 PASSPHRASE_MIN);
        err = ERR_INVALID;
    }
    if (err != ERR_OK) {
        passphrase_done(ret_passphrase);
    }
    return err;
}

struct view passphrase_view(const struct passphrase *passphrase)
{
    return (struct view){(const uint8_t *)passphrase->text, passphrase->size};
}

void passphrase_done(struct passphrase *passphrase)
{
    sodium_memzero(passphrase, sizeof *passphrase);
}
