"""A small AutoGen runtime for exactly one team: direct dispatch, a task a conversation, no spans, no dumps.

AutoGen's own `SingleThreadedAgentRuntime` hangs when a run is cancelled or a client lets a cancellation through, turns
exceptions into text, and costs most of a turn's processor time. This one keeps its promises to a `BaseGroupChat`: a
message reaches the subscribers of its topic in the order of publishing. The first exception of any delivery is kept as
it is in `failure`, and `on_failure` is told at once, so that nobody waits for a speaker who will never answer.
"""

from __future__ import annotations

import asyncio
import inspect
import itertools
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar, cast

from autogen_core import (
    Agent,
    AgentId,
    AgentInstantiationContext,
    AgentMetadata,
    AgentRuntime,
    AgentType,
    CancellationToken,
    MessageContext,
    MessageHandlerContext,
    MessageSerializer,
    Subscription,
    TopicId,
    TypeSubscription,
)

from master_autogen.models.client import Uncancelled

A = TypeVar("A", bound=Agent)
Factory = Callable[[], Any]

_HANDLING = MessageHandlerContext._MESSAGE_HANDLER_CONTEXT
"""Set once a delivery, in a task that does nothing else: a context manager for each takes longer than to deliver."""


class _Place:
    """An agent and the messages on their way to it: `waiting` is how many. `take` takes one at once, or says no."""

    __slots__ = ("agent", "id", "take", "waiting")

    def __init__(self, id: tuple[str, str], agent: Agent) -> None:
        self.id = id
        self.agent = agent
        self.take: Callable[[Any], bool] | None = getattr(agent, "take", None)
        self.waiting = 0


class _Delivery(NamedTuple):
    """A message on its way to a place."""

    to: _Place
    message: Any
    sender: AgentId | None
    topic_id: TopicId
    cancellation_token: CancellationToken | None
    message_id: str | None


class TeamRuntime(AgentRuntime):
    """See the module. Make one a team, and `await aclose()` when the team is done."""

    def __init__(self) -> None:
        self.failure: BaseException | None = None
        self.on_failure: Callable[[BaseException], None] | None = None
        self._factories: dict[str, Factory] = {}
        self._places: dict[tuple[str, str], _Place] = {}
        self._listening: dict[tuple[str, str], list[_Place]] = {}  # by topic, as found by the subscriptions
        self._subscriptions: list[Subscription] = []
        self._types_by_topic: defaultdict[str, list[str]] = defaultdict(list)
        self._queues: dict[asyncio.Task[None], deque[_Delivery]] = {}  # what each task has still to deliver
        self._numbers = itertools.count(1)
        self._closing = False
        self._token = Uncancelled()

    async def register_factory(
        self,
        type: str | AgentType,
        agent_factory: Callable[[], A | Awaitable[A]],
        *,
        expected_class: type[A] | None = None,
    ) -> AgentType:
        agent_type = type if isinstance(type, AgentType) else AgentType(type)
        if agent_type.type in self._factories:
            raise ValueError(f"agent type {agent_type.type} is registered already; make one runtime a team")
        self._factories[agent_type.type] = agent_factory
        return agent_type

    async def add_subscription(self, subscription: Subscription) -> None:
        self._subscriptions.append(subscription)
        if isinstance(subscription, TypeSubscription):
            self.connect(subscription.topic_type, subscription.agent_type)

    def connect(self, topic_type: str, agent_type: str) -> None:
        """As a `TypeSubscription`, which nobody will want to remove."""
        self._types_by_topic[topic_type].append(agent_type)
        self._listening.clear()

    async def remove_subscription(self, id: str) -> None:
        for found in [s for s in self._subscriptions if s.id == id]:
            self._subscriptions.remove(found)
            if isinstance(found, TypeSubscription):
                self._types_by_topic[found.topic_type].remove(found.agent_type)
                self._listening.clear()

    def add_message_serializer(self, serializer: MessageSerializer[Any] | Sequence[MessageSerializer[Any]]) -> None:
        """Nothing leaves the process, so nothing is serialised."""

    async def send_message(
        self,
        message: Any,
        recipient: AgentId,
        *,
        sender: AgentId | None = None,
        cancellation_token: CancellationToken | None = None,
        message_id: str | None = None,
    ) -> Any:
        agent = await self._agent(recipient.type, recipient.key)
        with MessageHandlerContext.populate_context(agent.id):
            return await self._deliver(agent, message, sender, None, cancellation_token, message_id)

    async def publish_message(
        self,
        message: Any,
        topic_id: TopicId,
        *,
        sender: AgentId | None = None,
        cancellation_token: CancellationToken | None = None,
        message_id: str | None = None,
    ) -> None:
        """To the recipients in the order of subscription; each takes its messages in the order of publishing.

        A recipient that has nothing waiting may take the message at once, if it has a method `take` that says yes to
        it. What is published by a delivery is delivered after it, in its own task: so a reply leads to the next
        request before the loop turns to another conversation, and hundreds of them do not wait for each other.
        """
        sent_by = None if sender is None else (sender.type, sender.key)
        for place in self._listening.get((topic_id.type, topic_id.source)) or await self._found(topic_id):
            if place.id == sent_by:
                continue
            if place.take is not None and not place.waiting and place.take(message):
                continue
            place.waiting += 1
            delivery = _Delivery(place, message, sender, topic_id, cancellation_token, message_id)
            queue = self._queues.get(cast(asyncio.Task[None], asyncio.current_task()))
            if queue is not None:
                queue.append(delivery)
                continue
            task = asyncio.create_task(self._deliver_all(queue := deque([delivery])))
            self._queues[task] = queue
            task.add_done_callback(self._delivered)

    async def _found(self, topic_id: TopicId) -> list[_Place]:
        """Who listens to a topic."""
        key = topic_id.source
        found = [await self._place(agent_type, key) for agent_type in self._types_by_topic.get(topic_id.type, ())]
        self._listening[topic_id.type, key] = found
        return found

    async def _deliver_all(self, queue: deque[_Delivery]) -> None:
        """One after the other, with all that is published meanwhile."""
        while queue:
            to, *delivery = queue.popleft()
            _HANDLING.set(to.agent.id)
            try:
                await self._deliver(to.agent, *delivery)
            finally:
                to.waiting -= 1

    def _delivered(self, task: asyncio.Task[None]) -> None:
        del self._queues[task]
        if self._closing:
            if not task.cancelled():
                task.exception()  # taken, so that asyncio does not complain of it
            return
        if task.cancelled():
            # Somebody inside (a client's own scope) was cancelled while the team goes on: without this it would wait
            # for the speaker for ever.
            self._fail(RuntimeError("a speaker was cancelled from within"))
        elif (error := task.exception()) is not None:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if self.failure is None:
            self.failure = error
            if self.on_failure is not None:
                self.on_failure(error)

    async def _deliver(
        self,
        agent: Agent,
        message: Any,
        sender: AgentId | None,
        topic_id: TopicId | None,
        cancellation_token: CancellationToken | None,
        message_id: str | None,
    ) -> Any:
        context = MessageContext(
            sender=sender,
            topic_id=topic_id,
            is_rpc=topic_id is None,
            cancellation_token=cancellation_token or self._token,
            message_id=message_id or str(next(self._numbers)),
        )
        try:
            return await agent.on_message(message, ctx=context)
        except Exception as error:
            self._fail(error)  # at once: the manager may have told already that something went wrong, and not what
            raise

    async def _agent(self, type: str, key: str) -> Agent:
        return (await self._place(type, key)).agent

    async def _place(self, type: str, key: str) -> _Place:
        id = (type, key)
        if id not in self._places:
            if type not in self._factories:
                raise LookupError(f"no agent of type {type} in this team")
            with AgentInstantiationContext.populate_context((self, AgentId(type, key))):
                made = self._factories[type]()
                self._places[id] = _Place(id, cast(Agent, await made if inspect.isawaitable(made) else made))
        return self._places[id]

    async def register_agent_instance(self, agent_instance: Agent, agent_id: AgentId) -> AgentId:
        id = (agent_id.type, agent_id.key)
        self._places[id] = _Place(id, agent_instance)
        self._listening.clear()
        await agent_instance.bind_id_and_runtime(id=agent_id, runtime=self)
        return agent_id

    async def get(
        self, id_or_type: AgentId | AgentType | str, /, key: str = "default", *, lazy: bool = True
    ) -> AgentId:
        if isinstance(id_or_type, AgentId):
            return id_or_type
        return AgentId(id_or_type if isinstance(id_or_type, str) else id_or_type.type, key)

    async def try_get_underlying_agent_instance(
        self,
        id: AgentId,
        type: type[A] = Agent,  # type: ignore[assignment]
    ) -> A:
        agent = await self._agent(id.type, id.key)
        if not isinstance(agent, type):
            raise TypeError(f"agent {id} is a {agent.__class__.__name__}, not a {type.__name__}")
        return agent

    async def agent_metadata(self, agent: AgentId) -> AgentMetadata:
        return (await self._agent(agent.type, agent.key)).metadata

    async def agent_save_state(self, agent: AgentId) -> Mapping[str, Any]:
        return await (await self._agent(agent.type, agent.key)).save_state()

    async def agent_load_state(self, agent: AgentId, state: Mapping[str, Any]) -> None:
        await (await self._agent(agent.type, agent.key)).load_state(state)

    async def save_state(self) -> Mapping[str, Any]:
        agents = [place.agent for place in self._places.values()]
        return {str(agent.id): dict(await agent.save_state()) for agent in agents}

    async def load_state(self, state: Mapping[str, Any]) -> None:
        for agent_id, agent_state in state.items():
            whose = AgentId.from_str(agent_id)
            await (await self._agent(whose.type, whose.key)).load_state(agent_state)

    async def aclose(self) -> None:
        """Cancel what is still being delivered and wait until it is gone; then let go of the team.

        Who refers to the runtime and is referred to by it would otherwise be left to the garbage collector, which takes
        a tenth of a busy run's time to find hundreds of finished teams."""
        self._closing = True
        if waiting := list(self._queues):
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        self.on_failure = None
        self._factories.clear()
        self._places.clear()
        self._listening.clear()
        self._types_by_topic.clear()
