"""Five wrong join codes lock their address out for a minute, and no other address."""
import time

import client
from harness import PATIENCE, check, main, refusal


class From(client.Peer):
    """A peer that connects from the given source address."""

    def __init__(self, folder, address):
        super().__init__(folder)
        self.address = address

    def connect(self, endpoint):
        super().connect(endpoint.replace("tcp://", f"tcp://{self.address}:0;"))

    def receive(self, *wanted, timeout=2):
        return super().receive(*wanted, timeout=timeout * PATIENCE)


def test(site):
    hub = site.hub()
    good = hub.add_entity(site.uscc())
    code = good.split("/")[4][:20]
    guesser = From(f"{site.folder}/guesser", "127.0.0.2")
    told = [refusal(lambda: guesser.join(good.replace(code, f"{number:020d}"))) for number in range(5)]
    locked = time.monotonic()
    check(told == ["code_invalid"] * 5, "five wrong codes are told so", told)
    told = refusal(lambda: guesser.join(good))
    check(told in ("locked_out", "lost"), "then even the right code is not looked at", told)
    fresh = From(f"{site.folder}/fresh", "127.0.0.2")
    told = refusal(lambda: fresh.join(good))
    check(told in ("locked_out", "lost"), "nor from another key of that address", told)
    neighbour = From(f"{site.folder}/neighbour", "127.0.0.3")
    check(neighbour.join(hub.add_entity(site.uscc()))["party"], "another address is served meanwhile")
    neighbour.hello()
    check(neighbour.ping(), "and so are sessions")
    time.sleep(max(0, locked + 55 - time.monotonic()))
    told = refusal(lambda: fresh.join(good))
    check(told in ("locked_out", "lost"), "55 s later the address is still locked out", told)
    time.sleep(max(0, locked + 63 - time.monotonic()))
    check(fresh.join(good)["party"], "a minute later the right code works from there")


if __name__ == "__main__":
    main(test)
