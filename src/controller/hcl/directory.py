"""
The public face: a Terraform directory, read once and evaluated as often as needed.

    configuration = read(Path("infra/nsfw-api"))
    world = configuration.evaluate(Inputs(assigned={"awake": boolean(True)}))
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from controller.domain.dataclass import dataclass
from controller.domain.problem import Level, Problem
from controller.hcl.errors import HclError
from controller.hcl.evaluate import evaluate
from controller.hcl.evaluation import Evaluation, outputs_of
from controller.hcl.graph import Graph, build_graph, cycle_error
from controller.hcl.module import MissingModule, Module, load_module
from controller.hcl.origins import lacking_file, out_of_reach, remedy_for
from controller.hcl.parse import parse_argument
from controller.hcl.provider_version import UNKNOWN, AwsProvider, find_aws_provider
from controller.hcl.required_version import RULE as REQUIRED_VERSION
from controller.hcl.scope import UpstreamError
from controller.hcl.static_check import StaticChecker, check_modules
from controller.hcl.syntax import Expression
from controller.hcl.values import Value
from controller.hcl.world import Inputs, World

EXPRESSION = "<expr>"
"""The name under which an expression of the console is shown in errors."""


def read(directory: Path, data_dir: str | None = None) -> Configuration:
    """
    Read and check the directory's files and those of its modules.

    `data_dir` is TF_DATA_DIR: where Terraform lays modules that are not in local folders. Files
    whose text has been parsed before in this process are not parsed again. Never raises for what is
    in the files: see `problems`.
    """
    folder = directory.resolve()
    loaded = load_module(folder, data_dir)
    if not loaded.readable:
        return Configuration(folder, loaded.root, loaded.problems, Graph((), ()), frozenset())
    graph = build_graph(loaded.root)
    demands = (one for _, m in loaded.root.tree() for one in m.declarations.required_providers)
    provider = find_aws_provider(folder, data_dir, demands)
    cycles = (cycle_error(loaded.root, cycle).as_problem() for cycle in graph.cycles)
    found, wrong = check_modules(loaded.root)
    problems = (*loaded.problems, *found, *cycles)
    return Configuration(folder, loaded.root, problems, graph, wrong, loaded.missing, provider)


@dataclass(frozen=True, slots=True, eq=False)
class Configuration:
    """
    What a directory says, before any variable has a value.

    `problems` are all that the text alone shows. `wrong` are the expressions among them, which are
    not evaluated. `missing` are the modules that are not installed, `provider` the version of the
    AWS provider in use.
    """

    folder: Path
    root: Module
    problems: tuple[Problem, ...]
    graph: Graph
    wrong: frozenset[Expression]
    missing: tuple[MissingModule, ...] = ()
    provider: AwsProvider = UNKNOWN

    def declares(self, variable: str) -> bool:
        """Whether the root declares a variable of that name."""
        return variable in self.root.declarations.variables

    def evaluate(self, inputs: Inputs) -> World:
        """Give the variables their values and evaluate everything; the files are not read again."""
        evaluation = Evaluation(
            self.folder, self.root, self.graph, self.wrong, inputs, self.provider
        )
        evaluation.run()
        root = evaluation.root
        providers = evaluation.providers()
        return World(
            resources=evaluation.resources(),
            problems=_in_order((*self.problems, *evaluation.problems, *evaluation.about_files())),
            variables={name: v for name, v in root.variables.items() if v is not None},
            providers=providers,
            lost=evaluation.lost(),
            outputs=outputs_of(root),
            evaluate=_Console(self, evaluation).evaluate,
            variable_places=evaluation.variable_places(),
            variable_parts=evaluation.variable_parts(),
            output_places={name: o.place for name, o in self.root.declarations.outputs.items()},
            missing=self.missing,
            provider=self.provider,
        )


class _Console:
    """Evaluates expressions in the root module's scope."""

    def __init__(self, configuration: Configuration, evaluation: Evaluation) -> None:
        self._configuration = configuration
        self._evaluation = evaluation

    def evaluate(self, text: str) -> Value:
        for problem in self._configuration.problems:
            if problem.rule == REQUIRED_VERSION:  # Terraform's own console refuses to begin
                raise HclError(problem.rule, problem.message, place=problem.place)
        expression = parse_argument(text + "\n", EXPRESSION)
        for error in StaticChecker(self._configuration.root).errors_in(expression):
            raise error
        try:
            value = evaluate(expression, self._evaluation.root.scope())
        except UpstreamError:
            raise self._cause() from None
        except RecursionError:
            raise HclError(
                "value", "the expression is nested too deeply", place=expression.place
            ) from None
        origin = out_of_reach(value)
        if origin is not None:
            raise lacking_file((origin,)) or HclError(
                "module-source",
                f"{origin} cannot be known here; {remedy_for(origin)}",
                place=expression.place,
            )
        return value

    def _cause(self) -> HclError:
        """The expression needs something broken: the first error of the directory."""
        problems = (*self._configuration.problems, *self._evaluation.problems)
        for problem in _in_order(problems):
            if problem.level is Level.ERROR:
                return HclError(problem.rule, problem.message, place=problem.place)
        return HclError("value", "the expression depends on something that has no value")


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """
    Errors first, then by file and line; the same finding once.

    What is wrong in a block is wrong in all its instances, and in all calls of its module: the
    first of them speaks for the others.
    """

    def key(problem: Problem) -> tuple[bool, str, int]:
        place = problem.place
        level = problem.level is not Level.ERROR
        return (level, place.file, place.line) if place else (level, "", 0)

    once: dict[tuple[object, ...], Problem] = {}
    for problem in problems:
        who = "" if problem.place else problem.address
        once.setdefault((problem.level, problem.rule, problem.place, problem.message, who), problem)
    return tuple(sorted(once.values(), key=key))
