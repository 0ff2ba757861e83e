"""Messages to dicts, schemas in strict form."""

from enum import Enum

import pytest
from autogen_core import FunctionCall
from autogen_core.models import (
    AssistantMessage,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    SystemMessage,
    UserMessage,
)
from openai.lib._parsing._completions import type_to_response_format_param
from pydantic import BaseModel, Field

from master_autogen.models.messages import as_dicts, closed_schema, request_text, with_schema


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Point(BaseModel):
    """A point."""

    x: int = Field(ge=0, le=5)
    default: str | None = None


class Figure(BaseModel):
    name: str = Field("square", description="what it is called")
    corner: Point = Field(description="where it begins")
    others: list[Point] = []
    tags: dict[str, Point] = {}
    colour: Colour = Colour.RED
    inside: "Figure | None" = None


class Grade(BaseModel):
    verdict: str
    score: float = Field(ge=0, le=1)


def test_roles_and_contents_without_names() -> None:
    messages = [
        SystemMessage(content="Teach."),
        UserMessage(content="Why?", source="student"),
        UserMessage(content=["Really,", "why?"], source="student"),
        AssistantMessage(content="Because.", thought="hm", source="teacher"),
    ]
    assert as_dicts(messages) == [
        {"role": "system", "content": "Teach."},
        {"role": "user", "content": "Why?"},
        {"role": "user", "content": "Really,\nwhy?"},
        {"role": "assistant", "content": "Because."},
    ]
    assert request_text(as_dicts(messages[:2])) == "system: Teach.\nuser: Why?"


def test_tools_cannot_be_sent() -> None:
    called = AssistantMessage(content=[FunctionCall(id="1", arguments="{}", name="f")], source="a")
    result = FunctionExecutionResultMessage(content=[FunctionExecutionResult(content="", name="f", call_id="1")])
    with pytest.raises(ValueError, match="the classroom speaks text alone"):
        as_dicts([called])
    with pytest.raises(ValueError, match="FunctionExecutionResultMessage cannot be sent: the classroom uses no tools"):
        as_dicts([result])


@pytest.mark.parametrize("model", [Grade, Figure, Point])
def test_schemas_are_the_ones_that_openais_library_sends(model: type[BaseModel]) -> None:
    theirs = type_to_response_format_param(model)
    assert with_schema({}, model)["response_format"] == theirs


def test_closing_a_schema_leaves_the_class_alone() -> None:
    before = Figure.model_json_schema()
    closed_schema(Figure)
    assert Figure.model_json_schema() == before


def test_json_output() -> None:
    assert with_schema({"seed": 1}, None) == {"seed": 1}
    assert with_schema({"seed": 1}, False) == {"seed": 1}
    assert with_schema({"seed": 1}, True) == {"seed": 1, "response_format": {"type": "json_object"}}
    with pytest.raises(ValueError, match="json_output and response_format say the same thing twice: give one of them"):
        with_schema({"response_format": {"type": "json_object"}}, Grade)
