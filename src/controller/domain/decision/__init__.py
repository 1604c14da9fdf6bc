"""
Awake or asleep, and why (`desired`): leases, holds, bookings, idleness, and office hours
(`office_hours`: when the next opening is, and how much earlier the wake begins).
"""
