"""Write the pages: `make docs`."""

from reference.pages import FOLDER, PAGES, make

FOLDER.mkdir(exist_ok=True)
for name in PAGES:
    (FOLDER / name).write_text(make(name))
