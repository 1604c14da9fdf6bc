"""
How AWS is called and how it answers: one file for each kind of resource, its create and delete
included.
"""
