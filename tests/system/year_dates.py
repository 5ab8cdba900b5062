"""Days, months, quarters and working days of the scripted year, reckoned without the hub's code. Moments are UTC
milliseconds, dates datetime.date in the site's zone (UTC+8)."""
import calendar, datetime, re

ZONE_MS, DAY_MS, HOUR_MS, MINUTE_MS = 8 * 3_600_000, 86_400_000, 3_600_000, 60_000
EPOCH = datetime.date(1970, 1, 1)


def at(year, month, day, hour=0, minute=0):
    """The moment of a local time."""
    return day_start(datetime.date(year, month, day)) + hour * HOUR_MS + minute * MINUTE_MS


def date_at(moment):
    return EPOCH + datetime.timedelta(days=(moment + ZONE_MS) // DAY_MS)


def day_start(date):
    return (date - EPOCH).days * DAY_MS - ZONE_MS


def day_end(date):
    """The last millisecond of the local day."""
    return day_start(date) + DAY_MS - 1


def days_after(date, count):
    return date + datetime.timedelta(days=count)


def months_after(date, count):
    """The same day of the month, or the month's last."""
    month = date.year * 12 + date.month - 1 + count
    year, month = divmod(month, 12)
    return datetime.date(year, month + 1, min(date.day, calendar.monthrange(year, month + 1)[1]))


def parse_date(text):
    return datetime.date.fromisoformat(text)


def iso(moment):
    """RFC 3339 in UTC with milliseconds, as records carry times."""
    when = datetime.datetime.fromtimestamp(moment / 1000, datetime.timezone.utc)
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment % 1000:03d}Z"


def parse_moment(text):
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def local(moment):
    """As listings show it."""
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=moment + ZONE_MS)).strftime("%Y-%m-%d %H:%M:%S")


class Quarter:
    """A quarter, or a whole year where `number` is 0."""

    def __init__(self, year, number):
        self.year, self.number = year, number

    @staticmethod
    def of(date):
        return Quarter(date.year, (date.month + 2) // 3)

    def first(self):
        return datetime.date(self.year, max(self.number, 1) * 3 - 2, 1)

    def next(self):
        if self.number in (0, 4):
            return Quarter(self.year + 1, self.number and 1)
        return Quarter(self.year, self.number + 1)

    def last(self):
        return days_after(self.next().first(), -1)

    def __str__(self):
        return f"{self.year}-Q{self.number}" if self.number else str(self.year)


class WorkingDays:
    """The holidays and make-up days of a calendar file; every other day is worked from Monday to Friday."""

    def __init__(self, path):
        self.named = {}
        with open(path) as file:
            for line in file:
                found = re.match(r"(\d{4}-\d\d-\d\d)\s+(holiday|workday)", line)
                if found:
                    self.named[parse_date(found[1])] = found[2] == "workday"

    def is_worked(self, date):
        return self.named.get(date, date.weekday() < 5)

    def after(self, date, count):
        while count:
            date = days_after(date, 1)
            count -= self.is_worked(date)
        return date
