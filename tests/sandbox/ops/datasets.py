"""Knowledge bases: create, list, get, update, delete."""

from __future__ import annotations

import copy
import time
from typing import Any

from ..call import Call, looking_first, paginate
from ..errors import Refusal, envelope, internal_error, invalid_param
from ..routing import operation, races
from ..settings import Settings
from ..state import DEFAULT_RETRIEVAL, OWNER_NAME, Dataset, Workspace, new_id
from ..validate import RETRIEVAL_MODEL, Field, check, problem, refuse_nul
from ..wire import Answer, done_204, json_answer
from .models import STUB_PROVIDER, require_embedding

PERMISSIONS = ("only_me", "all_team_members", "partial_members")
TECHNIQUES = ("high_quality", "economy")
CREATE = (
    Field("name", "str", required=True, least=1, most=40),
    Field("description", "str", most=400),
    Field("indexing_technique", null=True, choices=TECHNIQUES),
    Field("permission", null=True, choices=PERMISSIONS, enum=True),
    Field("external_knowledge_api_id", "str", null=True),
    Field("provider", "str"),
    Field("external_knowledge_id", "str", null=True),
    RETRIEVAL_MODEL,
    Field("embedding_model", "str", null=True),
    Field("embedding_model_provider", "str", null=True),
)
UPDATE = (
    Field("name", "str", null=True, least=1, most=40),
    Field("description", "str", null=True, most=400),
    Field("indexing_technique", null=True, choices=TECHNIQUES),
    Field("permission", null=True, choices=PERMISSIONS, enum=True),
    Field("embedding_model", "str", null=True),
    Field("embedding_model_provider", "str", null=True),
    RETRIEVAL_MODEL,
    Field("partial_member_list", "list", null=True),
)


def retrieval_of(dataset: Dataset) -> dict[str, Any]:
    return dataset.retrieval_model or DEFAULT_RETRIEVAL


def _retrieval_dict(model: dict[str, Any]) -> dict[str, Any]:
    reranking = model.get("reranking_model") or {}
    return {
        "search_method": model.get("search_method"),
        "reranking_enable": model.get("reranking_enable"),
        "reranking_mode": model.get("reranking_mode"),
        "reranking_model": {
            "reranking_provider_name": reranking.get("reranking_provider_name"),
            "reranking_model_name": reranking.get("reranking_model_name"),
        },
        "weights": model.get("weights"),
        "top_k": model.get("top_k"),
        "score_threshold_enabled": model.get("score_threshold_enabled"),
        "score_threshold": model.get("score_threshold"),
    }


def _external_retrieval(dataset: Dataset) -> dict[str, Any]:
    if dataset.retrieval_model is None:
        return {"top_k": 2, "score_threshold": 0.0, "score_threshold_enabled": None}
    model = dataset.retrieval_model
    return {
        "top_k": model.get("top_k"),
        "score_threshold": model.get("score_threshold"),
        "score_threshold_enabled": model.get("score_threshold_enabled"),
    }


def render(dataset: Dataset, embedding_available: bool | None) -> dict[str, Any]:
    """A knowledge base as every answer shows it. embedding_available is null in the answers to writes."""
    documents = dataset.documents.values()
    workspace = dataset.workspace
    tags = [workspace.tags[tag_id] for tag_id in dataset.tags if tag_id in workspace.tags]
    creator = "00000000-0000-4000-8000-00000000cafe" if dataset.hidden else workspace.owner
    return {
        "id": dataset.id,
        "name": dataset.name,
        "description": dataset.description,
        "provider": "vendor",
        "permission": dataset.permission,
        "data_source_type": "upload_file" if dataset.rule is not None else None,
        "indexing_technique": dataset.indexing_technique,
        "app_count": 0,
        "document_count": len(documents),
        "word_count": sum(document.word_count or 0 for document in documents),
        "created_by": creator,
        "author_name": None if dataset.hidden else OWNER_NAME,
        "created_at": dataset.created_at,
        "updated_by": creator,
        "updated_at": dataset.updated_at,
        "embedding_model": dataset.embedding_model,
        "embedding_model_provider": dataset.embedding_provider,
        "embedding_available": embedding_available,
        "retrieval_model_dict": _retrieval_dict(retrieval_of(dataset)),
        "summary_index_setting": {"enable": None, "model_name": None, "model_provider_name": None, "summary_prompt": None},
        "tags": [{"id": tag.id, "name": tag.name, "type": tag.type} for tag in tags],
        "doc_form": dataset.doc_form,
        "external_knowledge_info": {
            "external_knowledge_id": None,
            "external_knowledge_api_id": None,
            "external_knowledge_api_name": None,
            "external_knowledge_api_endpoint": None,
        },
        "external_retrieval_model": _external_retrieval(dataset),
        "doc_metadata": [{"id": f.id, "name": f.name, "type": f.type} for f in dataset.fields.values()],
        "built_in_field_enabled": dataset.built_in_fields,
        "pipeline_id": dataset.pipeline_id,
        "runtime_mode": "general" if dataset.pipeline_id is None else "rag_pipeline",
        "chunk_structure": None,
        "icon_info": {"icon_type": None, "icon": None, "icon_background": None, "icon_url": None},
        "is_published": dataset.pipeline_id is not None,
        "total_documents": len(documents),
        "total_available_documents": sum(document.display_status == "available" for document in documents),
        "enable_api": dataset.enable_api,
        "is_multimodal": False,
    }


def _with_members(shown: dict[str, Any], dataset: Dataset) -> dict[str, Any]:
    if dataset.permission == "partial_members":
        shown["partial_member_list"] = dataset.partial_members
    return shown


def _name_is_taken(workspace: Workspace, name: str) -> bool:
    return any(dataset.name == name for dataset in workspace.datasets.values())


def _check_models(settings: Settings, payload: dict[str, Any]) -> None:
    if payload.get("embedding_model_provider"):
        require_embedding(settings, payload.get("embedding_model"), payload["embedding_model_provider"])
    reranking = (payload.get("retrieval_model") or {}).get("reranking_model") or {}
    provider = reranking.get("reranking_provider_name")
    if provider and provider != STUB_PROVIDER:
        raise invalid_param(f"Provider {provider} does not exist.")


def _new_dataset(call: Call) -> dict[str, Any]:
    """The payload of a create, if it may be carried out."""
    payload = check("DatasetCreatePayload", call.json(), CREATE)
    _check_models(call.world.settings, payload)
    if payload.get("provider") == "external":
        raise invalid_param("api template not found")
    refuse_nul(payload["name"])
    refuse_nul(payload.get("description"))
    if _name_is_taken(call.workspace, payload["name"]):
        message = "The dataset name already exists. Please modify your dataset name."
        raise Refusal(envelope(409, "dataset_name_duplicate", message))
    return payload


@operation("datasets.create", "POST", "/datasets", counted=True)
def create(call: Call) -> Answer:
    payload = call.context or _new_dataset(call)
    settings = call.world.settings
    technique = payload.get("indexing_technique")
    model = provider = None
    if technique == "high_quality":
        model, provider = require_embedding(
            settings, payload.get("embedding_model"), payload.get("embedding_model_provider")
        )
    now = int(time.time())
    dataset = Dataset(
        new_id(),
        call.workspace,
        payload["name"],
        now,
        now,
        description=payload.get("description") or "",
        permission=payload.get("permission") or "only_me",
        indexing_technique=technique,
        embedding_model=model,
        embedding_provider=provider,
        retrieval_model=copy.deepcopy(payload.get("retrieval_model")),
        hidden=payload["name"] in settings.hidden_names,
        pipeline_id=new_id() if payload["name"] in settings.pipeline_names else None,
    )
    call.world.state.add_dataset(dataset)
    call.effect()
    return json_answer(render(dataset, None))


races(create, "creates-race", looking_first(_new_dataset))


def _list_problems(call: Call) -> list[str]:
    problems = []
    include_all = call.argument("include_all")
    if include_all is not None and include_all.lower() not in (
        "true",
        "false",
        "1",
        "0",
        "yes",
        "no",
        "on",
        "off",
        "t",
        "f",
        "y",
        "n",
    ):
        words = "Input should be a valid boolean, unable to interpret input"
        problems.append(problem("include_all", words, "bool_parsing", include_all))
    tag_ids = call.argument("tag_ids")
    if tag_ids is not None and call.world.settings.has("tag-filter-400"):
        problems.append(problem("tag_ids", "Input should be a valid list", "list_type", tag_ids))
    return problems


@operation("datasets.list", "GET", "/datasets")
def list_(call: Call) -> Answer:
    page, limit = call.page("DatasetListQuery", _list_problems(call))
    keyword = call.argument("keyword")
    refuse_nul(keyword)
    include_all = (call.argument("include_all") or "").lower() in ("true", "1", "yes", "on", "t", "y")
    wanted = set(call.arguments("tag_ids"))
    found = [
        dataset
        for dataset in reversed(list(call.workspace.datasets.values()))
        if (include_all or not dataset.hidden)
        and (not keyword or keyword.lower() in dataset.name.lower())
        and (not wanted or wanted & set(dataset.tags))
    ]
    part, around = paginate(found, page, limit, call.world.settings.has("has-more-by-length"))
    answer = json_answer({"data": [_with_members(render(dataset, True), dataset) for dataset in part], **around})
    answer.items = len(part)
    return answer


@operation("datasets.get", "GET", "/datasets/{dataset_id}")
def get(call: Call) -> Answer:
    dataset = call.dataset("403")
    return json_answer(_with_members(render(dataset, True), dataset))


@operation("datasets.update", "PATCH", "/datasets/{dataset_id}", counted=True)
def update(call: Call) -> Answer:
    payload = check("DatasetUpdatePayload", call.json(), UPDATE)
    dataset = call.dataset("400")
    settings = call.world.settings
    _check_models(settings, payload)
    name = payload.get("name")
    if name and name != dataset.name and _name_is_taken(call.workspace, name):
        raise invalid_param("Dataset name already exists")
    technique = payload.get("indexing_technique")
    if technique == "high_quality" and dataset.indexing_technique != "high_quality":
        if settings.models != "stub":
            raise internal_error()
        dataset.embedding_model, dataset.embedding_provider = require_embedding(
            settings, payload.get("embedding_model"), payload.get("embedding_model_provider")
        )
    dataset.indexing_technique = technique or dataset.indexing_technique
    dataset.name = name or dataset.name
    if payload.get("description") is not None:
        dataset.description = payload["description"]
    dataset.permission = payload.get("permission") or dataset.permission
    if payload.get("retrieval_model"):
        dataset.retrieval_model = copy.deepcopy(payload["retrieval_model"])
    if payload.get("partial_member_list") is not None:
        dataset.partial_members = [str(m.get("user_id")) for m in payload["partial_member_list"] if isinstance(m, dict)]
    dataset.updated_at = int(time.time())
    call.effect()
    members = dataset.partial_members if dataset.permission == "partial_members" else []
    return json_answer({**render(dataset, None), "partial_member_list": members})


@operation("datasets.delete", "DELETE", "/datasets/{dataset_id}", counted=True)
def delete(call: Call) -> Answer:
    dataset = call.dataset("400")
    call.world.state.remove_dataset(dataset)
    call.effect()
    return done_204()
