"""`make mutants`: is each change of a line of the deciding code noticed by a test?"""
