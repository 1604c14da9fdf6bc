"""
The variable `dormouse`: settings, and the schedule of office hours (`schedule`: when a stack
opens).
"""
