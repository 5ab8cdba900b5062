"""Runs a program as its systemd unit would let it run, as far as that goes without systemd: as another user without any
capability, under the unit's system call filter and address families, with its limits and umask.

    confined.py UNIT USER-ID COMMAND..."""
import errno, glob, os, re, resource, socket, subprocess, sys

import seccomp

UNITS = f"{os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))}/deploy/systemd"


def settings_of(unit):
    """(key, value) of the unit and what is added to it, in order."""
    for path in [f"{UNITS}/{unit}", *sorted(glob.glob(f"{UNITS}/agn-.service.d/*.conf"))]:
        with open(path) as file:
            yield from (line.strip().split("=", 1) for line in file if re.match(r"[A-Z]\w*=", line))


def calls_of(group):
    """The names in a group of systemd's, groups within it resolved."""
    text = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True).stdout
    names = [line.strip() for line in text.splitlines()[1:] if line.strip() and not line.strip().startswith("#")]
    return {call for name in names for call in (calls_of(name) if name.startswith("@") else {name})}


def filter_of(settings):
    allowed = calls_of("@default")
    for value in (value for key, value in settings if key == "SystemCallFilter"):
        named = {call for name in value.lstrip("~").split() for call in (calls_of(name) if name.startswith("@") else {name})}
        allowed = allowed - named if value.startswith("~") else allowed | named
    families = next(value.split() for key, value in settings if key == "RestrictAddressFamilies")
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
    for call in sorted(allowed - {"socket"}):
        try:
            rules.add_rule(seccomp.ALLOW, call)
        except (RuntimeError, ValueError):
            pass  # of another architecture, or newer than the library
    for name in families:
        rules.add_rule(seccomp.ALLOW, "socket", seccomp.Arg(0, seccomp.EQ, getattr(socket, name)))
    return rules


def main(unit, user, *command):
    settings = [tuple(pair) for pair in settings_of(unit)]
    single = dict(settings)
    rules = filter_of(settings)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = int(single["LimitNOFILE"]) if most == resource.RLIM_INFINITY else min(int(single["LimitNOFILE"]), most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    resource.setrlimit(resource.RLIMIT_CORE, (int(single["LimitCORE"]),) * 2)
    os.umask(int(single["UMask"], 8))
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(int(user), int(user), int(user))
        os.setresuid(int(user), int(user), int(user))
    rules.set_attr(seccomp.Attr.CTL_NNP, 1)
    rules.load()
    os.execv(command[0], command)


main(*sys.argv[1:])
