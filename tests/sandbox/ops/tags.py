"""Tags of knowledge bases. In 1.12.1 create, update and list answer 400 because the server's own answer fails its validation; the work is done."""

from __future__ import annotations

from typing import Any

from ..call import Call, looking_first
from ..errors import internal_error, invalid_param, not_found
from ..routing import UUID, operation, races
from ..state import Dataset, Tag, new_id
from ..validate import Field, check, problem, refuse
from ..wire import Answer, done_204, json_answer

_TAGS = "/v1/datasets/tags"
_TAG_MATCHES = [
    _TAGS,
    "/v1/datasets/<uuid:dataset_id>/tags",
    "/v1/datasets/<uuid:dataset_id>/documents/<uuid:document_id>/segments/<uuid:segment_id>/child_chunks/<uuid:child_chunk_id>",
]
_BIND, _UNBIND = _TAGS + "/binding", _TAGS + "/unbinding"
NAME = Field("name", "str", required=True, least=1, most=50)
TAG_ID = Field("tag_id", "str", required=True)
TARGET = Field("target_id", "str", required=True)


def _count(call: Call, tag: Tag) -> int:
    return sum(tag.id in dataset.tags for dataset in call.workspace.datasets.values())


def _shown(call: Call, tag: Tag) -> dict[str, Any]:
    return {"id": tag.id, "name": tag.name, "type": tag.type, "binding_count": str(_count(call, tag))}


def _own_answer_invalid(call: Call, model: str, tags: list[Tag], numbered: bool) -> None:
    """The defect: a count that is no string where the server's own model wants one."""
    if call.world.settings.has("tags-answer-400") and tags:
        words = "Input should be a valid string"
        problems = [
            problem(f"{index}.binding_count" if numbered else "binding_count", words, "string_type", _count(call, tag))
            for index, tag in enumerate(tags)
        ]
        raise refuse(model, problems)


def _name_is_free(call: Call, name: str) -> None:
    if any(tag.name == name for tag in call.workspace.tags.values()):
        raise invalid_param("Tag name already exists")


def _tag(call: Call, tag_id: str) -> Tag:
    if not UUID.match(tag_id):
        raise internal_error()
    tag = call.workspace.tags.get(tag_id.lower())
    if tag is None:
        raise not_found("Tag not found", call.path, _TAG_MATCHES)
    return tag


@operation("tags.list", "GET", "/datasets/tags")
def list_(call: Call) -> Answer:
    tags = list(reversed(list(call.workspace.tags.values())))
    _own_answer_invalid(call, "list[DataSetTag]", tags, numbered=True)
    return json_answer([_shown(call, tag) for tag in tags])


def _new_tag(call: Call) -> dict[str, Any]:
    payload = check("TagCreatePayload", call.json(), (NAME,))
    _name_is_free(call, payload["name"])
    return payload


@operation("tags.create", "POST", "/datasets/tags")
def create(call: Call) -> Answer:
    payload = call.context or _new_tag(call)
    tag = Tag(new_id(), payload["name"])
    call.workspace.tags[tag.id] = tag
    call.effect()
    _own_answer_invalid(call, "DataSetTag", [tag], numbered=False)
    return json_answer(_shown(call, tag))


races(create, "creates-race", looking_first(_new_tag))


@operation("tags.update", "PATCH", "/datasets/tags")
def update(call: Call) -> Answer:
    payload = check("TagUpdatePayload", call.json(), (NAME, TAG_ID))
    _name_is_free(call, payload["name"])
    tag = _tag(call, payload["tag_id"])
    tag.name = payload["name"]
    call.effect()
    _own_answer_invalid(call, "DataSetTag", [tag], numbered=False)
    return json_answer(_shown(call, tag))


@operation("tags.delete", "DELETE", "/datasets/tags")
def delete(call: Call) -> Answer:
    payload = check("TagDeletePayload", call.json(), (TAG_ID,))
    tag = _tag(call, payload["tag_id"])
    del call.workspace.tags[tag.id]
    for dataset in call.workspace.datasets.values():
        if tag.id in dataset.tags:
            dataset.tags.remove(tag.id)
    call.effect()
    return done_204()


def _target(call: Call, target_id: str, matches: list[str]) -> Dataset:
    if not UUID.match(target_id):
        raise internal_error()
    dataset = call.workspace.datasets.get(target_id.lower())
    if dataset is None:
        raise not_found("Dataset not found", call.path, matches)
    return dataset


@operation("tags.bind", "POST", "/datasets/tags/binding")
def bind(call: Call) -> Answer:
    payload = check("TagBindingPayload", call.json(), (Field("tag_ids", "list", required=True), TARGET))
    if not payload["tag_ids"]:
        raise refuse("TagBindingPayload", [problem("tag_ids", "Value error, Tag IDs is required.", "value_error", [])])
    if any(not isinstance(tag_id, str) or not UUID.match(tag_id) for tag_id in payload["tag_ids"]):
        raise internal_error()
    dataset = _target(call, payload["target_id"], [_BIND, _UNBIND, _TAGS])
    for tag_id in payload["tag_ids"]:
        if tag_id.lower() not in dataset.tags:
            dataset.tags.append(tag_id.lower())
    call.effect()
    return done_204()


@operation("tags.unbind", "POST", "/datasets/tags/unbinding")
def unbind(call: Call) -> Answer:
    payload = check("TagUnbindingPayload", call.json(), (TAG_ID, TARGET))
    dataset = _target(call, payload["target_id"], [_UNBIND, _BIND, _TAGS])
    if not UUID.match(payload["tag_id"]):
        raise internal_error()
    if payload["tag_id"].lower() in dataset.tags:
        dataset.tags.remove(payload["tag_id"].lower())
    call.effect()
    return done_204()


@operation("datasets.tags", "GET", "/datasets/{dataset_id}/tags")
def of_dataset(call: Call) -> Answer:
    dataset = call.dataset("404")
    tags = [call.workspace.tags[tag_id] for tag_id in dataset.tags if tag_id in call.workspace.tags]
    return json_answer({"data": [{"id": tag.id, "name": tag.name} for tag in tags], "total": len(tags)})
