"""
Years of a stack's life in minutes, with everything going wrong that can.

    python -m simulation.soak --days 500

One seed tells one story: the policy, the people, the traffic, the weather of AWS and the deaths
of processes are drawn from it before anything runs (`story.py`). The controller is the real one,
on the simulated AWS (`installation.py`). Whether all went well is judged by somebody who sees what
really stands and knows nothing of the controller (`observer.py`, `oracle.py`).
"""
