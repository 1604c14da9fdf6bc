"""
The simulated AWS: one account whose answers depend on its clock alone.

    aws = LaptopAws(profile="typical", clock=ManualClock(datetime(2026, 11, 23, 9, tzinfo=UTC)))
    aws.furnish_article()
    elbv2 = aws.session().client("elbv2")          # a real client; no socket is opened
    aws.clock.advance(150)

Load balancers, ECS, EC2 and CloudWatch are simulated here, with the timing of AWS behaviour §9.2;
moto answers everything else. The SDK's own retries do not take place in process: an error is
what is left after them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from controller.domain.planning.timing import Timing
from local.account import Account
from local.calls import Call, Calls, result_of
from local.clock import Clock
from local.errors import AwsError
from local.faults import Fault, Faults
from local.furnish import ARTICLE, furnish
from local.lifetimes import moment
from local.operations import OPERATIONS, operate

if TYPE_CHECKING:
    import boto3.session

    from local.moto_side import MotoSide

Override = Callable[[Mapping[str, Any]], dict[str, Any]]


class LaptopAws(Account):
    """
    A simulated AWS account, as its clients see it; safe to use from several threads.

    `seed` decides every id and every draw of a fault's probability: the same script on the same
    clock gives the same calls and the same ids. `records_calls` may be turned off for long runs.

    Its size: each step of a call (begin, strike, finish, fail) is taken from three places: `call`,
    the clients in process, and the server.
    """

    def __init__(
        self,
        profile: str | Timing = "typical",
        clock: Clock | None = None,
        region: str = "us-east-1",
        account: str = "123456789012",
        seed: str = "dormouse",
    ) -> None:
        super().__init__(profile, clock, region, account, seed)
        self._moto: MotoSide | None = None
        self._sessions: dict[str, boto3.session.Session] = {}
        self._overrides: dict[tuple[str, str], Override] = {}
        self.records_calls = True
        self.reset()

    def reset(self) -> None:
        """Empty the account, the record and the rules; the clock stays where it is."""
        with self._lock:
            self._world = self._new_world()
            self.faults = Faults(self._seed)
            self.calls = Calls()
            if self._moto:
                self._moto.clear()

    def plays(self, service: str, operation: str = "") -> bool:
        """Whether a call is answered here, and not by moto."""
        return service in OPERATIONS or (service, operation) in self._overrides

    def answer_with(self, service: str, operation: str, answer: Override) -> None:
        """
        Let `answer(params)` reply to an operation, of any service, instead of what would.

        A service that is not played here is overridden for clients in process only; but over
        HTTP, too, are `lambda:Invoke` and CloudFormation.
        """
        self._overrides[service, operation] = answer

    def call(
        self, service: str, operation: str, params: Mapping[str, Any], region: str | None = None
    ) -> dict[str, Any]:
        """
        Answer one call that `plays` says is ours.

        Returns what botocore would hand out, without ResponseMetadata; raises AwsError.
        """
        with self._lock:
            call = self.begin(service, operation, params, region)
            fault = self.strike(call)
            if fault and fault.when == "before":
                raise self.fail(call, fault.error())
            try:
                reply = self._answer(call)
            except AwsError as error:
                self.fail(call, error)
                raise
            if fault:
                raise self.fail(call, fault.error())
            self.finish(call, reply)
            return reply

    def begin(
        self, service: str, operation: str, params: Mapping[str, Any], region: str | None = None
    ) -> Call:
        """Let time pass up to now, and note who asks for what; `finish` or `fail` records it."""
        with self._lock:
            now = moment(self._settle())
        return Call(now, region or self.region_name, service, operation, params)

    def strike(self, call: Call) -> Fault | None:
        if not self.faults:
            return None
        with self._lock:
            return self.faults.strike(call.service, call.operation, call.params)

    def finish(self, call: Call, reply: Mapping[str, Any]) -> None:
        if self.records_calls:
            self.calls.record(call, result="" if call.is_read else result_of(reply))

    def fail(self, call: Call, error: AwsError) -> AwsError:
        if self.records_calls:
            self.calls.record(call, code=error.code)
        return error

    def _answer(self, call: Call) -> dict[str, Any]:
        override = self._overrides.get((call.service, call.operation))
        if override:
            return override(call.params)
        return operate(self._world.region(call.region), call)

    def session(self, region: str | None = None) -> boto3.session.Session:
        """The boto3 session of a region, all of whose clients are answered by this account."""
        from local.session import make_session

        name = region or self.region_name
        with self._lock:
            if name not in self._sessions:
                self._sessions[name] = make_session(self, name)
            return self._sessions[name]

    @property
    def moto(self) -> MotoSide:
        """The services that are not played here; loaded when first asked for."""
        from local.moto_side import MotoSide

        with self._lock:
            if self._moto is None:
                self._moto = MotoSide(self.account, self.clock)
            return self._moto

    def furnish(self, *, region: str | None = None, **things: Any) -> dict[str, dict[str, str]]:
        """Create what Terraform keeps, with given ids; see `local.furnish`."""
        with self.settled() as world:
            return furnish(world.region(region or self.region_name), things)

    def furnish_article(self) -> dict[str, dict[str, str]]:
        """Everything that the article's stack needs but its four sleepers."""
        return self.furnish(**ARTICLE)
