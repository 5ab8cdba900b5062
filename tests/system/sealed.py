"""Secret keys under a passphrase: a hub, an institution and a province that start with one and not without, from a file,
a descriptor, systemd's credential and a terminal; and files that others may read."""
import os, pty, re, select, shutil, stat, subprocess

from harness import Agent, check, fresh_file, main, require, review, wait_until

WORDS = "correct horse battery 国密"


def private(site, name, text, mode=0o600):
    path = f"{site.folder}/{name}"
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def alone(program, *arguments, env=None, **options):
    """One command without a terminal to ask at."""
    return subprocess.run(program.command(*arguments), capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          env={**program.environment(), **(env or {})}, start_new_session=True, timeout=120, **options)


def at_terminal(program, answers, *arguments):
    """One command at a terminal of its own that answers each prompt; (exit code, all that was seen)."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(program.command(*arguments)[0], program.command(*arguments), program.environment())
    seen, answers = b"", list(answers)
    while select.select([terminal], [], [], 120)[0]:
        try:
            more = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
        seen += more
        if more.endswith(b": ") and answers:
            os.write(terminal, answers.pop(0).encode() + b"\n")
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)
    return code, seen.decode()


def check_hub(site, hub, words, wrong):
    identity = f"{hub.home}/identity.zpl"
    link = hub.add_entity(site.uscc())
    done = alone(hub, "key", "seal")
    check(done.returncode == 1 and "--passphrase-file" in done.stderr and "LoadCredential" in done.stderr,
          "without a terminal or a source the hub says which there are", done)
    done = alone(hub, "key", "seal", "--passphrase-file", private(site, "short", "short\n"))
    check(done.returncode == 1 and "too short" in done.stderr, "a short passphrase", done)
    done = alone(hub, "key", "seal", f"--passphrase-file={words}")
    text = open(identity).read()
    check(done.returncode == 0 and "sealed" in done.stdout and "curve_secret" not in text and "signing_secret" not in text
          and stat.S_IMODE(os.stat(identity).st_mode) == 0o600, "sealed: the file has no secret in the open", (done, text))
    check(alone(hub, "key", "seal", "--passphrase-file", words).returncode == 1, "it cannot be sealed twice")

    shown = alone(hub, "key", "show").stdout
    check("sm2-sm3" in shown and link.split("/")[3] in shown, "its public keys are shown all the same", shown)
    done = alone(hub, "run")
    check(done.returncode == 1 and "passphrase" in done.stderr, "the hub does not start without the passphrase", done)
    done = alone(hub, "run", "--passphrase-file", wrong)
    check(done.returncode == 1 and "the passphrase does not fit" in done.stderr, "nor with a wrong one", done)
    done = alone(hub, "run", "--passphrase-file", private(site, "public", WORDS, 0o644))
    check(done.returncode == 1 and "chmod 600" in done.stderr, "nor with one that others may read", done)
    code, seen = at_terminal(hub, ["wrong words"], "run")
    check(code == 1 and "does not fit" in seen and "wrong words" not in seen, "a terminal is asked, without echo", seen)
    hub.start("--passphrase-file", words)
    check(hub.add_entity(site.uscc()).split("/")[3] == link.split("/")[3],
          "a running hub with sealed keys; a command beside it needs no passphrase, and links hold the same key")
    return link


def check_agent(site, hub, link, words, wrong):
    agent = Agent(site, "agent").join(link)
    site.programs.append(agent)
    code, seen = at_terminal(agent, [WORDS, WORDS + "x"], "key", "seal")
    check(code == 1 and "differ" in seen and WORDS not in seen, "at a terminal: twice, and both must agree", seen)
    code, seen = at_terminal(agent, [WORDS, WORDS], "key", "seal")
    check(code == 0 and WORDS not in seen, "sealed at a terminal", seen)
    ids = agent.submit(review())
    check(len(ids) == 1 and not hub.ids(), "accepting a record needs no passphrase")
    done = alone(agent, "sync")
    check(done.returncode == 1 and "passphrase" in done.stderr and not hub.ids(), "sending does", done)
    reader, writer = os.pipe()
    os.write(writer, WORDS.encode())
    os.close(writer)
    done = alone(agent, "sync", "--passphrase-file", f"/dev/fd/{reader}", pass_fds=(reader,))
    os.close(reader)
    check(done.returncode == 0 and hub.ids() == ids, "with the passphrase from a descriptor it is sent", done)

    os.chmod(f"{agent.home}/identity.zpl", 0o640)
    done = alone(agent, "sync", "--passphrase-file", words)
    check(done.returncode == 1 and f"chmod 600 {agent.home}/identity.zpl" in done.stderr,
          "keys that others may read are not used", done)
    os.chmod(f"{agent.home}/identity.zpl", 0o600)
    code, seen = at_terminal(agent, [WORDS], "key", "unseal")
    check(code == 0 and "curve_secret" in open(f"{agent.home}/identity.zpl").read(), "unsealed at a terminal", seen)
    agent.submit(review())
    check(alone(agent, "sync").returncode == 0 and len(hub.ids()) == 2, "and nobody is asked any more")
    check_meanwhile(site, agent)
    check_new_keys(site, hub, agent, words, wrong)


def check_meanwhile(site, agent):
    """The keys change while somebody is typing the passphrase that is to seal them."""
    slow, file = f"{site.folder}/slow", f"{agent.home}/identity.zpl"
    os.mkfifo(slow, 0o600)
    process = subprocess.Popen(agent.command("key", "seal", "--passphrase-file", slow), stderr=subprocess.PIPE,
                               env=agent.environment())
    with open(slow, "w") as typing:
        agent.cli("key", "rotate")
        kept = open(file).read()
        typing.write(WORDS)
    said = process.communicate()[1].decode()
    check(process.returncode == 1 and "meanwhile" in said and open(file).read() == kept,
          "keys that were changed meanwhile are not overwritten with the former", said)


def check_new_keys(site, hub, agent, words, wrong):
    """New keys that the hub has taken, and the answer was lost: nothing that says nothing of them throws them away."""
    file = f"{agent.home}/identity.zpl"
    uscc = re.search("party = .([0-9A-Z]+)", open(f"{agent.home}/hub.zpl").read()).group(1)
    agent.cli("key", "seal", "--passphrase-file", words)
    shutil.copy(file, f"{agent.home}/former")
    link = hub.cli("entity", "invite", uscc, "--replace", "--reason", "机器被侵入").stdout.strip().splitlines()[-1]
    join, fresh = ("join", "--new-keys", link, "--passphrase-file"), fresh_file(agent, link)
    agent.cli(*join, words)
    made = open(file).read()
    shutil.move(file, fresh)
    shutil.move(f"{agent.home}/former", file)
    check(agent.cli(*join, wrong, ok=False).returncode == 1 and open(fresh).read() == made, "a passphrase is mistyped")
    hub.cli("entity", "suspend", uscc, "--reason", "核查")
    check(agent.cli(*join, words, ok=False).returncode == 1 and open(fresh).read() == made, "the institution is suspended")
    hub.cli("entity", "resume", uscc)
    agent.cli(*join, words)
    check(open(file).read() == made and not os.path.exists(fresh), "and the same command comes to its end")
    hub.stop()
    require(agent.cli(*join, words, ok=False).returncode == 1 and os.path.exists(fresh), "no answer: the keys that it made stay")
    lain = re.search("curve_public = ([0-9a-f]+)", open(fresh).read()).group(1)
    hub.start("--passphrase-file", words)
    link = hub.cli("entity", "invite", uscc, "--replace", "--reason", "备份遗失").stdout.strip().splitlines()[-1]
    agent.cli("join", "--new-keys", link, "--passphrase-file", words)
    check(lain not in open(file).read() and not os.path.exists(fresh), "which another link does not let in")


def check_province(site, hub, words):
    province = site.province(hub)
    check(alone(province, "key", "seal", "--passphrase-file", words).returncode == 0, "the province's keys are sealed")
    check(alone(province, "run").returncode == 1, "it does not run without the passphrase")
    credentials = f"{site.folder}/credentials"
    os.mkdir(credentials, 0o700)
    private(site, "credentials/passphrase", WORDS, 0o400)
    province.env["CREDENTIALS_DIRECTORY"] = credentials
    province.start()
    wait_until(lambda: province.cli_json("status") and "caught-up" in province.log(), what="it follows the hub")
    check(True, "with systemd's credential it does, and follows the hub")
    check(alone(province, "key").returncode == 2 and alone(province, "key", "open").returncode == 2, "other words are usage")


def test(site):
    words, wrong = private(site, "words", WORDS + "\n"), private(site, "wrong", WORDS + " \n")
    site.suite = "sm2-sm3"
    hub = site.hub(start=False)
    link = check_hub(site, hub, words, wrong)
    check_agent(site, hub, link, words, wrong)
    check_province(site, hub, words)


if __name__ == "__main__":
    main(test)
