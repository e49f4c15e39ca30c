"""Models of a workspace: none, a provider without credentials, or a stand-in provider with credentials."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..errors import invalid_param
from ..routing import operation
from ..settings import Settings
from ..state import Workspace
from ..wire import Answer, json_answer

STUB_PROVIDER = "langgenius/stub/stub"
STUB_EMBEDDING = "stub-embed"
_ALIASES = {"text-generation": "llm", "embeddings": "text-embedding", "reranking": "rerank"}
_PROPERTIES: dict[str, tuple[str, dict[str, Any]]] = {
    "llm": ("stub-chat", {"mode": "chat", "context_size": 8192}),
    "text-embedding": (STUB_EMBEDDING, {"context_size": 8192, "max_chunks": 10}),
    "rerank": ("stub-rerank", {"context_size": 8192}),
    "tts": (
        "stub-tts",
        {
            "default_voice": "alloy",
            "voices": [{"mode": "alloy", "name": "Alloy", "language": ["en-US", "zh-Hans"]}],
            "word_limit": 3500,
            "audio_type": "mp3",
            "max_workers": 5,
        },
    ),
    "speech2text": ("stub-stt", {"file_upload_limit": 25, "supported_file_extensions": "mp3,mp4,mpeg,mpga,m4a,wav,webm"}),
}


def require_embedding(settings: Settings, model: str | None, provider: str | None) -> tuple[str, str]:
    """The embedding model to use, the default where none is named; a 400 where there is none."""
    if provider and provider != STUB_PROVIDER or provider and settings.models == "none":
        raise invalid_param(f"Provider {provider} does not exist.")
    if settings.models == "none" or (settings.models == "unconfigured" and not provider):
        raise invalid_param("Default model not found for text-embedding")
    model = model or STUB_EMBEDDING
    if settings.models == "unconfigured":
        raise invalid_param(f"Model {model} credentials is not initialized.")
    return model, provider or STUB_PROVIDER


def _label(text: str) -> dict[str, str]:
    return {"zh_Hans": text, "en_US": text}


def _provider(workspace: Workspace, kind: str) -> dict[str, Any]:
    name, properties = _PROPERTIES[kind]
    model = {
        "model": name,
        "label": _label(name),
        "model_type": kind,
        "features": None,
        "fetch_from": "predefined-model",
        "model_properties": properties,
        "deprecated": False,
        "status": "active",
        "load_balancing_enabled": False,
        "has_invalid_load_balancing_configs": False,
    }
    return {
        "tenant_id": workspace.id,
        "provider": STUB_PROVIDER,
        "label": _label("Stub"),
        "icon_small": None,
        "icon_small_dark": None,
        "status": "active",
        "models": [model],
    }


@operation("models.list", "GET", "/workspaces/current/models/model-types/{model_type}")
def list_(call: Call) -> Answer:
    kind = _ALIASES.get(call.params["model_type"], call.params["model_type"])
    if kind not in _PROPERTIES and kind != "moderation":
        raise invalid_param(f"invalid origin model type {kind}")
    known = call.world.settings.models == "stub" and kind in _PROPERTIES
    return json_answer({"data": [_provider(call.workspace, kind)] if known else []})
