"""
The door holds a program's request while its stack wakes (`waking`), then sends it once
(`forwarding`, `relay`).
"""
