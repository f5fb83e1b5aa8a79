"""When a publisher releases new figures: the calendar of a source, in the publisher's time zone.

Times of the calendar are the publisher's local time. If clocks go forward and skip one, it is the first moment after;
if they go back and repeat one, it counts once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from schemas.definition.messages import known_time_zone
from schemas.definition.model import Declared


def known_cron(line: str) -> str:
    """Return the cron line of five fields; raise ValueError if it is not one, or names a day that never comes."""
    from cronsim import CronSim, CronSimError

    try:
        next(CronSim(line, datetime(2024, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration) as error:
        raise ValueError(
            f"{line!r} is not a cron expression of a day that occurs: minute hour day month weekday, such as "
            '"0 6 20 * *" (the 20th of each month at 6:00)'
        ) from error
    return line


class Calendar(Declared):
    """When new figures are expected, as a cron line, and after how many days they are overdue."""

    cron: Annotated[str, AfterValidator(known_cron)]
    time_zone: Annotated[str, AfterValidator(known_time_zone)] = "UTC"
    late_after_days: int = Field(default=7, ge=0)

    def next_due(self, now: datetime) -> datetime:
        """Return the first moment after ``now``, in UTC.

        >>> calendar = Calendar(cron="30 2 * * *", time_zone="Europe/Berlin")  # skipped on 29 March 2026
        >>> str(calendar.next_due(datetime(2026, 3, 28, 12, tzinfo=UTC)))
        '2026-03-29 01:00:00+00:00'
        >>> once = calendar.next_due(datetime(2026, 10, 24, 12, tzinfo=UTC))  # there twice on 25 October 2026
        >>> str(once), str(calendar.next_due(once))
        ('2026-10-25 00:30:00+00:00', '2026-10-26 01:30:00+00:00')
        """
        from cronsim import CronSim

        return next(CronSim(self.cron, now.astimezone(ZoneInfo(self.time_zone)))).astimezone(UTC)

    def last_due(self, now: datetime) -> datetime:
        """Return the last moment that is not after ``now``, in UTC.

        It is searched forward in time, so that it agrees with ``next_due`` when clocks change.

        >>> str(Calendar(cron="0 6 20 * *").last_due(datetime(2026, 3, 20, 6, tzinfo=UTC)))
        '2026-03-20 06:00:00+00:00'
        """
        for days in (2, 40, 400, 4 * 366, 12 * 366):
            found, moment = None, self.next_due(now - timedelta(days=days))
            while moment <= now:
                found, moment = moment, self.next_due(moment)
            if found is not None:
                return found
        raise ValueError(f"{self.cron!r} did not occur in the last twelve years")

    def is_late(self, last_change: datetime, now: datetime) -> bool:
        """Return whether figures that last changed then should have been followed by others."""
        return last_change < self.last_due(now - timedelta(days=self.late_after_days))
