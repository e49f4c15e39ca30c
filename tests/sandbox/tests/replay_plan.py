"""What the recorded server had before each file's first exchange, and what happened beside the exchanges.

SEED: data that was there (the recorded ids are kept). STEPS: control calls before an exchange, by its name; "hold" leaves indexing where it is,
while before any other exchange all that is queued is finished, as the recorder waited. SKIPPED: what cannot be replayed, and why.
"""

from __future__ import annotations

from typing import Any

_MAIN = "5cd92fac-41b4-4251-acb2-538a2a3a75b8"
_HQ = "368f2bc2-2a51-4e3a-9572-b55ee6abba8e"
_META = "9184fd74-fe65-4fed-af72-b0ff51626287"
_LOCK = "8095a364-ec9a-4113-a80c-3fb4f3aa004e"
_KEYWORD: dict[str, Any] = {
    "search_method": "keyword_search",
    "reranking_enable": False,
    "reranking_model": {"reranking_provider_name": "", "reranking_model_name": ""},
    "top_k": 3,
    "score_threshold_enabled": False,
}
_PAGE = "Paragraph {0} of page 1. The quick brown fox number 1 jumps over the lazy dog while crawling site section 1. \n\n"
_TEXT = "".join(_PAGE.format(n) for n in range(16))


_FAMILY = "cf3b3c82-d6e7-45bc-b242-f7d0ce14104b"
_PARENTS: dict[str, Any] = {
    "mode": "hierarchical",
    "rules": {
        "segmentation": {"separator": "###PARENT_SECTION###", "max_tokens": 4000},
        "parent_mode": "paragraph",
        "subchunk_segmentation": {"separator": "###CHILD_SECTION###", "max_tokens": 4000},
    },
}
_FAMILY_DOCUMENT: dict[str, Any] = {
    "id": "57eb5109-74d5-4dcf-9eb2-c9a188df5d55",
    "text": "Parent one. ###CHILD_SECTION### child a ###PARENT_SECTION### Parent two.",
    "rule": _PARENTS,
}
_FAMILY_EMPTY: dict[str, Any] = {"id": "7603e120-b928-4b24-915b-14ad6d714afa", "text": "", "rule": _PARENTS}


def _dataset(id_: str, **more: Any) -> dict[str, Any]:
    return {"id": id_, **more}


# Knowledge bases of the kinds that the recorder's server had from before, so that lists show the same types.
_PAST: list[dict[str, Any]] = [
    {
        "id": "00000000-0000-4000-8000-0000000000a1",
        "name": "with a field and a document",
        "fields": [{"id": "00000000-0000-4000-8000-0000000000f1", "name": "author"}],
        "documents": [{"name": "page"}],
    },
    {
        "id": "00000000-0000-4000-8000-0000000000a2",
        "name": "with another model",
        "indexing_technique": None,
        "retrieval_model": {
            "search_method": "keyword_search",
            "reranking_enable": False,
            "top_k": 3,
            "score_threshold_enabled": False,
        },
    },
]
_FULL = {"id": "00000000-0000-4000-8000-0000000000a3", "name": "with a document", "documents": [{"name": "page"}]}

SEED: dict[str, dict[str, Any]] = {
    "datasets": {"fill": 40, "datasets": _PAST},
    "documents": {
        "datasets": [
            _dataset(_MAIN),
            _dataset("d65e97b5-67b1-4b4f-8853-18e1516180c2", indexing_technique=None),
            _dataset("5f70f988-6d68-4db0-9d27-689add17d867", indexing_technique=None),
            _dataset("1ccc1900-5f34-49a1-9805-4762dd918396"),
            _dataset(_HQ, indexing_technique="high_quality"),
        ]
    },
    "indexing_wait": {
        "datasets": [
            _dataset(
                "2b571e8f-7a7c-4b6e-89d2-e4b889d1d153",
                documents=[{"name": f"wait {n}", "text": _TEXT[:1500], "status": "waiting"} for n in range(8)],
            )
        ]
    },
    "segments": {
        "datasets": [
            _dataset(
                "abd992a2-67dc-4a47-a2f5-df3d0256790c",
                documents=[{"id": "1cd1061e-2509-43dc-a25d-6617cccbcfa8", "text": _TEXT * 3, "status": "waiting"}],
            ),
            _dataset(
                "84340811-50a9-424f-9045-f02a5bb526e0",
                doc_form="qa_model",
                documents=[{"id": "2393c14f-3967-4377-9069-46ea2c4756f5", "text": ""}],
            ),
            _dataset(
                _HQ,
                indexing_technique="high_quality",
                documents=[
                    {"id": "b48e7d7e-e0b3-44a4-b587-893c2237cd09", "status": "error", "error": "x"},
                    {"id": "f3e8b2b6-07be-47af-b9f1-7681c79b0b06", "status": "error", "error": "x"},
                ],
            ),
        ]
    },
    "metadata": {"datasets": [_dataset("9184fd74-fe65-4fed-af72-b0ff51626287")]},
    "tags": {"datasets": [_dataset("c799238f-9b8d-4c23-93b9-7df53dcecdc8")]},
    "retrieve": {
        "datasets": [
            _dataset(
                "c0532216-7790-4e87-a407-11fbaf1c29d4",
                retrieval_model=_KEYWORD,
                documents=[
                    {"name": "page 0", "text": _TEXT},
                    {"name": "page 1", "text": _TEXT + "Unique word zebra1 here."},
                ],
            ),
            _dataset("b5c9834a-8a8b-46ec-8099-2a073d62a961", documents=[{"name": "page"}]),
            _dataset("0ad4222c-8275-431f-b0f6-16d210fd2515", retrieval_model=_KEYWORD),
            _dataset(_HQ, indexing_technique="high_quality", documents=[{"name": "page"}]),
        ]
    },
    "paging": {
        "fill": 123,
        "datasets": [
            _dataset(
                "04c3f34d-6321-452d-92cd-c2cc7ef422ea",
                fields=[{"id": "00000000-0000-4000-8000-0000000000f2", "name": "url"}],
                documents=[{"name": f"https example.org page {n}", "metadata": {"url": f"page/{n}"}} for n in range(200)],
            )
        ],
    },
    "visibility": {
        "datasets": [
            _dataset("9b56b168-2a75-461d-b9c7-cb196d612a28", name="somebody elses 071254", hidden=True),
            _dataset(_LOCK, name="rec lock 071255"),
        ]
    },
    "errors": {
        "fill": 25,
        "datasets": [
            _PAST[1],
            _dataset("291b09ef-aa92-45a8-bddd-d29cbdf72c8f", name="Füße ☃ 知識 😀"),
            _dataset(
                "faa7ec26-c339-40ee-a542-990789041bb5",
                name="rec errors 065412",
                documents=[{"id": "3f264824-bf0e-4cb3-8ef0-7fda7b4a9462", "text": _TEXT[:1500]}],
            ),
        ],
    },
    "http": {
        "fill": 25,
        "datasets": [_PAST[1], _FULL, _dataset("9365bf86-b562-4e7c-83d3-575c43607e1c", name="rec http 065421")],
    },
    "billing": {
        "fill": 25,
        "datasets": [
            _PAST[0],
            _dataset(
                "ac2e1376-6a19-421c-8274-7901036faa2e",
                name="rec billing 065954",
                documents=[
                    {"id": "6383ea25-05f7-4b15-b6f1-b3af56c2d7ef", "batch": "20261123065957404443", "name": "billed"}
                ],
            ),
        ],
    },
    "faults": {
        "datasets": [
            _dataset(
                "2f30ba00-7aae-4184-ac1d-3d362b34408a",
                documents=[
                    {
                        "id": "f783eaab-8a20-4798-a89e-eed092a3bd3b",
                        "name": "meta one",
                        "text": _TEXT[:650],
                        "batch": "20261123063506668852",
                    },
                    {"name": "meta two", "metadata": {"author": "Ann"}},
                ],
                fields=[{"id": "00000000-0000-4000-8000-0000000000f3", "name": "author"}],
            ),
            _dataset(_LOCK, name="rec lock 071255", documents=[{"name": f"page {n}"} for n in range(6)]),
        ]
    },
    "absent": {"datasets": [_dataset(_MAIN, documents=[{"id": "07b88b46-0e6b-4f00-bc46-223550de6861"}])]},
    "files": {},
    "audio": {},
    "child_chunks": {
        "datasets": [
            _dataset("fd6b2f6c-547c-4567-8183-b26156a340e1"),
            _dataset(_FAMILY, doc_form="hierarchical_model", documents=[_FAMILY_DOCUMENT]),
            _dataset("0f29a622-a7c6-4a55-83f4-6a21d2f83126", doc_form="hierarchical_model", documents=[_FAMILY_EMPTY]),
        ]
    },
    "models": {},
    "info": {},
}

# The mended server was recorded, but for faults.update_stuck; and there was no model provider at first.
SETTINGS: dict[str, dict[str, Any]] = {
    name: {"models": "none", "vector_store": False, "rate_limit": 0}
    for name in ("datasets", "documents", "metadata", "tags", "retrieve", "models", "segments", "audio", "child_chunks")
}

Step = tuple[str, Any]
HOLD: Step = ("hold", None)


def _fault(answer: Any, **more: Any) -> Step:
    return ("fault", {"answer": answer, **more})


_PLUGIN = _fault("plugin_daemon_down")
_DOWN = _fault("nginx_502")
STEPS: dict[str, list[Step]] = {
    "datasets.create/high_quality_no_credentials": [("settings", {"models": "unconfigured"})],
    "datasets.create/high_quality": [("settings", {"models": "stub"})],
    "datasets.get/api_disabled": [("dataset", ("969eea9e-6b47-4334-89af-dc230be5d99a", {"enable_api": False}))],
    "datasets.delete/other_workspace_key": [("dataset", ("969eea9e-6b47-4334-89af-dc230be5d99a", {"enable_api": True}))],
    "documents.indexing_status/life_splitting": [("advance", "splitting")],
    "documents.indexing_status/life_indexing": [("advance", "indexing")],
    "documents.indexing_status/new_batch": [HOLD],
    "documents.indexing_status/old_batch": [HOLD],
    "documents.create_by_text/same_name": [],
    "documents.update_by_text/while_indexing": [HOLD],
    "documents.status/while_indexing": [
        ("document", (_MAIN, {"id": "fad85871-e8f3-47f8-b131-97ca714dd469", "name": "to delete", "status": "waiting"})),
        HOLD,
    ],
    "documents.delete/while_indexing": [HOLD],
    "documents.delete/ok": [("document", (_MAIN, {"id": "8322e995-5a21-4355-8994-e05fd2ecfe69"}))],
    "documents.create_by_text/high_quality": [("settings", {"models": "stub"})],
    "documents.indexing_status/vector_store_down": [HOLD],
    "documents.list/vector_store_down": [HOLD],
    "documents.create_by_text/high_quality_2": [HOLD],
    "documents.list/poll_0_of_8": [("advance", "indexing")],
    "documents.list/poll_1_of_8": [("advance", "completed")],
    "documents.list/poll_3_of_8": [("advance", "completed"), ("advance", "completed")],
    "documents.list/poll_3_of_8_2": [HOLD],
    "documents.list/poll_4_of_8": [("advance", "completed")],
    "documents.list/poll_4_of_8_2": [HOLD],
    "documents.list/poll_5_of_8": [("advance", "completed")],
    "documents.list/poll_5_of_8_2": [HOLD],
    "documents.list/poll_6_of_8": [("advance", "completed")],
    "documents.list/poll_6_of_8_2": [HOLD],
    "documents.list/poll_7_of_8": [("advance", "completed")],
    "segments.create/before_completion": [HOLD],
    "segments.list/before_completion": [HOLD],
    "segments.create/document_disabled": [
        ("document off", ("abd992a2-67dc-4a47-a2f5-df3d0256790c", "1cd1061e-2509-43dc-a25d-6617cccbcfa8"))
    ],
    "metadata.assign/while_indexing": [
        (
            "document",
            (
                _META,
                {
                    "id": "4af87f9c-1d99-4bba-aa8b-91c1be3651ba",
                    "name": "meta one",
                    "text": _TEXT[:1500],
                    "status": "waiting",
                },
            ),
        ),
        (
            "document",
            (
                _META,
                {
                    "id": "f1787182-4845-426b-af94-af87c7392791",
                    "name": "meta two",
                    "text": _TEXT[:1500],
                    "status": "waiting",
                },
            ),
        ),
        HOLD,
    ],
    "documents.list/after_assign_while_indexing": [HOLD],
    "retrieve/semantic_no_model": [],
    "retrieve/vector_store_down": [("settings", {"models": "stub"})],
    "models.available/llm_no_credentials": [("settings", {"models": "unconfigured"})],
    "models.available/llm": [("settings", {"models": "stub"})],
    "documents.create_by_text/same_name_as_disabled": [("document off by name", (_LOCK, "locked"))],
    "documents.create_by_text/twice_quickly_2": [HOLD],
    "audio.to_text/provider_not_initialize": [("settings", {"models": "unconfigured"})],
    "audio.to_text/ok": [("settings", {"models": "stub"})],
    "child_chunks.delete/vector_store_down": [("settings", {"models": "stub"})],
    "errors.401/workspace_archived": [("workspace", ("other", {"archived": True}))],
    "errors.403/app_abnormal": [("app", ("workflow-apioff", {"normal": False}))],
    "errors.403/dataset_api_disabled": [("dataset", ("faa7ec26-c339-40ee-a542-990789041bb5", {"enable_api": False}))],
    "billing.403/vector_space": [_fault("vector_space_full")],
    "billing.403/documents": [_fault("documents_full")],
    "billing.403/add_segment_sandbox": [_fault("paid_feature")],
    "billing.400/documents_zero": [_fault("documents_limit")],
    "billing.rate/1": [("settings", {"rate_limit": 5})],
    "faults.update_stuck/indexing_status": [("hang", None)],
    "faults.update_stuck/create_same_name": [HOLD],
    "faults.redis_frozen_6s/create_by_text": [("heal", None)],
    "faults.down/get_nginx": [_DOWN],
    "faults.down/create_nginx": [_DOWN],
    "faults.down/large_upload_nginx": [_DOWN],
    "faults.database_down/list": [_fault("database_down")],
    "faults.database_down/create": [_fault("database_down")],
    "faults.plugin_daemon_down/list_datasets": [_PLUGIN],
    "faults.plugin_daemon_down/get_dataset": [_PLUGIN],
    "faults.plugin_daemon_down/models": [_PLUGIN],
}

SKIPPED: dict[str, str] = {
    "http.stream_headers/gunicorn": "recorded without nginx; the stand-in is nginx and gunicorn together",
    "info.index/no_slash": "the recorder sent an empty request target; aiohttp's parser refuses it with another page",
    "errors.method/unknown_method": "aiohttp's parser knows only registered methods: BREW gets nginx's 400 instead of Dify's 405",
    "errors.path/raw_unicode_query": "aiohttp's parser refuses raw UTF-8 in a request line, which nginx passes on",
    "errors.headers/9k_gunicorn": "recorded without nginx; the stand-in is nginx and gunicorn together",
}

# Comparisons that hold only in part, and why.
OTHER_WORDS = {
    "documents.create_by_text/minimal": "the message shows a payload of the server's own making",
    "tags.list/with_binding": "tags of one second come in the order of their ids",
}
FEWER_TYPES = {
    "datasets.list/page_1_of_2": "knowledge bases of one second come in the order of their ids; here strictly newest first",
    "datasets.list/page_2_of_2": "as before",
    "documents.list/vector_store_down_2": "the recorder's first document was still waiting when the second had failed",
    "errors.path/encoded_slash": "the recorder's documents were still being indexed",
    "billing.counts/list_documents": "the recorder set the document's state by hand in the database",
    "billing.counts/indexing_status": "as before",
    "billing.counts/update_by_text": "as before",
    "billing.rate/get_while_limited": "as before",
}
