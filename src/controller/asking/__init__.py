"""
What people request (`requests`), and until when (`requested_end`); for wake URL, door and
commands.
"""
