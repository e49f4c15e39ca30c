"""Made by proto/gen.py from proto/difypool.toml. Do not edit: change the definition and run it.

Loaded when a group is first used, so that importing difypool stays quick. Arguments that are None are not sent; to send
null, use ``client.call``.
"""

# ruff: noqa: A001, A002, A003
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from typing import Any, Literal

    from typing_extensions import Unpack

    from .aio import AsyncClient as _Caller
    from ._options import CallOptions
    from .reply import Reply


class Apps:
    """Operations of the group ``apps``."""

    __slots__ = ("_client",)

    def __init__(self, client: _Caller) -> None:
        self._client = client

    async def info(
        self,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Get App Info. **Available for**: Chatflow, Workflow, New Agent, Chatbot, Agent, Text Generator apps. Returns
        basic information about the app: name, description, tags, mode, and author.

        Dify route: ``GET /info``. A read: repeated at will.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("apps.info", {}, options)

    async def parameters(
        self,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Get App Parameters. **Available for**: Chatflow, Workflow, New Agent, Chatbot, Agent, Text Generator apps.

        Dify route: ``GET /parameters``. A read: repeated at will.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("apps.parameters", {}, options)

    async def meta(
        self,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Get App Meta. **Available for**: Chatflow, Workflow, New Agent, Chatbot, Agent, Text Generator apps. Returns
        the display icons for the tools this app uses, keyed by tool name.

        Dify route: ``GET /meta``. A read: repeated at will.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("apps.meta", {}, options)

    async def site(
        self,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Get App WebApp Settings. **Available for**: Chatflow, Workflow, New Agent, Chatbot, Agent, Text Generator
        apps. Returns the branding and display settings for the app's hosted WebApp, such as its title, icon, theme
        colors, and default language.

        Dify route: ``GET /site``. A read: repeated at will.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("apps.site", {}, options)


class ChildChunks:
    """Operations of the group ``child_chunks``."""

    __slots__ = ("_client",)

    def __init__(self, client: _Caller) -> None:
        self._client = client

    async def create(
        self,
        *,
        dataset_id: str,
        document_id: str,
        segment_id: str,
        content: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Create Child Chunk. Create a child chunk under a parent chunk. Intended for documents that use the parent-
        child (`hierarchical_model`) chunking mode.

        Dify route: ``POST /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks``. A write: never repeated once a byte may have reached the server.

        Args:
            dataset_id: Knowledge base ID. Obtain it from List Knowledge Bases.
            document_id: Document ID. Obtain it from List Documents.
            segment_id: Parent chunk ID. Obtain it from List Chunks.
            content: Child chunk text content.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("child_chunks.create", {
            "dataset_id": dataset_id,
            "document_id": document_id,
            "segment_id": segment_id,
            "content": content,
        }, options)

    async def list(
        self,
        *,
        dataset_id: str,
        document_id: str,
        segment_id: str,
        page: int | None = None,
        limit: int | None = None,
        keyword: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """List Child Chunks. Returns a paginated list of child chunks under a specific parent chunk.

        Dify route: ``GET /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks``. A read: repeated at will.

        Args:
            dataset_id: Knowledge base ID. Obtain it from List Knowledge Bases.
            document_id: Document ID. Obtain it from List Documents.
            segment_id: Parent chunk ID. Obtain it from List Chunks.
            page: Page number. 1... Server's default: 1.
            limit: Number of items per page. Server caps at `100`. 1... Server's default: 20.
            keyword: Search keyword.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("child_chunks.list", {
            "dataset_id": dataset_id,
            "document_id": document_id,
            "segment_id": segment_id,
            "page": page,
            "limit": limit,
            "keyword": keyword,
        }, options)

    def iter(
        self,
        *,
        dataset_id: str,
        document_id: str,
        segment_id: str,
        keyword: str | None = None,
        **options: Unpack[CallOptions],
    ) -> AsyncIterator[dict[str, Any]]:
        """All entries of :meth:`list`, newest first: pages of 100, by ``total``, repeats dropped by id."""
        args = {
            "dataset_id": dataset_id,
            "document_id": document_id,
            "segment_id": segment_id,
            "keyword": keyword,
        }
        return self._client._pages("child_chunks.list", args, options)

    async def update(
        self,
        *,
        dataset_id: str,
        document_id: str,
        segment_id: str,
        child_chunk_id: str,
        content: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Update Child Chunk. Update the content of an existing child chunk.

        Dify route: ``PATCH /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks/{child_chunk_id}``. A write: never repeated blindly; a repeat looks first whether it happened.

        Args:
            dataset_id: Knowledge base ID. Obtain it from List Knowledge Bases.
            document_id: Document ID. Obtain it from List Documents.
            segment_id: Parent chunk ID. Obtain it from List Chunks.
            child_chunk_id: Child chunk ID.
            content: Child chunk text content.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("child_chunks.update", {
            "dataset_id": dataset_id,
            "document_id": document_id,
            "segment_id": segment_id,
            "child_chunk_id": child_chunk_id,
            "content": content,
        }, options)

    async def delete(
        self,
        *,
        dataset_id: str,
        document_id: str,
        segment_id: str,
        child_chunk_id: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Delete Child Chunk. Permanently delete a child chunk from its parent chunk.

        Dify route: ``DELETE /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks/{child_chunk_id}``. A write: never repeated blindly; a repeat looks first whether it happened.

        Args:
            dataset_id: Knowledge base ID. Obtain it from List Knowledge Bases.
            document_id: Document ID. Obtain it from List Documents.
            segment_id: Parent chunk ID. Obtain it from List Chunks.
            child_chunk_id: Child chunk ID.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("child_chunks.delete", {
            "dataset_id": dataset_id,
            "document_id": document_id,
            "segment_id": segment_id,
            "child_chunk_id": child_chunk_id,
        }, options)


class Datasets:
    """Operations of the group ``datasets``."""

    __slots__ = ("_client",)

    def __init__(self, client: _Caller) -> None:
        self._client = client

    async def list(
        self,
        *,
        page: int | None = None,
        limit: int | None = None,
        keyword: str | None = None,
        include_all: bool | None = None,
        tag_ids: Sequence[Any] | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """List Knowledge Bases. Returns a paginated list of knowledge bases, optionally filtered by keyword or tags.

        Dify route: ``GET /datasets``. A read: repeated at will.

        Args:
            page: Page number. Server's default: 1.
            limit: Number of items per page. Server's default: 20.
            keyword: Search keyword to filter by name.
            include_all: Whether to include all knowledge bases regardless of permissions. Server's default: False.
            tag_ids: Tag IDs to filter by. Get tag IDs from List Knowledge Type Tags.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("datasets.list", {
            "page": page,
            "limit": limit,
            "keyword": keyword,
            "include_all": include_all,
            "tag_ids": tag_ids,
        }, options)

    def iter(
        self,
        *,
        keyword: str | None = None,
        include_all: bool | None = None,
        tag_ids: Sequence[Any] | None = None,
        **options: Unpack[CallOptions],
    ) -> AsyncIterator[dict[str, Any]]:
        """All entries of :meth:`list`, newest first: pages of 100, by ``total``, repeats dropped by id."""
        args = {
            "keyword": keyword,
            "include_all": include_all,
            "tag_ids": tag_ids,
        }
        return self._client._pages("datasets.list", args, options)

    async def create(
        self,
        *,
        name: str,
        description: str | None = None,
        indexing_technique: Literal["high_quality", "economy"] | None = None,
        permission: Literal["only_me", "all_team_members", "partial_members"] | None = None,
        provider: Literal["vendor", "external"] | None = None,
        embedding_model: str | None = None,
        embedding_model_provider: str | None = None,
        retrieval_model: Mapping[str, Any] | None = None,
        external_knowledge_api_id: str | None = None,
        external_knowledge_id: str | None = None,
        summary_index_setting: Mapping[str, Any] | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Create an Empty Knowledge Base. Creates an empty knowledge base. Add documents to it with Create Document by
        Text or Create Document by File.

        Dify route: ``POST /datasets``. A write: never repeated blindly; a repeat looks first whether it happened.

        Args:
            name: Name of the knowledge base. 1..40 characters.
            description: Description of the knowledge base. ..400 characters.
            indexing_technique: `high_quality` uses embedding models for precise search; `economy` uses keyword-based
                indexing.
            permission: Controls who can access this knowledge base. `only_me` restricts to the creator,
                `all_team_members` grants access to the entire workspace, `partial_members` grants access to specified
                members. Server's default: 'only_me'.
            provider: `vendor` for internal knowledge base, `external` for external knowledge base. Server's default:
                'vendor'.
            embedding_model: Embedding model name. Use the `model` field from Get Available Models with
                `model_type=text-embedding`.
            embedding_model_provider: Embedding model provider identifier, formatted as
                `organization/plugin_name/provider_name` (e.g.
            retrieval_model: Retrieval model configuration. Controls how chunks are searched and ranked when querying
                this knowledge base.
            external_knowledge_api_id: ID of the external knowledge API connection.
            external_knowledge_id: ID of the external knowledge base.
            summary_index_setting: Summary index configuration.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("datasets.create", {
            "name": name,
            "description": description,
            "indexing_technique": indexing_technique,
            "permission": permission,
            "provider": provider,
            "embedding_model": embedding_model,
            "embedding_model_provider": embedding_model_provider,
            "retrieval_model": retrieval_model,
            "external_knowledge_api_id": external_knowledge_api_id,
            "external_knowledge_id": external_knowledge_id,
            "summary_index_setting": summary_index_setting,
        }, options)

    async def get(
        self,
        *,
        dataset_id: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Get Knowledge Base. Returns detailed information about a knowledge base, including its embedding model,
        retrieval configuration, and document statistics.

        Dify route: ``GET /datasets/{dataset_id}``. A read: repeated at will.

        Args:
            dataset_id: Knowledge base ID, from List Knowledge Bases.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("datasets.get", {
            "dataset_id": dataset_id,
        }, options)

    async def update(
        self,
        *,
        dataset_id: str,
        name: str | None = None,
        description: str | None = None,
        indexing_technique: Literal["high_quality", "economy"] | None = None,
        permission: Literal["only_me", "all_team_members", "partial_members"] | None = None,
        embedding_model: str | None = None,
        embedding_model_provider: str | None = None,
        retrieval_model: Mapping[str, Any] | None = None,
        partial_member_list: Sequence[Any] | None = None,
        external_retrieval_model: Mapping[str, Any] | None = None,
        external_knowledge_id: str | None = None,
        external_knowledge_api_id: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Update Knowledge Base. Updates a knowledge base. Only the fields included in the request body are changed.

        Dify route: ``PATCH /datasets/{dataset_id}``. A write: never repeated blindly; a repeat looks first whether it happened.

        Args:
            dataset_id: Knowledge base ID, from List Knowledge Bases.
            name: Name of the knowledge base. 1..40 characters.
            description: Description of the knowledge base. ..400 characters.
            indexing_technique: `high_quality` uses embedding models for precise search; `economy` uses keyword-based
                indexing.
            permission: Controls who can access this knowledge base. `only_me` restricts to the creator,
                `all_team_members` grants access to the entire workspace, `partial_members` grants access to specified
                members.
            embedding_model: Embedding model name. Use the `model` field from Get Available Models with
                `model_type=text-embedding`.
            embedding_model_provider: Embedding model provider identifier, formatted as
                `organization/plugin_name/provider_name` (e.g.
            retrieval_model: Retrieval model configuration. Controls how chunks are searched and ranked when querying
                this knowledge base.
            partial_member_list: List of team members with access when `permission` is `partial_members`.
            external_retrieval_model: Retrieval settings for external knowledge bases.
            external_knowledge_id: ID of the external knowledge base.
            external_knowledge_api_id: ID of the external knowledge API connection.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("datasets.update", {
            "dataset_id": dataset_id,
            "name": name,
            "description": description,
            "indexing_technique": indexing_technique,
            "permission": permission,
            "embedding_model": embedding_model,
            "embedding_model_provider": embedding_model_provider,
            "retrieval_model": retrieval_model,
            "partial_member_list": partial_member_list,
            "external_retrieval_model": external_retrieval_model,
            "external_knowledge_id": external_knowledge_id,
            "external_knowledge_api_id": external_knowledge_api_id,
        }, options)

    async def delete(
        self,
        *,
        dataset_id: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Delete Knowledge Base. Permanently deletes a knowledge base and all of its documents.

        Dify route: ``DELETE /datasets/{dataset_id}``. A write: never repeated blindly; a repeat looks first whether it happened.

        Args:
            dataset_id: Knowledge base ID, from List Knowledge Bases.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("datasets.delete", {
            "dataset_id": dataset_id,
        }, options)

    async def retrieve(
        self,
        *,
        dataset_id: str,
        query: str,
        retrieval_model: Mapping[str, Any] | None = None,
        attachment_ids: Sequence[Any] | None = None,
        external_retrieval_model: Mapping[str, Any] | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Retrieve Chunks from a Knowledge Base / Test Retrieval. Searches a knowledge base and returns the chunks most
        relevant to the query, for both production retrieval and test retrieval.

        Dify route: ``POST /datasets/{dataset_id}/retrieve``. A read: repeated at will.
        Server versions <=1.12.1: A retrieval_model without its switches is a 500 that names the missing one; filled
        in from the knowledge base.

        Args:
            dataset_id: Knowledge base ID, from List Knowledge Bases.
            query: Search query text. ..250 characters.
            retrieval_model: Retrieval model configuration. Controls how chunks are searched and ranked when querying
                this knowledge base.
            attachment_ids: List of attachment IDs to include in the retrieval context.
            external_retrieval_model: Retrieval settings for external knowledge bases.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("datasets.retrieve", {
            "dataset_id": dataset_id,
            "query": query,
            "retrieval_model": retrieval_model,
            "attachment_ids": attachment_ids,
            "external_retrieval_model": external_retrieval_model,
        }, options)

    async def tags(
        self,
        *,
        dataset_id: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Get Knowledge Base Tags. Returns the tags bound to a knowledge base.

        Dify route: ``GET /datasets/{dataset_id}/tags``. A read: repeated at will.

        Args:
            dataset_id: Knowledge base ID. See List Knowledge Bases.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("datasets.tags", {
            "dataset_id": dataset_id,
        }, options)


class Documents:
    """Operations of the group ``documents``."""

    __slots__ = ("_client",)

    def __init__(self, client: _Caller) -> None:
        self._client = client

    async def create_by_text(
        self,
        *,
        dataset_id: str,
        name: str,
        text: str,
        indexing_technique: Literal["high_quality", "economy"] | None = None,
        doc_form: Literal["text_model", "hierarchical_model", "qa_model"] | None = None,
        doc_language: str | None = None,
        process_rule: Mapping[str, Any] | None = None,
        retrieval_model: Mapping[str, Any] | None = None,
        embedding_model: str | None = None,
        embedding_model_provider: str | None = None,
        original_document_id: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Create Document by Text. Creates a document in a knowledge base from raw text. Indexing runs asynchronously;
        track it with the returned `batch` ID via Get Document Indexing Status.

        Dify route: ``POST /datasets/{dataset_id}/document/create-by-text``. A write: never repeated blindly; a repeat looks first whether it happened.
        Server versions <=1.12.1: indexing_technique must be in every create, also where the knowledge base has one;
        filled in from there.

        Args:
            dataset_id: Knowledge base ID. From List Knowledge Bases.
            name: Document name.
            text: Document text content.
            indexing_technique: Required when adding the first document to a knowledge base.
            doc_form: `text_model` for standard text chunking, `hierarchical_model` for parent-child chunk structure,
                `qa_model` for question-answer pair extraction. Server's default: 'text_model'.
            doc_language: Language of the document for processing optimization. Server's default: 'English'.
            process_rule: Processing rules for chunking.
            retrieval_model: Controls how chunks are searched and ranked when querying this knowledge base.
            embedding_model: Embedding model name. Use the `model` field from Get Available Models with
                `model_type=text-embedding`.
            embedding_model_provider: Embedding model provider. Use the `provider` field from Get Available Models
                with `model_type=text-embedding`.
            original_document_id: Original document ID for versioning. Get it from List Documents.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("documents.create_by_text", {
            "dataset_id": dataset_id,
            "name": name,
            "text": text,
            "indexing_technique": indexing_technique,
            "doc_form": doc_form,
            "doc_language": doc_language,
            "process_rule": process_rule,
            "retrieval_model": retrieval_model,
            "embedding_model": embedding_model,
            "embedding_model_provider": embedding_model_provider,
            "original_document_id": original_document_id,
        }, options)

    async def update_by_text(
        self,
        *,
        dataset_id: str,
        document_id: str,
        name: str | None = None,
        text: str | None = None,
        process_rule: Mapping[str, Any] | None = None,
        doc_form: Literal["text_model", "hierarchical_model", "qa_model"] | None = None,
        doc_language: str | None = None,
        retrieval_model: Mapping[str, Any] | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Update Document by Text. Updates a document's text content, name, or processing configuration. Re-indexes the
        document when its text changes.

        Dify route: ``POST /datasets/{dataset_id}/documents/{document_id}/update-by-text``. A write: never repeated blindly; a repeat looks first whether it happened.
        Server versions <=1.12.1: The indexing worker hangs for good; every later document stays `waiting` until it is
        restarted. Carried out as a create by the same name where that is safe, else refused.

        Args:
            dataset_id: Knowledge base ID. From List Knowledge Bases.
            document_id: Document ID. From List Documents.
            name: Document name. Required when `text` is provided.
            text: Document text content.
            process_rule: Processing rules for chunking.
            doc_form: `text_model` for standard text chunking, `hierarchical_model` for parent-child chunk structure,
                `qa_model` for question-answer pair extraction. Server's default: 'text_model'.
            doc_language: Language of the document for processing optimization. Server's default: 'English'.
            retrieval_model: Controls how chunks are searched and ranked when querying this knowledge base.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("documents.update_by_text", {
            "dataset_id": dataset_id,
            "document_id": document_id,
            "name": name,
            "text": text,
            "process_rule": process_rule,
            "doc_form": doc_form,
            "doc_language": doc_language,
            "retrieval_model": retrieval_model,
        }, options)

    async def list(
        self,
        *,
        dataset_id: str,
        page: int | None = None,
        limit: int | None = None,
        keyword: str | None = None,
        status: Literal["queuing", "indexing", "paused", "error", "available", "disabled", "archived"] | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """List Documents. Returns a paginated list of documents in a knowledge base.

        Dify route: ``GET /datasets/{dataset_id}/documents``. A read: repeated at will.

        Args:
            dataset_id: Knowledge base ID. From List Knowledge Bases.
            page: Page number. Server's default: 1.
            limit: Number of items per page. Server caps at `100`. Server's default: 20.
            keyword: Search keyword to filter by document name.
            status: Filter by display status.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("documents.list", {
            "dataset_id": dataset_id,
            "page": page,
            "limit": limit,
            "keyword": keyword,
            "status": status,
        }, options)

    def iter(
        self,
        *,
        dataset_id: str,
        keyword: str | None = None,
        status: Literal["queuing", "indexing", "paused", "error", "available", "disabled", "archived"] | None = None,
        **options: Unpack[CallOptions],
    ) -> AsyncIterator[dict[str, Any]]:
        """All entries of :meth:`list`, newest first: pages of 100, by ``total``, repeats dropped by id."""
        args = {
            "dataset_id": dataset_id,
            "keyword": keyword,
            "status": status,
        }
        return self._client._pages("documents.list", args, options)

    async def get(
        self,
        *,
        dataset_id: str,
        document_id: str,
        metadata: Literal["all", "only", "without"] | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Get Document. Returns detailed information for a single document.

        Dify route: ``GET /datasets/{dataset_id}/documents/{document_id}``. A read: repeated at will.

        Args:
            dataset_id: Knowledge base ID. From List Knowledge Bases.
            document_id: Document ID. From List Documents.
            metadata: `all` returns all fields including metadata. `only` returns only `id`, `doc_type`, and
                `doc_metadata`. `without` returns all fields except `doc_metadata`. Server's default: 'all'.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("documents.get", {
            "dataset_id": dataset_id,
            "document_id": document_id,
            "metadata": metadata,
        }, options)

    async def delete(
        self,
        *,
        dataset_id: str,
        document_id: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Delete Document. Permanently deletes a document and all its chunks from the knowledge base.

        Dify route: ``DELETE /datasets/{dataset_id}/documents/{document_id}``. A write: never repeated blindly; a repeat looks first whether it happened.

        Args:
            dataset_id: Knowledge base ID. From List Knowledge Bases.
            document_id: Document ID. From List Documents.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("documents.delete", {
            "dataset_id": dataset_id,
            "document_id": document_id,
        }, options)

    async def indexing_status(
        self,
        *,
        dataset_id: str,
        batch: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Get Document Indexing Status. Returns indexing progress for every document in a batch: the current stage and
        chunk completion counts.

        Dify route: ``GET /datasets/{dataset_id}/documents/{batch}/indexing-status``. A read: repeated at will.

        Args:
            dataset_id: Knowledge base ID. From List Knowledge Bases.
            batch: Batch ID returned when you create or update a document.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("documents.indexing_status", {
            "dataset_id": dataset_id,
            "batch": batch,
        }, options)

    async def update_status(
        self,
        *,
        dataset_id: str,
        action: Literal["enable", "disable", "archive", "un_archive"],
        document_ids: Sequence[Any],
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Update Document Status in Batch. Enables, disables, archives, or unarchives multiple documents in one request.

        Dify route: ``PATCH /datasets/{dataset_id}/documents/status/{action}``. A write: never repeated blindly; a repeat looks first whether it happened.

        Args:
            dataset_id: Knowledge base ID. From List Knowledge Bases.
            action: `enable` activates documents for retrieval, `disable` deactivates them, `archive` moves them to
                the archive, `un_archive` restores them from the archive.
            document_ids: Document IDs to update. Get them from List Documents.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("documents.update_status", {
            "dataset_id": dataset_id,
            "action": action,
            "document_ids": document_ids,
        }, options)


class Metadata:
    """Operations of the group ``metadata``."""

    __slots__ = ("_client",)

    def __init__(self, client: _Caller) -> None:
        self._client = client

    async def list(
        self,
        *,
        dataset_id: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """List Metadata Fields. Returns all metadata fields for the knowledge base, both custom and built-in, with the
        count of documents using each field.

        Dify route: ``GET /datasets/{dataset_id}/metadata``. A read: repeated at will.

        Args:
            dataset_id: Knowledge base ID. See List Knowledge Bases.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("metadata.list", {
            "dataset_id": dataset_id,
        }, options)

    async def create(
        self,
        *,
        dataset_id: str,
        type: Literal["string", "number", "time"],
        name: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Create Metadata Field. Create a custom metadata field for annotating documents in the knowledge base with
        structured information.

        Dify route: ``POST /datasets/{dataset_id}/metadata``. A write: never repeated blindly; a repeat looks first whether it happened.

        Args:
            dataset_id: Knowledge base ID. See List Knowledge Bases.
            type: `string` for text values, `number` for numeric values, `time` for date/time values.
            name: Name for the metadata field. Must be unique among the knowledge base's fields and at most 255
                characters.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("metadata.create", {
            "dataset_id": dataset_id,
            "type": type,
            "name": name,
        }, options)

    async def update(
        self,
        *,
        dataset_id: str,
        metadata_id: str,
        name: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Update Metadata Field. Rename a custom metadata field.

        Dify route: ``PATCH /datasets/{dataset_id}/metadata/{metadata_id}``. A write: never repeated blindly; a repeat looks first whether it happened.

        Args:
            dataset_id: Knowledge base ID. See List Knowledge Bases.
            metadata_id: ID of the metadata field to rename. See List Metadata Fields.
            name: New name for the field. Must be unique among the knowledge base's fields and at most 255 characters.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("metadata.update", {
            "dataset_id": dataset_id,
            "metadata_id": metadata_id,
            "name": name,
        }, options)

    async def delete(
        self,
        *,
        dataset_id: str,
        metadata_id: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Delete Metadata Field. Permanently delete a custom metadata field. Documents that used the field lose their
        values for it.

        Dify route: ``DELETE /datasets/{dataset_id}/metadata/{metadata_id}``. A write: never repeated blindly; a repeat looks first whether it happened.

        Args:
            dataset_id: Knowledge base ID. See List Knowledge Bases.
            metadata_id: ID of the metadata field to delete. See List Metadata Fields.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("metadata.delete", {
            "dataset_id": dataset_id,
            "metadata_id": metadata_id,
        }, options)

    async def built_in(
        self,
        *,
        dataset_id: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Get Built-in Metadata Fields. Returns the built-in metadata fields provided by the system.

        Dify route: ``GET /datasets/{dataset_id}/metadata/built-in``. A read: repeated at will.

        Args:
            dataset_id: Knowledge base ID. See List Knowledge Bases.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("metadata.built_in", {
            "dataset_id": dataset_id,
        }, options)

    async def toggle_built_in(
        self,
        *,
        dataset_id: str,
        action: Literal["enable", "disable"],
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Update Built-in Metadata Field. Enable or disable built-in metadata fields for the knowledge base.

        Dify route: ``POST /datasets/{dataset_id}/metadata/built-in/{action}``. A write: never repeated blindly; a repeat looks first whether it happened.

        Args:
            dataset_id: Knowledge base ID. See List Knowledge Bases.
            action: `enable` to activate built-in metadata fields, `disable` to deactivate them.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("metadata.toggle_built_in", {
            "dataset_id": dataset_id,
            "action": action,
        }, options)

    async def assign(
        self,
        *,
        dataset_id: str,
        operation_data: Sequence[Any],
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Update Document Metadata in Batch. Update metadata values for multiple documents in a single request.

        Dify route: ``POST /datasets/{dataset_id}/documents/metadata``. A write: never repeated blindly; a repeat looks first whether it happened.

        Args:
            dataset_id: Knowledge base ID. See List Knowledge Bases.
            operation_data: Document metadata update operations, one entry per document.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("metadata.assign", {
            "dataset_id": dataset_id,
            "operation_data": operation_data,
        }, options)


class Models:
    """Operations of the group ``models``."""

    __slots__ = ("_client",)

    def __init__(self, client: _Caller) -> None:
        self._client = client

    async def list(
        self,
        *,
        model_type: Literal["text-embedding", "rerank", "llm", "tts", "speech2text", "moderation"],
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Get Available Models. Returns the available models of a given type. Use it to find the `text-embedding` and
        `rerank` models to configure on a knowledge base.

        Dify route: ``GET /workspaces/current/models/model-types/{model_type}``. A read: repeated at will.

        Args:
            model_type: Type of model to retrieve. For knowledge base configuration, use `text-embedding` for
                embedding models or `rerank` for reranking models.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("models.list", {
            "model_type": model_type,
        }, options)


class Segments:
    """Operations of the group ``segments``."""

    __slots__ = ("_client",)

    def __init__(self, client: _Caller) -> None:
        self._client = client

    async def create(
        self,
        *,
        dataset_id: str,
        document_id: str,
        segments: Sequence[Any],
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Create Chunks. Create one or more chunks within a document.

        Dify route: ``POST /datasets/{dataset_id}/documents/{document_id}/segments``. A write: never repeated once a byte may have reached the server.

        Args:
            dataset_id: Knowledge base ID. Obtain it from List Knowledge Bases.
            document_id: Document ID. Obtain it from List Documents.
            segments: Array of chunk objects to create.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("segments.create", {
            "dataset_id": dataset_id,
            "document_id": document_id,
            "segments": segments,
        }, options)

    async def list(
        self,
        *,
        dataset_id: str,
        document_id: str,
        page: int | None = None,
        limit: int | None = None,
        status: Sequence[Any] | None = None,
        keyword: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """List Chunks. Returns a paginated list of chunks within a document, optionally filtered by keyword or indexing
        status.

        Dify route: ``GET /datasets/{dataset_id}/documents/{document_id}/segments``. A read: repeated at will.

        Args:
            dataset_id: Knowledge base ID. Obtain it from List Knowledge Bases.
            document_id: Document ID. Obtain it from List Documents.
            page: Page number. 1... Server's default: 1.
            limit: Number of items per page. Server caps at `100`. 1... Server's default: 20.
            status: Filter chunks by indexing status, e.g. `completed`, `indexing`, `error`.
            keyword: Search keyword.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("segments.list", {
            "dataset_id": dataset_id,
            "document_id": document_id,
            "page": page,
            "limit": limit,
            "status": status,
            "keyword": keyword,
        }, options)

    def iter(
        self,
        *,
        dataset_id: str,
        document_id: str,
        status: Sequence[Any] | None = None,
        keyword: str | None = None,
        **options: Unpack[CallOptions],
    ) -> AsyncIterator[dict[str, Any]]:
        """All entries of :meth:`list`, newest first: pages of 100, by ``total``, repeats dropped by id."""
        args = {
            "dataset_id": dataset_id,
            "document_id": document_id,
            "status": status,
            "keyword": keyword,
        }
        return self._client._pages("segments.list", args, options)

    async def get(
        self,
        *,
        dataset_id: str,
        document_id: str,
        segment_id: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Get Chunk. Retrieve the full details of a single chunk.

        Dify route: ``GET /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}``. A read: repeated at will.

        Args:
            dataset_id: Knowledge base ID. Obtain it from List Knowledge Bases.
            document_id: Document ID. Obtain it from List Documents.
            segment_id: Chunk ID. Obtain it from List Chunks.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("segments.get", {
            "dataset_id": dataset_id,
            "document_id": document_id,
            "segment_id": segment_id,
        }, options)

    async def update(
        self,
        *,
        dataset_id: str,
        document_id: str,
        segment_id: str,
        segment: Mapping[str, Any],
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Update Chunk. Update a chunk's fields. The update re-triggers indexing for that chunk.

        Dify route: ``POST /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}``. A write: never repeated blindly; a repeat looks first whether it happened.

        Args:
            dataset_id: Knowledge base ID. Obtain it from List Knowledge Bases.
            document_id: Document ID. Obtain it from List Documents.
            segment_id: Chunk ID. Obtain it from List Chunks.
            segment: Chunk data to update.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("segments.update", {
            "dataset_id": dataset_id,
            "document_id": document_id,
            "segment_id": segment_id,
            "segment": segment,
        }, options)

    async def delete(
        self,
        *,
        dataset_id: str,
        document_id: str,
        segment_id: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Delete Chunk. Permanently delete a chunk from the document.

        Dify route: ``DELETE /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}``. A write: never repeated blindly; a repeat looks first whether it happened.

        Args:
            dataset_id: Knowledge base ID. Obtain it from List Knowledge Bases.
            document_id: Document ID. Obtain it from List Documents.
            segment_id: Chunk ID. Obtain it from List Chunks.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("segments.delete", {
            "dataset_id": dataset_id,
            "document_id": document_id,
            "segment_id": segment_id,
        }, options)


class Tags:
    """Operations of the group ``tags``."""

    __slots__ = ("_client",)

    def __init__(self, client: _Caller) -> None:
        self._client = client

    async def create(
        self,
        *,
        name: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Create Knowledge Tag. Create a tag for organizing knowledge bases.

        Dify route: ``POST /datasets/tags``. A write: never repeated blindly; a repeat looks first whether it happened.
        Server versions <=1.12.1: The tag is created, and the answer is a 400 of the server's own validation.

        Args:
            name: Tag name. Must be unique within the workspace. 1..50 characters.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("tags.create", {
            "name": name,
        }, options)

    async def list(
        self,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """List Knowledge Tags. Returns all knowledge base tags in the workspace.

        Dify route: ``GET /datasets/tags``. A read: repeated at will.
        Server versions <=1.12.1: 400 as soon as one tag exists.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("tags.list", {}, options)

    async def update(
        self,
        *,
        tag_id: str,
        name: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Update Knowledge Tag. Rename a knowledge base tag.

        Dify route: ``PATCH /datasets/tags``. A write: never repeated blindly; a repeat looks first whether it happened.
        Server versions <=1.12.1: The tag is renamed, and the answer is a 400 of the server's own validation.

        Args:
            tag_id: ID of the tag to rename. See List Knowledge Type Tags.
            name: New name for the tag. Must be unique within the workspace. 1..50 characters.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("tags.update", {
            "tag_id": tag_id,
            "name": name,
        }, options)

    async def delete(
        self,
        *,
        tag_id: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Delete Knowledge Tag. Permanently delete a knowledge base tag. Does not delete the knowledge bases that were
        tagged.

        Dify route: ``DELETE /datasets/tags``. A write: never repeated blindly; a repeat looks first whether it happened.

        Args:
            tag_id: ID of the tag to delete. See List Knowledge Type Tags.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("tags.delete", {
            "tag_id": tag_id,
        }, options)

    async def bind(
        self,
        *,
        tag_ids: Sequence[Any],
        target_id: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Create Tag Binding. Bind one or more tags to a knowledge base. A knowledge base can have multiple tags.

        Dify route: ``POST /datasets/tags/binding``. A write: never repeated blindly; a repeat looks first whether it happened.

        Args:
            tag_ids: IDs of the tags to bind. See List Knowledge Type Tags. Unknown tag IDs are silently ignored.
            target_id: Knowledge base to bind the tags to. See List Knowledge Bases.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("tags.bind", {
            "tag_ids": tag_ids,
            "target_id": target_id,
        }, options)

    async def unbind(
        self,
        *,
        target_id: str,
        tag_ids: Sequence[Any] | None = None,
        tag_id: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Delete Tag Binding. Remove one or more tags from a knowledge base.

        Dify route: ``POST /datasets/tags/unbinding``. A write: never repeated blindly; a repeat looks first whether it happened.

        Args:
            tag_ids: Tag IDs to unbind. Required unless the legacy `tag_id` is provided. See List Knowledge Type Tags.
            tag_id: Legacy single-tag form. Normalized into `tag_ids` server-side. Use `tag_ids` for new integrations.
            target_id: Knowledge base to unbind the tags from. See List Knowledge Bases.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking.

        Raises:
            difypool.Error: a subclass named after the kind of failure.
        """
        return await self._client._method("tags.unbind", {
            "tag_ids": tag_ids,
            "tag_id": tag_id,
            "target_id": target_id,
        }, options)


GROUPS = {
    "apps": Apps,
    "child_chunks": ChildChunks,
    "datasets": Datasets,
    "documents": Documents,
    "metadata": Metadata,
    "models": Models,
    "segments": Segments,
    "tags": Tags,
}
