"""iCalendar: components, values, recurrence, time zones, jCal."""
