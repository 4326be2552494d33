"""iCalendar objects: the RFCs' own examples, and what clients send."""
