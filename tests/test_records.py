"""Records as they travel between processes."""

import copy
import pickle

from master_autogen.records import Record, Seed
from master_autogen.scenario import read_scenario
from tests.kit import APPLES, plan, scripted_pool


def test_a_record_is_the_same_after_a_journey() -> None:
    lesson = plan(read_scenario("debate"), scripted_pool())
    assert lesson.seed.id  # worked out once and kept
    arrived = pickle.loads(pickle.dumps(lesson))
    assert arrived == lesson
    assert arrived.seed.id == lesson.seed.id
    assert arrived.model_dump_json() == lesson.model_dump_json()
    assert hash(arrived.seed) == hash(lesson.seed)
    assert arrived.model_copy(update={"round": 7}).round == 7


def test_a_copy_is_a_record_of_its_own() -> None:
    for made in (copy.copy(APPLES), copy.deepcopy(APPLES), pickle.loads(pickle.dumps(APPLES))):
        assert isinstance(made, Record)
        assert made == APPLES
        assert made.__dict__ is not APPLES.__dict__
    assert Seed.model_validate(APPLES.model_dump()) == APPLES
