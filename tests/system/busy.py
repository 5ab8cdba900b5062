"""A hub that somebody keeps busy, without a pause of a tenth of a second, looks at the clocks all the same."""
import threading, time

from harness import check, item_of, main, require, review, wait_until, warning


class Load(threading.Thread):
    """Rehearsals, fifty a second, each receipted."""

    def __init__(self, site, hub):
        super().__init__(daemon=True)
        self.site, self.hub, self.is_over = site, hub, False

    def run(self):
        peer = self.site.peer(self.hub, "busy")
        peer.hello()
        while not self.is_over:
            peer.submit([item_of(peer, review(rehearsal=True, activity_no=None))])
            peer.receipt()
            time.sleep(0.02)


def clocks(hub, entity):
    return hub.cli_json("due", "--all", "--entity", entity)


def test(site):
    hub = site.hub()
    reporter = site.peer(hub, "reporter")
    reporter.hello()
    load = Load(site, hub)
    load.start()
    for number in range(1, 4):
        reporter.submit([item_of(reporter, warning())])
        reporter.receipt()
        wait_until(lambda: len({row["about"] for row in clocks(hub, reporter.uscc)}) == number, 6, 0.2,
                   f"the clocks of warning {number} run")
        check(load.is_alive(), f"beside the load, the clocks of warning {number} run")
    load.is_over = True
    load.join()
    require(hub.running(), "the hub runs")


if __name__ == "__main__":
    main(test)
