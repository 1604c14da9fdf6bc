"""Where a directory comes from, told from git's own files."""

from __future__ import annotations

import pytest

from controller.cli.origin import find_origin, is_another

APP = {"repository": "github.com/me/app", "path": "infra/api"}


@pytest.mark.parametrize(
    ("url", "repository"),
    [
        ("git@github.com:me/app.git", "github.com/me/app"),
        ("https://github.com/me/app", "github.com/me/app"),
        ("https://user:token@github.com/me/app.git/", "github.com/me/app"),
        ("https://user:p@ss@github.com/me/app", "github.com/me/app"),
        ("ssh://git@git.example.com:2222/me/app.git", "git.example.com:2222/me/app"),
        ("/srv/git/app.git", "/srv/git/app"),
    ],
)
def test_a_repository_is_named_the_same_however_it_was_cloned(tmp_path, url, repository):
    (tmp_path / ".git").mkdir()
    other = '[remote "upstream"]\n\turl = https://example.com/other\n'
    ours = f'[core]\n\tbare = false\n[remote "origin"]\n\tfetch = +refs\n\turl = {url}\n'
    (tmp_path / ".git" / "config").write_text(other + ours)
    folder = tmp_path / "infra" / "api"
    folder.mkdir(parents=True)
    assert find_origin(folder) == {"repository": repository, "path": "infra/api"}


def test_a_worktree_is_of_the_repository_that_it_belongs_to(tmp_path):
    main = tmp_path / "main" / ".git"
    (main / "worktrees" / "w").mkdir(parents=True)
    (main / "config").write_text('[remote "origin"]\n\turl = git@github.com:me/app.git\n')
    (main / "worktrees" / "w" / "commondir").write_text("../..\n")
    work = tmp_path / "w"
    work.mkdir()
    (work / ".git").write_text(f"gitdir: {main / 'worktrees' / 'w'}\n")
    assert find_origin(work) == {"repository": "github.com/me/app", "path": "."}


def test_without_git_it_is_the_whole_path(tmp_path):
    assert find_origin(tmp_path) == {"path": tmp_path.resolve().as_posix()}


def test_a_repository_that_was_never_cloned_has_no_name(tmp_path):
    (tmp_path / ".git").mkdir()
    assert find_origin(tmp_path) == {"repository": "", "path": "."}


@pytest.mark.parametrize(
    ("before", "now", "another"),
    [
        (APP, APP, False),
        (APP, {**APP, "path": "infra/web"}, True),
        (APP, {**APP, "repository": "github.com/me/other"}, True),
        (APP, {**APP, "repository": ""}, False),
        ({"path": "/a/infra/api"}, {"path": "/b/infra/api"}, True),
        (APP, {"path": "/build/infra/api"}, False),
        ({"path": "/build/infra/api"}, APP, False),
        (APP, {"path": "/build/infra/web"}, True),
        ({**APP, "path": "."}, {"path": "/build"}, False),
        ({}, APP, False),
    ],
)
def test_what_is_surely_another_directory(before, now, another):
    assert is_another(before, now) is another
