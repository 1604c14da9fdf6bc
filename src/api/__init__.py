"""
The wake URL: pages and JSON of one stack (`routes`), and of a team's stacks (`board`). Texts:
`page_words`, `board_words`.
"""
