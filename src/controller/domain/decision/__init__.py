"""Awake or asleep, and why (`desired`): leases, holds, bookings, office hours, idleness."""
