"""Made by proto/gen.py from proto/difypool.toml. Do not edit: change the definition and run it.

Loaded when a group is first used, so that importing difypool stays quick. Arguments that are None are not sent; to send
null, use ``client.call``.
"""

# ruff: noqa: A001, A002, A003
from __future__ import annotations

# Known to type checkers by its name; the real one would cost the import of typing.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
    from typing import Any, Literal, overload

    from typing_extensions import Unpack

    from .aio import AsyncClient as _Caller
    from ._options import CallOptions, FileArg, PushOptions, StreamOptions
    from .push import PageLike, Progress, Summary
    from .reply import Reply
    from .astreams import AsyncDownload, AsyncStream


class Annotations:
    """Operations of the group ``annotations``."""

    __slots__ = ("_client",)

    def __init__(self, client: _Caller) -> None:
        self._client = client

    async def create(
        self,
        *,
        question: str,
        answer: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Create Annotation.

        Creates an annotation. Annotations are predefined question-answer pairs the app returns directly on a match,
        instead of generating a fresh response. Apps: Chatflow, Chatbot, Agent.

        Dify route: ``POST /apps/annotations``. A write: never repeated once a byte may have reached the server.

        Args:
            question: Question text the app matches incoming user input against.
            answer: Answer returned when this annotation is matched.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable,
                Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.annotations.create(question="How do I install it?", answer="With apt.")
        """
        return await self._client._method("annotations.create", {
            "question": question,
            "answer": answer,
        }, options)

    async def list(
        self,
        *,
        page: int | None = None,
        limit: int | None = None,
        keyword: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """List Annotations.

        Lists the app's annotations, optionally filtered by keyword. Apps: Chatflow, Chatbot, Agent.

        Dify route: ``GET /apps/annotations``. A read: repeated at will.

        Args:
            page: Page number. At least 1. Server's default: 1.
            limit: Number of items per page. Requests above 100 are capped at 100. At least 1. Server's default: 20.
            keyword: Keyword to filter annotations by question or answer content.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled,
                BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.annotations.list(limit=20)
        """
        return await self._client._method("annotations.list", {
            "page": page,
            "limit": limit,
            "keyword": keyword,
        }, options)

    def iter(
        self,
        *,
        keyword: str | None = None,
        **options: Unpack[CallOptions],
    ) -> AsyncIterator[dict[str, Any]]:
        """All entries of :meth:`list`: pages of 100, by ``total``, repeats dropped by id."""
        return self._client._pages("annotations.list", {
            "keyword": keyword,
        }, options, "page")

    async def update(
        self,
        *,
        annotation_id: str,
        question: str,
        answer: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Update Annotation.

        Updates an annotation's question and answer. Apps: Chatflow, Chatbot, Agent.

        Dify route: ``PUT /apps/annotations/{annotation_id}``. A write: never repeated blindly; a repeat looks first
        whether it happened.

        Args:
            annotation_id: ID of the annotation to update. Get annotation IDs from `annotations.list`.
            question: New question text for the annotation.
            answer: New answer text for the annotation.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError,
                Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.annotations.update(
            ...     annotation_id=annotation_id,
            ...     question="How do I install it?",
            ...     answer="With apt-get.",
            ... )
        """
        return await self._client._method("annotations.update", {
            "annotation_id": annotation_id,
            "question": question,
            "answer": answer,
        }, options)

    async def delete(
        self,
        *,
        annotation_id: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Delete Annotation.

        Deletes an annotation and its associated hit history. Apps: Chatflow, Chatbot, Agent.

        Dify route: ``DELETE /apps/annotations/{annotation_id}``. A write: never repeated blindly; a repeat looks
        first whether it happened.

        Args:
            annotation_id: ID of the annotation to delete. Get annotation IDs from `annotations.list`.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError,
                Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.annotations.delete(annotation_id=annotation_id)
        """
        return await self._client._method("annotations.delete", {
            "annotation_id": annotation_id,
        }, options)

    async def configure_reply(
        self,
        *,
        action: Literal["enable", "disable"],
        embedding_provider_name: str,
        embedding_model_name: str,
        score_threshold: float,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Configure Annotation Reply.

        Enables or disables annotation reply for the app. Runs asynchronously; track progress with
        `annotations.reply_status`. The body is validated before the action runs, so `score_threshold`,
        `embedding_provider_name`, and `embedding_model_name` are required even for `disable`. Apps: Chatflow,
        Chatbot, Agent.

        Dify route: ``POST /apps/annotation-reply/{action}``. A write: never repeated once a byte may have reached the
        server.

        Args:
            action: Whether to enable or disable annotation reply.
            embedding_provider_name: Embedding model provider (for example, `openai`). Get available providers from
                `models.list`.
            embedding_model_name: Embedding model used to vectorize annotations for matching (for example,
                `text-embedding-3-small`).
            score_threshold: Minimum similarity score for an annotation to be considered a match. Higher values
                require closer matches.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable,
                Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.annotations.configure_reply(
            ...     action="enable",
            ...     score_threshold=0.9,
            ...     embedding_provider_name="langgenius/openai/openai",
            ...     embedding_model_name="text-embedding-3-small",
            ... )
        """
        return await self._client._method("annotations.configure_reply", {
            "action": action,
            "embedding_provider_name": embedding_provider_name,
            "embedding_model_name": embedding_model_name,
            "score_threshold": score_threshold,
        }, options)

    async def reply_status(
        self,
        *,
        action: Literal["enable", "disable"],
        job_id: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Get Annotation Reply Job Status.

        Returns the status of an annotation reply configuration job started by `annotations.configure_reply`. Apps:
        Chatflow, Chatbot, Agent.

        Dify route: ``GET /apps/annotation-reply/{action}/status/{job_id}``. A read: repeated at will.

        Args:
            action: Action type, must match the `annotations.configure_reply` call.
            job_id: Job ID returned by `annotations.configure_reply`.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout,
                Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.annotations.reply_status(action="enable", job_id=job_id)
        """
        return await self._client._method("annotations.reply_status", {
            "action": action,
            "job_id": job_id,
        }, options)


class Apps:
    """Operations of the group ``apps``."""

    __slots__ = ("_client",)

    def __init__(self, client: _Caller) -> None:
        self._client = client

    async def info(
        self,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Get App Info.

        Returns basic information about the app: name, description, tags, mode, and author. Apps: Chatflow, Workflow,
        New Agent, Chatbot, Agent, Text Generator.

        Dify route: ``GET /info``. A read: repeated at will.

        Args:
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled,
                BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.apps.info()
        """
        return await self._client._method("apps.info", {}, options)

    async def parameters(
        self,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Get App Parameters.

        Returns the app's front-end configuration: the opening statement and suggested questions, feature toggles, the
        user input form, and file-upload limits. Use it to render the app's inputs and apply the correct upload
        limits. Apps: Chatflow, Workflow, New Agent, Chatbot, Agent, Text Generator.

        Dify route: ``GET /parameters``. A read: repeated at will.

        Args:
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled,
                BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.apps.parameters()
        """
        return await self._client._method("apps.parameters", {}, options)

    async def meta(
        self,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Get App Meta.

        Returns the display icons for the tools this app uses, keyed by tool name. Apps: Chatflow, Workflow, New
        Agent, Chatbot, Agent, Text Generator.

        Dify route: ``GET /meta``. A read: repeated at will.

        Args:
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled,
                BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.apps.meta()
        """
        return await self._client._method("apps.meta", {}, options)

    async def site(
        self,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Get App WebApp Settings.

        Returns the branding and display settings for the app's hosted WebApp, such as its title, icon, theme colors,
        and default language. Apps: Chatflow, Workflow, New Agent, Chatbot, Agent, Text Generator.

        Dify route: ``GET /site``. A read: repeated at will.

        Args:
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled,
                BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.apps.site()
        """
        return await self._client._method("apps.site", {}, options)

    async def feedbacks(
        self,
        *,
        page: int | None = None,
        limit: int | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """List App Feedbacks.

        Returns a paginated list of all feedback on the app's messages, including both end-user and admin submissions.
        Apps: Chatflow, Chatbot, Agent, Text Generator.

        Dify route: ``GET /app/feedbacks``. A read: repeated at will.

        Args:
            page: Page number. At least 1. Server's default: 1.
            limit: Feedback items per page. 1..101. Server's default: 20.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled,
                BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.apps.feedbacks(limit=20)
        """
        return await self._client._method("apps.feedbacks", {
            "page": page,
            "limit": limit,
        }, options)

    def iter_feedbacks(
        self,
        **options: Unpack[CallOptions],
    ) -> AsyncIterator[dict[str, Any]]:
        """All entries of :meth:`feedbacks`: pages of 100, by ``total``, repeats dropped by id."""
        return self._client._pages("apps.feedbacks", {}, options, "page")


class Audio:
    """Operations of the group ``audio``."""

    __slots__ = ("_client",)

    def __init__(self, client: _Caller) -> None:
        self._client = client

    async def to_text(
        self,
        *,
        file: FileArg,
        user: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Convert Audio to Text.

        Transcribes an audio file with the app's speech-to-text model. Apps: Chatflow, Workflow, New Agent, Chatbot,
        Agent, Text Generator.

        Dify route: ``POST /audio-to-text``. A write: never repeated once a byte may have reached the server.

        Args:
            file: The audio. Media types taken are `audio/mp3`, `audio/m4a`, `audio/wav`, `audio/amr` and
                `audio/mpga`; others, such as the common `audio/mpeg`, are refused. At most 31457280 bytes. A
                `pathlib.Path`, an open binary file, `(name, bytes)` or `(name, bytes, type)`; large ones flow through
                in pieces.
            user: End-user identifier, defined by your app and unique within it.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable,
                Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.audio.to_text(file=Path("question.mp3"), user="abc-123")
        """
        return await self._client._upload("audio.to_text", "file", {
            "file": file,
            "user": user,
        }, options)

    if TYPE_CHECKING:

        @overload
        def from_text(
            self,
            *,
            message_id: str | None = None,
            text: str | None = None,
            user: str | None = None,
            voice: str | None = None,
            streaming: bool | None = None,
            stream: Literal[True],
            **options: Unpack[StreamOptions],
        ) -> AsyncDownload: ...

        @overload
        def from_text(
            self,
            *,
            message_id: str | None = None,
            text: str | None = None,
            user: str | None = None,
            voice: str | None = None,
            streaming: bool | None = None,
            stream: Literal[False] = False,
            **options: Unpack[CallOptions],
        ) -> Coroutine[Any, Any, Reply]: ...

    def from_text(
        self,
        *,
        message_id: str | None = None,
        text: str | None = None,
        user: str | None = None,
        voice: str | None = None,
        streaming: bool | None = None,
        stream: bool = False,
        **options: Any,
    ) -> Any:
        """Convert Text to Audio.

        Converts text to speech. Give `text`, or `message_id` to voice an existing message's answer. Apps: Chatflow,
        Workflow, New Agent, Chatbot, Agent, Text Generator.

        Dify route: ``POST /text-to-audio``. A write: never repeated once a byte may have reached the server.

        Args:
            message_id: ID of the message whose answer to voice; goes before `text`. Get message IDs from
                `messages.list`.
            text: Text to synthesize into speech.
            user: End-user identifier, defined by your app and unique within it.
            voice: Voice to use, of those that the app's provider has. The default is `text_to_speech.voice` of
                `apps.parameters`.
            streaming: Accepted by the server, without effect.
            stream: True gives a :class:`difypool.AsyncDownload`, whose bytes come in pieces; otherwise
                `reply.content` holds them.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.
                With a stream also idle (s), total (s), keep_run, buffer; see StreamOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable,
                Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.audio.from_text(text="Hello, welcome.", user="abc-123")
        """
        carry = self._client._stream if stream else self._client._method
        return carry("audio.from_text", {
            "message_id": message_id,
            "text": text,
            "user": user,
            "voice": voice,
            "streaming": streaming,
        }, options)


class Chat:
    """Operations of the group ``chat``."""

    __slots__ = ("_client",)

    def __init__(self, client: _Caller) -> None:
        self._client = client

    async def stop(
        self,
        *,
        task_id: str,
        user: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Stop Chat Message Generation.

        Stops a chat message generation task. Only supported in `streaming` mode. Apps: Chatflow, New Agent, Chatbot,
        Agent.

        Dify route: ``POST /chat-messages/{task_id}/stop``. A write: never repeated once a byte may have reached the
        server.

        Args:
            task_id: Task ID, from the streaming events of Send Chat Message.
            user: End-user identifier, defined by your app and unique within it. Must match the `user` sent with the
                original message; if it differs, the stop silently does nothing and still returns success.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable,
                Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.chat.stop(task_id=task_id, user="abc-123")
        """
        return await self._client._method("chat.stop", {
            "task_id": task_id,
            "user": user,
        }, options)

    if TYPE_CHECKING:

        @overload
        def send(
            self,
            *,
            query: str,
            inputs: Mapping[str, Any],
            user: str,
            response_mode: Literal["streaming", "blocking"] | None = None,
            conversation_id: str | None = None,
            files: Sequence[Any] | None = None,
            auto_generate_name: bool | None = None,
            workflow_id: str | None = None,
            stream: Literal[True],
            **options: Unpack[StreamOptions],
        ) -> AsyncStream: ...

        @overload
        def send(
            self,
            *,
            query: str,
            inputs: Mapping[str, Any],
            user: str,
            response_mode: Literal["streaming", "blocking"] | None = None,
            conversation_id: str | None = None,
            files: Sequence[Any] | None = None,
            auto_generate_name: bool | None = None,
            workflow_id: str | None = None,
            stream: Literal[False] = False,
            **options: Unpack[CallOptions],
        ) -> Coroutine[Any, Any, Reply]: ...

    def send(
        self,
        *,
        query: str,
        inputs: Mapping[str, Any],
        user: str,
        response_mode: Literal["streaming", "blocking"] | None = None,
        conversation_id: str | None = None,
        files: Sequence[Any] | None = None,
        auto_generate_name: bool | None = None,
        workflow_id: str | None = None,
        stream: bool = False,
        **options: Any,
    ) -> Any:
        """Send Chat Message.

        Sends a message to a chat app and returns the assistant's reply, as events or put together to one answer.
        Agent apps refuse the option `blocking`. Apps: Chatflow, New Agent, Chatbot, Agent.

        Dify route: ``POST /chat-messages``. A write: never repeated once a byte may have reached the server.
        Server versions <=1.12.1: Blocking: a model that breaks midway is a 200 with a truncated answer. Read as a
        stream it is an error.
        Server versions <=1.12.1: The app's ceiling of concurrent runs is a 400 where 429 is documented; it passes.

        Args:
            query: The user's message.
            inputs: Values for the app's input variables, keyed by variable name. The expected names and types come
                from the `user_input_form` of `apps.parameters`.
            response_mode: Set by the pool, so leave it out: it asks for a stream, also where one answer is wanted,
                and puts that together; `blocking` is the same as the option `blocking`.
            user: End-user identifier, defined by your app and unique within it. Conversations, messages, and files
                are visible only to requests with the same `user`.
            conversation_id: ID of the conversation to continue. Omit it or pass an empty string to start a new one;
                the answer bears its id. Get IDs of earlier ones from `conversations.list`.
            files: Files to attach to the message. Upload a local file with `files.upload` first, then give its `id`
                as `upload_file_id` with `transfer_method` `local_file`. New Agent apps accept file references but do
                not process their contents.
                Of the form ``[{type: image|document|audio|video|custom, transfer_method: remote_url|local_file, url?:
                    string, upload_file_id?: string}]``
            auto_generate_name: Auto-generate the conversation's title. If `false`, use `conversations.rename` with
                `auto_generate`. Server's default: True.
            workflow_id: Chatflow apps only: the published workflow version to execute. If left out, the latest
                published version is used. On Dify Cloud, pinning a version requires a paid plan.
            stream: True gives the events as they come, as a :class:`difypool.AsyncStream`; otherwise one answer is
                put together.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.
                With a stream also idle (s), total (s), keep_run, buffer; see StreamOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable,
                Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.chat.send(inputs={}, query="How do I install it?", user="abc-123")
        """
        carry = self._client._stream if stream else self._client._method
        return carry("chat.send", {
            "query": query,
            "inputs": inputs,
            "response_mode": response_mode,
            "user": user,
            "conversation_id": conversation_id,
            "files": files,
            "auto_generate_name": auto_generate_name,
            "workflow_id": workflow_id,
        }, options)


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
        """Create Child Chunk.

        Create a child chunk under a parent chunk. Intended for documents that use the parent-child
        (`hierarchical_model`) chunking mode.

        Dify route: ``POST /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks``. A
        write: never repeated once a byte may have reached the server.

        Args:
            dataset_id: Knowledge base ID. Obtain it from `datasets.list`.
            document_id: Document ID. Obtain it from `documents.list`.
            segment_id: Parent chunk ID. Obtain it from `segments.list`.
            content: Child chunk text content.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, RateLimited, Quota, Unauthorized, Forbidden,
                Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are
                :class:`difypool.Error`.

        Example:
            >>> reply = await client.child_chunks.create(
            ...     dataset_id=dataset_id,
            ...     document_id=document_id,
            ...     segment_id=segment_id,
            ...     content="apt",
            ... )
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
        """List Child Chunks.

        Returns a paginated list of child chunks under a specific parent chunk.

        Dify route: ``GET /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks``. A read:
        repeated at will.

        Args:
            dataset_id: Knowledge base ID. Obtain it from `datasets.list`.
            document_id: Document ID. Obtain it from `documents.list`.
            segment_id: Parent chunk ID. Obtain it from `segments.list`.
            page: Page number. At least 1. Server's default: 1.
            limit: Number of items per page. Server caps at `100`. At least 1. Server's default: 20.
            keyword: Search keyword.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout,
                Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.child_chunks.list(
            ...     dataset_id=dataset_id,
            ...     document_id=document_id,
            ...     segment_id=segment_id,
            ...     limit=100,
            ... )
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
        """All entries of :meth:`list`: pages of 100, by ``total``, repeats dropped by id."""
        return self._client._pages("child_chunks.list", {
            "dataset_id": dataset_id,
            "document_id": document_id,
            "segment_id": segment_id,
            "keyword": keyword,
        }, options, "page")

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
        """Update Child Chunk.

        Update the content of an existing child chunk.

        Dify route: ``PATCH
        /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks/{child_chunk_id}``. A write:
        never repeated blindly; a repeat looks first whether it happened.

        Args:
            dataset_id: Knowledge base ID. Obtain it from `datasets.list`.
            document_id: Document ID. Obtain it from `documents.list`.
            segment_id: Parent chunk ID. Obtain it from `segments.list`.
            child_chunk_id: Child chunk ID.
            content: Child chunk text content.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, RateLimited, Quota, Unauthorized, Forbidden,
                Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are
                :class:`difypool.Error`.

        Example:
            >>> reply = await client.child_chunks.update(
            ...     dataset_id=dataset_id,
            ...     document_id=document_id,
            ...     segment_id=segment_id,
            ...     child_chunk_id=child_chunk_id,
            ...     content="apt-get",
            ... )
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
        """Delete Child Chunk.

        Permanently delete a child chunk from its parent chunk.

        Dify route: ``DELETE
        /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks/{child_chunk_id}``. A write:
        never repeated blindly; a repeat looks first whether it happened.
        Server versions <=1.12.1: The vector store is asked also where an `economy` knowledge base needs none: without
        one the answer is a 400, and the child chunk is gone. The list of child chunks is looked at then: where it
        shows that the chunk is gone, the call is a success.

        Args:
            dataset_id: Knowledge base ID. Obtain it from `datasets.list`.
            document_id: Document ID. Obtain it from `documents.list`.
            segment_id: Parent chunk ID. Obtain it from `segments.list`.
            child_chunk_id: Child chunk ID.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, RateLimited, Quota, Unauthorized, Forbidden,
                Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are
                :class:`difypool.Error`.

        Example:
            >>> reply = await client.child_chunks.delete(
            ...     dataset_id=dataset_id,
            ...     document_id=document_id,
            ...     segment_id=segment_id,
            ...     child_chunk_id=child_chunk_id,
            ... )
        """
        return await self._client._method("child_chunks.delete", {
            "dataset_id": dataset_id,
            "document_id": document_id,
            "segment_id": segment_id,
            "child_chunk_id": child_chunk_id,
        }, options)


class Completion:
    """Operations of the group ``completion``."""

    __slots__ = ("_client",)

    def __init__(self, client: _Caller) -> None:
        self._client = client

    async def stop(
        self,
        *,
        task_id: str,
        user: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Stop Completion Message Generation.

        Stops a completion message generation task. Only supported in `streaming` mode. Apps: Text Generator.

        Dify route: ``POST /completion-messages/{task_id}/stop``. A write: never repeated once a byte may have reached
        the server.

        Args:
            task_id: Task ID, from the streaming events of Send Completion Message.
            user: End-user identifier, defined by your app and unique within it. Must match the `user` sent with the
                original message; if it differs, the stop silently does nothing and still returns success.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable,
                Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.completion.stop(task_id=task_id, user="abc-123")
        """
        return await self._client._method("completion.stop", {
            "task_id": task_id,
            "user": user,
        }, options)

    if TYPE_CHECKING:

        @overload
        def send(
            self,
            *,
            inputs: Mapping[str, Any],
            user: str,
            query: str | None = None,
            response_mode: Literal["streaming", "blocking"] | None = None,
            files: Sequence[Any] | None = None,
            stream: Literal[True],
            **options: Unpack[StreamOptions],
        ) -> AsyncStream: ...

        @overload
        def send(
            self,
            *,
            inputs: Mapping[str, Any],
            user: str,
            query: str | None = None,
            response_mode: Literal["streaming", "blocking"] | None = None,
            files: Sequence[Any] | None = None,
            stream: Literal[False] = False,
            **options: Unpack[CallOptions],
        ) -> Coroutine[Any, Any, Reply]: ...

    def send(
        self,
        *,
        inputs: Mapping[str, Any],
        user: str,
        query: str | None = None,
        response_mode: Literal["streaming", "blocking"] | None = None,
        files: Sequence[Any] | None = None,
        stream: bool = False,
        **options: Any,
    ) -> Any:
        """Send Completion Message.

        Sends a request to a text-generation app and returns the generated text, as events or put together to one
        answer. Apps: Text Generator.

        Dify route: ``POST /completion-messages``. A write: never repeated once a byte may have reached the server.
        Server versions <=1.12.1: Blocking: a model that breaks midway is a 200 with a truncated answer. Read as a
        stream it is an error.
        Server versions <=1.12.1: The app's ceiling of concurrent runs is a 400 where 429 is documented; it passes.

        Args:
            inputs: Values for the app's input variables, keyed by variable name. The expected names and types come
                from the `user_input_form` of `apps.parameters`.
            query: The text to process. Newer apps take it inside `inputs` instead.
            response_mode: Set by the pool, so leave it out: it asks for a stream, also where one answer is wanted,
                and puts that together; `blocking` is the same as the option `blocking`.
            user: End-user identifier, defined by your app and unique within it. Messages and files are visible only
                to requests with the same `user`.
            files: Files to attach to the request. Upload a local file with `files.upload` first, then give its `id`
                as `upload_file_id` with `transfer_method` `local_file`.
                Of the form ``[{type: image|document|audio|video|custom, transfer_method: remote_url|local_file, url?:
                    string, upload_file_id?: string}]``
            stream: True gives the events as they come, as a :class:`difypool.AsyncStream`; otherwise one answer is
                put together.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.
                With a stream also idle (s), total (s), keep_run, buffer; see StreamOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable,
                Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.completion.send(inputs={"query": "A line about packages"}, user="abc-123")
        """
        carry = self._client._stream if stream else self._client._method
        return carry("completion.send", {
            "inputs": inputs,
            "query": query,
            "response_mode": response_mode,
            "user": user,
            "files": files,
        }, options)


class Conversations:
    """Operations of the group ``conversations``."""

    __slots__ = ("_client",)

    def __init__(self, client: _Caller) -> None:
        self._client = client

    async def list(
        self,
        *,
        user: str | None = None,
        last_id: str | None = None,
        limit: int | None = None,
        sort_by: Literal["created_at", "-created_at", "updated_at", "-updated_at"] | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """List Conversations.

        Lists an end user's conversations, most recently active first. Apps: Chatflow, New Agent, Chatbot, Agent.

        Dify route: ``GET /conversations``. A read: repeated at will.

        Args:
            user: End-user identifier, defined by your app and unique within it.
            last_id: Pagination cursor: the `id` of the last conversation on the current page. Omit to fetch the first
                page.
            limit: Number of records to return. 1..100. Server's default: 20.
            sort_by: Field to sort by. Prefix with `-` for descending order. Server's default: '-updated_at'.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled,
                BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.conversations.list(limit=20, user="abc-123")
        """
        return await self._client._method("conversations.list", {
            "user": user,
            "last_id": last_id,
            "limit": limit,
            "sort_by": sort_by,
        }, options)

    def iter(
        self,
        *,
        user: str | None = None,
        sort_by: Literal["created_at", "-created_at", "updated_at", "-updated_at"] | None = None,
        **options: Unpack[CallOptions],
    ) -> AsyncIterator[dict[str, Any]]:
        """All entries of :meth:`list`: 100 at a time, each from the last one's id on."""
        return self._client._pages("conversations.list", {
            "user": user,
            "sort_by": sort_by,
        }, options, "last_id")

    async def variables(
        self,
        *,
        conversation_id: str,
        user: str | None = None,
        last_id: str | None = None,
        limit: int | None = None,
        variable_name: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """List Conversation Variables.

        Lists the variables stored in a conversation. Apps: Chatflow, Chatbot, Agent.

        Dify route: ``GET /conversations/{conversation_id}/variables``. A read: repeated at will.

        Args:
            conversation_id: ID of the conversation whose variables to list. Get conversation IDs from
                `conversations.list`.
            user: End-user identifier, defined by your app and unique within it.
            last_id: Pagination cursor: the `id` of the last variable on the current page. Omit to fetch the first
                page.
            limit: Number of records to return. 1..100. Server's default: 20.
            variable_name: Filter variables by a specific name. 1..255 characters.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled,
                BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.conversations.variables(conversation_id=conversation_id, user="abc-123")
        """
        return await self._client._method("conversations.variables", {
            "conversation_id": conversation_id,
            "user": user,
            "last_id": last_id,
            "limit": limit,
            "variable_name": variable_name,
        }, options)

    def iter_variables(
        self,
        *,
        conversation_id: str,
        user: str | None = None,
        variable_name: str | None = None,
        **options: Unpack[CallOptions],
    ) -> AsyncIterator[dict[str, Any]]:
        """All entries of :meth:`variables`: 100 at a time, each from the last one's id on."""
        return self._client._pages("conversations.variables", {
            "conversation_id": conversation_id,
            "user": user,
            "variable_name": variable_name,
        }, options, "last_id")

    async def rename(
        self,
        *,
        conversation_id: str,
        name: str | None = None,
        auto_generate: bool | None = None,
        user: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Rename Conversation.

        Renames a conversation, or auto-generates a name from its messages when `auto_generate` is `true`. The name is
        what clients display in a multi-conversation list. Apps: Chatflow, New Agent, Chatbot, Agent.

        Dify route: ``POST /conversations/{conversation_id}/name``. A write: never repeated blindly; a repeat looks
        first whether it happened.

        Args:
            conversation_id: ID of the conversation to rename. Get conversation IDs from `conversations.list`.
            name: New conversation name. Required unless `auto_generate` is `true`.
            auto_generate: Automatically generate the conversation name. When `true`, the `name` field is ignored.
                Server's default: False.
            user: End-user identifier, defined by your app and unique within it.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable,
                Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.conversations.rename(
            ...     conversation_id=conversation_id,
            ...     name="Installing",
            ...     user="abc-123",
            ... )
        """
        return await self._client._method("conversations.rename", {
            "conversation_id": conversation_id,
            "name": name,
            "auto_generate": auto_generate,
            "user": user,
        }, options)

    async def update_variable(
        self,
        *,
        conversation_id: str,
        variable_id: str,
        value: Any,
        user: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Update Conversation Variable.

        Updates a conversation variable's value. The new value must match the variable's existing type. Apps:
        Chatflow, Chatbot, Agent.

        Dify route: ``PUT /conversations/{conversation_id}/variables/{variable_id}``. A write: never repeated blindly;
        a repeat looks first whether it happened.

        Args:
            conversation_id: ID of the conversation that owns the variable. Get conversation IDs from
                `conversations.list`.
            variable_id: ID of the variable to update. Get variable IDs from `conversations.variables`.
            value: The new value for the variable. Must match the variable's expected type.
            user: End-user identifier, defined by your app and unique within it.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError,
                Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.conversations.update_variable(
            ...     conversation_id=conversation_id,
            ...     variable_id=variable_id,
            ...     value="calm",
            ...     user="abc-123",
            ... )
        """
        return await self._client._method("conversations.update_variable", {
            "conversation_id": conversation_id,
            "variable_id": variable_id,
            "value": value,
            "user": user,
        }, options)

    async def delete(
        self,
        *,
        conversation_id: str,
        user: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Delete Conversation.

        Deletes a conversation. Apps: Chatflow, New Agent, Chatbot, Agent.

        Dify route: ``DELETE /conversations/{conversation_id}``. A write: never repeated blindly; a repeat looks first
        whether it happened.

        Args:
            conversation_id: ID of the conversation to delete. Get conversation IDs from `conversations.list`.
            user: End-user identifier, defined by your app and unique within it.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable,
                Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.conversations.delete(conversation_id=conversation_id, user="abc-123")
        """
        return await self._client._method("conversations.delete", {
            "conversation_id": conversation_id,
            "user": user,
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
        """List Knowledge Bases.

        Returns a paginated list of knowledge bases, optionally filtered by keyword or tags.

        Dify route: ``GET /datasets``. A read: repeated at will.
        Server versions <=1.12.1: The `tag_ids` filter is always a 400.
        Server versions <=1.12.1: `has_more` is wrong where `limit` is over 100, and true on a last page that is
        exactly full: go by `total`.

        Args:
            page: Page number. Server's default: 1.
            limit: Number of items per page. Server's default: 20.
            keyword: Search keyword to filter by name.
            include_all: Whether to include all knowledge bases regardless of permissions. Server's default: False.
            tag_ids: Tag IDs to filter by. Get tag IDs from `tags.list`.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled,
                BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.datasets.list(keyword="guide", limit=20, include_all=True)
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
        """All entries of :meth:`list`: pages of 100, by ``total``, repeats dropped by id."""
        return self._client._pages("datasets.list", {
            "keyword": keyword,
            "include_all": include_all,
            "tag_ids": tag_ids,
        }, options, "page")

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
        """Create an Empty Knowledge Base.

        Creates an empty knowledge base. Add documents to it with `documents.create_by_text` or Create Document by
        File.

        Dify route: ``POST /datasets``. A write: never repeated blindly; a repeat looks first whether it happened.

        Args:
            name: Name of the knowledge base. 1..40 characters.
            description: Description of the knowledge base. At most 400 characters.
            indexing_technique: `high_quality` uses embedding models for precise search; `economy` uses keyword-based
                indexing.
            permission: Controls who can access this knowledge base. `only_me` restricts to the creator,
                `all_team_members` grants access to the entire workspace, `partial_members` grants access to specified
                members. Server's default: 'only_me'.
            provider: `vendor` for internal knowledge base, `external` for external knowledge base. Server's default:
                'vendor'.
            embedding_model: Embedding model name. Use the `model` field from `models.list` with
                `model_type=text-embedding`.
            embedding_model_provider: Embedding model provider identifier, formatted as
                `organization/plugin_name/provider_name` (e.g. `langgenius/openai/openai`). A bare name like `openai`
                expands to `langgenius/<name>/<name>` and works only for langgenius-published plugins.
            retrieval_model: Retrieval model configuration. Controls how chunks are searched and ranked when querying
                this knowledge base.
                Of the form ``{search_method: keyword_search|semantic_search|full_text_search|hybrid_search,
                    reranking_enable: boolean, reranking_model?: {reranking_provider_name?: string,
                    reranking_model_name?: string}, reranking_mode?: reranking_model|weighted_score, top_k: integer,
                    score_threshold_enabled: boolean, score_threshold?: number, weights?: {weight_type?:
                    semantic_first|keyword_first|customized, vector_setting?: {vector_weight?: number,
                    embedding_provider_name?: string, embedding_model_name?: string}, keyword_setting?:
                    {keyword_weight?: number}}, metadata_filtering_conditions?: {logical_operator?: and|or,
                    conditions?: [{name: string, comparison_operator: contains|not contains|start with|end with|is|is
                    not|empty|not empty|in|not in|=|≠|>|<|≥|≤|before|after, value?: string | [string] | number}]}}``
            external_knowledge_api_id: ID of the external knowledge API connection.
            external_knowledge_id: ID of the external knowledge base.
            summary_index_setting: Summary index configuration.
                Of the form ``{enable?: boolean, model_name?: string, model_provider_name?: string, summary_prompt?:
                    string}``
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, RateLimited, Quota, Unauthorized, Forbidden, Overloaded,
                ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are
                :class:`difypool.Error`.

        Example:
            >>> reply = await client.datasets.create(
            ...     name="Product guide",
            ...     permission="only_me",
            ...     indexing_technique="economy",
            ...     retrieval_model={"search_method": "keyword_search", "reranking_enable": False, "top_k": 5, "score_threshold_enabled": False},
            ... )
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
        """Get Knowledge Base.

        Returns detailed information about a knowledge base, including its embedding model, retrieval configuration,
        and document statistics.

        Dify route: ``GET /datasets/{dataset_id}``. A read: repeated at will.

        Args:
            dataset_id: Knowledge base ID, from `datasets.list`.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout,
                Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.datasets.get(dataset_id=dataset_id)
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
        """Update Knowledge Base.

        Updates a knowledge base. Only the fields included in the request body are changed.

        Dify route: ``PATCH /datasets/{dataset_id}``. A write: never repeated blindly; a repeat looks first whether it
        happened.

        Args:
            dataset_id: Knowledge base ID, from `datasets.list`.
            name: Name of the knowledge base. 1..40 characters.
            description: Description of the knowledge base. At most 400 characters.
            indexing_technique: `high_quality` uses embedding models for precise search; `economy` uses keyword-based
                indexing.
            permission: Controls who can access this knowledge base. `only_me` restricts to the creator,
                `all_team_members` grants access to the entire workspace, `partial_members` grants access to specified
                members.
            embedding_model: Embedding model name. Use the `model` field from `models.list` with
                `model_type=text-embedding`.
            embedding_model_provider: Embedding model provider identifier, formatted as
                `organization/plugin_name/provider_name` (e.g. `langgenius/openai/openai`). A bare name like `openai`
                expands to `langgenius/<name>/<name>` and works only for langgenius-published plugins.
            retrieval_model: Retrieval model configuration. Controls how chunks are searched and ranked when querying
                this knowledge base.
                Of the form ``{search_method: keyword_search|semantic_search|full_text_search|hybrid_search,
                    reranking_enable: boolean, reranking_model?: {reranking_provider_name?: string,
                    reranking_model_name?: string}, reranking_mode?: reranking_model|weighted_score, top_k: integer,
                    score_threshold_enabled: boolean, score_threshold?: number, weights?: {weight_type?:
                    semantic_first|keyword_first|customized, vector_setting?: {vector_weight?: number,
                    embedding_provider_name?: string, embedding_model_name?: string}, keyword_setting?:
                    {keyword_weight?: number}}, metadata_filtering_conditions?: {logical_operator?: and|or,
                    conditions?: [{name: string, comparison_operator: contains|not contains|start with|end with|is|is
                    not|empty|not empty|in|not in|=|≠|>|<|≥|≤|before|after, value?: string | [string] | number}]}}``
            partial_member_list: List of team members with access when `permission` is `partial_members`.
                Of the form ``[{user_id?: string}]``
            external_retrieval_model: Retrieval settings for external knowledge bases.
                Of the form ``{top_k?: integer, score_threshold?: number, score_threshold_enabled?: boolean}``
            external_knowledge_id: ID of the external knowledge base.
            external_knowledge_api_id: ID of the external knowledge API connection.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, RateLimited, Quota, Unauthorized, Forbidden,
                Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are
                :class:`difypool.Error`.

        Example:
            >>> reply = await client.datasets.update(dataset_id=dataset_id, description="What the product does")
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
        """Delete Knowledge Base.

        Permanently deletes a knowledge base and all of its documents.

        Dify route: ``DELETE /datasets/{dataset_id}``. A write: never repeated blindly; a repeat looks first whether
        it happened.

        Args:
            dataset_id: Knowledge base ID, from `datasets.list`.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, RateLimited, Quota, Unauthorized, Forbidden,
                Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are
                :class:`difypool.Error`.

        Example:
            >>> reply = await client.datasets.delete(dataset_id=dataset_id)
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
        """Retrieve Chunks from a Knowledge Base.

        Searches a knowledge base and returns the chunks most relevant to the query, for both production retrieval and
        test retrieval.

        Dify route: ``POST /datasets/{dataset_id}/retrieve``. A read: repeated at will.
        Server versions <=1.12.1: An `economy` knowledge base that was made without a retrieval_model is searched
        semantically: 400, no default model for text-embedding. Make it with one, or send one.
        Server versions <=1.12.1: A retrieval_model without its switches is a 500 whose message is the missing one's
        name. Filled in from the knowledge base's own.

        Args:
            dataset_id: Knowledge base ID, from `datasets.list`.
            query: Search query text. At most 250 characters.
            retrieval_model: Retrieval model configuration. Controls how chunks are searched and ranked when querying
                this knowledge base.
                Of the form ``{search_method: keyword_search|semantic_search|full_text_search|hybrid_search,
                    reranking_enable: boolean, reranking_model?: {reranking_provider_name?: string,
                    reranking_model_name?: string}, reranking_mode?: reranking_model|weighted_score, top_k: integer,
                    score_threshold_enabled: boolean, score_threshold?: number, weights?: {weight_type?:
                    semantic_first|keyword_first|customized, vector_setting?: {vector_weight?: number,
                    embedding_provider_name?: string, embedding_model_name?: string}, keyword_setting?:
                    {keyword_weight?: number}}, metadata_filtering_conditions?: {logical_operator?: and|or,
                    conditions?: [{name: string, comparison_operator: contains|not contains|start with|end with|is|is
                    not|empty|not empty|in|not in|=|≠|>|<|≥|≤|before|after, value?: string | [string] | number}]}}``
            attachment_ids: List of attachment IDs to include in the retrieval context.
                Of the form ``[string]``
            external_retrieval_model: Retrieval settings for external knowledge bases.
                Of the form ``{top_k?: integer, score_threshold?: number, score_threshold_enabled?: boolean}``
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, RateLimited, Quota, Unauthorized, Forbidden, Overloaded, ServerError,
                Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.datasets.retrieve(dataset_id=dataset_id, query="how to install")
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
        """Get Knowledge Base Tags.

        Returns the tags bound to a knowledge base.

        Dify route: ``GET /datasets/{dataset_id}/tags``. A read: repeated at will.

        Args:
            dataset_id: Knowledge base ID. See `datasets.list`.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout,
                Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.datasets.tags(dataset_id=dataset_id)
        """
        return await self._client._method("datasets.tags", {
            "dataset_id": dataset_id,
        }, options)

    async def ensure(
        self,
        *,
        name: str,
        description: str | None = None,
        indexing_technique: Literal["high_quality", "economy"] | None = None,
        permission: Literal["only_me", "all_team_members", "partial_members"] | None = None,
        embedding_model: str | None = None,
        embedding_model_provider: str | None = None,
        retrieval_model: Mapping[str, Any] | None = None,
        create: bool | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Find or create a knowledge base.

        The knowledge base of exactly that name, created if there is none: `{id, name, created, dataset}`. One at a
        time for a name across all callers of the service. Also found beyond the first page, and among those that a
        list leaves out. A create is read back: where another machine was as quick, the older one stands and ours is
        deleted again.

        Made of several calls: no server has it. Calling it again changes nothing.

        Args:
            name: Name of the knowledge base. 1..40 characters.
            description: For a new one. At most 400 characters.
            indexing_technique: For a new one.
            permission: For a new one.
            embedding_model: For a new one.
            embedding_model_provider: For a new one.
            retrieval_model: For a new one, as in `datasets.create`. One of the technique `economy` gets the search by
                keyword, the only one it can.
            create: false: only find it; `not_found`, code `no_such_dataset`, if there is none. Server's default:
                True.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable,
                Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.datasets.ensure(name="Guides", indexing_technique="economy")
        """
        return await self._client._method("datasets.ensure", {
            "name": name,
            "description": description,
            "indexing_technique": indexing_technique,
            "permission": permission,
            "embedding_model": embedding_model,
            "embedding_model_provider": embedding_model_provider,
            "retrieval_model": retrieval_model,
            "create": create,
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
        """Create Document by Text.

        Creates a document in a knowledge base from raw text. Indexing runs asynchronously; track it with the returned
        `batch` ID via `documents.indexing_status`.

        Dify route: ``POST /datasets/{dataset_id}/document/create-by-text``. A write: never repeated blindly; a repeat
        looks first whether it happened.
        Server versions <=1.12.1: indexing_technique must be in every create, also where the knowledge base has one:
        else 400, or 500 where neither has one. Filled in from the knowledge base.
        Server versions <=1.12.1: A name that a document has already replaces its content, also that of a file that
        somebody uploaded, and an archived one becomes retrievable again; an empty text leaves it with no chunks.
        Server versions <=1.12.1: A chunk size that cannot be (`max_tokens` 10 or 99999) is a 200; its indexing fails,
        and it becomes the default of later documents that send no rule.

        Args:
            dataset_id: Knowledge base ID. From `datasets.list`.
            name: Document name.
            text: Document text content.
            indexing_technique: Required when adding the first document to a knowledge base. Subsequent documents
                inherit the knowledge base's indexing technique if omitted. `high_quality` uses embedding models for
                precise search; `economy` uses keyword-based indexing.
            doc_form: `text_model` for standard text chunking, `hierarchical_model` for parent-child chunk structure,
                `qa_model` for question-answer pair extraction. Server's default: 'text_model'.
            doc_language: Language of the document for processing optimization. Server's default: 'English'.
            process_rule: Processing rules for chunking.
                Of the form ``{mode: automatic|custom|hierarchical, rules?: {pre_processing_rules?: [{id?:
                    remove_stopwords|remove_extra_spaces|remove_urls_emails, enabled?: boolean}], segmentation?:
                    {separator?: string, max_tokens?: integer, chunk_overlap?: integer}, parent_mode?:
                    full-doc|paragraph, subchunk_segmentation?: {separator?: string, max_tokens?: integer,
                    chunk_overlap?: integer}}}``
            retrieval_model: Controls how chunks are searched and ranked when querying this knowledge base.
                Of the form ``{search_method: keyword_search|semantic_search|full_text_search|hybrid_search,
                    reranking_enable: boolean, reranking_model?: {reranking_provider_name?: string,
                    reranking_model_name?: string}, reranking_mode?: reranking_model|weighted_score, top_k: integer,
                    score_threshold_enabled: boolean, score_threshold?: number, weights?: {weight_type?:
                    semantic_first|keyword_first|customized, vector_setting?: {vector_weight?: number,
                    embedding_provider_name?: string, embedding_model_name?: string}, keyword_setting?:
                    {keyword_weight?: number}}, metadata_filtering_conditions?: {logical_operator?: and|or,
                    conditions?: [{name: string, comparison_operator: contains|not contains|start with|end with|is|is
                    not|empty|not empty|in|not in|=|≠|>|<|≥|≤|before|after, value?: string | [string] | number}]}}``
            embedding_model: Embedding model name. Use the `model` field from `models.list` with
                `model_type=text-embedding`.
            embedding_model_provider: Embedding model provider. Use the `provider` field from `models.list` with
                `model_type=text-embedding`.
            original_document_id: Original document ID for versioning. Get it from `documents.list`.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, RateLimited, Quota, Unauthorized, Forbidden,
                Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are
                :class:`difypool.Error`.

        Example:
            >>> reply = await client.documents.create_by_text(
            ...     dataset_id=dataset_id,
            ...     name="guide.md",
            ...     text="How to install, and what to do then.",
            ...     indexing_technique="economy",
            ...     doc_form="text_model",
            ...     process_rule={"mode": "automatic"},
            ... )
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
        """Update Document by Text.

        Updates a document's text content, name, or processing configuration. Re-indexes the document when its text
        changes.

        Dify route: ``POST /datasets/{dataset_id}/documents/{document_id}/update-by-text``. A write: never repeated
        blindly; a repeat looks first whether it happened.
        Server versions <=1.12.1: The indexing worker hangs for good; every later document stays `waiting` until the
        worker is restarted. Carried out as a create by the same name where that is safe, else refused as
        `unsupported` unless `allow_hazard` is set.

        Args:
            dataset_id: Knowledge base ID. From `datasets.list`.
            document_id: Document ID. From `documents.list`.
            name: Document name. Required when `text` is provided.
            text: Document text content.
            process_rule: Processing rules for chunking.
                Of the form ``{mode: automatic|custom|hierarchical, rules?: {pre_processing_rules?: [{id?:
                    remove_stopwords|remove_extra_spaces|remove_urls_emails, enabled?: boolean}], segmentation?:
                    {separator?: string, max_tokens?: integer, chunk_overlap?: integer}, parent_mode?:
                    full-doc|paragraph, subchunk_segmentation?: {separator?: string, max_tokens?: integer,
                    chunk_overlap?: integer}}}``
            doc_form: `text_model` for standard text chunking, `hierarchical_model` for parent-child chunk structure,
                `qa_model` for question-answer pair extraction. Server's default: 'text_model'.
            doc_language: Language of the document for processing optimization. Server's default: 'English'.
            retrieval_model: Controls how chunks are searched and ranked when querying this knowledge base.
                Of the form ``{search_method: keyword_search|semantic_search|full_text_search|hybrid_search,
                    reranking_enable: boolean, reranking_model?: {reranking_provider_name?: string,
                    reranking_model_name?: string}, reranking_mode?: reranking_model|weighted_score, top_k: integer,
                    score_threshold_enabled: boolean, score_threshold?: number, weights?: {weight_type?:
                    semantic_first|keyword_first|customized, vector_setting?: {vector_weight?: number,
                    embedding_provider_name?: string, embedding_model_name?: string}, keyword_setting?:
                    {keyword_weight?: number}}, metadata_filtering_conditions?: {logical_operator?: and|or,
                    conditions?: [{name: string, comparison_operator: contains|not contains|start with|end with|is|is
                    not|empty|not empty|in|not in|=|≠|>|<|≥|≤|before|after, value?: string | [string] | number}]}}``
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, RateLimited, Quota, Unsupported, Unauthorized,
                Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol:
                all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.documents.update_by_text(
            ...     dataset_id=dataset_id,
            ...     document_id=document_id,
            ...     name="guide.md",
            ...     text="How to install it on Debian.",
            ... )
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
        """List Documents.

        Returns a paginated list of documents in a knowledge base.

        Dify route: ``GET /datasets/{dataset_id}/documents``. A read: repeated at will.
        Server versions <=1.12.1: `has_more` is wrong where `limit` is over 100, and true on a last page that is
        exactly full: go by `total`.

        Args:
            dataset_id: Knowledge base ID. From `datasets.list`.
            page: Page number. Server's default: 1.
            limit: Number of items per page. Server caps at `100`. Server's default: 20.
            keyword: Search keyword to filter by document name.
            status: Filter by display status.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout,
                Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.documents.list(dataset_id=dataset_id, keyword="guide", limit=100)
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
        """All entries of :meth:`list`: pages of 100, by ``total``, repeats dropped by id."""
        return self._client._pages("documents.list", {
            "dataset_id": dataset_id,
            "keyword": keyword,
            "status": status,
        }, options, "page")

    async def get(
        self,
        *,
        dataset_id: str,
        document_id: str,
        metadata: Literal["all", "only", "without"] | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Get Document.

        Returns detailed information for a single document.

        Dify route: ``GET /datasets/{dataset_id}/documents/{document_id}``. A read: repeated at will.

        Args:
            dataset_id: Knowledge base ID. From `datasets.list`.
            document_id: Document ID. From `documents.list`.
            metadata: `all` returns all fields including metadata. `only` returns only `id`, `doc_type`, and
                `doc_metadata`. `without` returns all fields except `doc_metadata`. Server's default: 'all'.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout,
                Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.documents.get(dataset_id=dataset_id, document_id=document_id)
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
        """Delete Document.

        Permanently deletes a document and all its chunks from the knowledge base.

        Dify route: ``DELETE /datasets/{dataset_id}/documents/{document_id}``. A write: never repeated blindly; a
        repeat looks first whether it happened.

        Args:
            dataset_id: Knowledge base ID. From `datasets.list`.
            document_id: Document ID. From `documents.list`.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, RateLimited, Quota, Unauthorized, Forbidden,
                Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are
                :class:`difypool.Error`.

        Example:
            >>> reply = await client.documents.delete(dataset_id=dataset_id, document_id=document_id)
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
        """Get Document Indexing Status.

        Returns indexing progress for every document in a batch: the current stage and chunk completion counts. Poll
        until each `indexing_status` reaches `completed` or `error`. Status advances through `waiting` → `parsing` →
        `cleaning` → `splitting` → `indexing` → `completed`.

        Dify route: ``GET /datasets/{dataset_id}/documents/{batch}/indexing-status``. A read: repeated at will.

        Args:
            dataset_id: Knowledge base ID. From `datasets.list`.
            batch: Batch ID returned when you create or update a document.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout,
                Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.documents.indexing_status(dataset_id=dataset_id, batch=batch)
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
        """Update Document Status in Batch.

        Enables, disables, archives, or unarchives multiple documents in one request.

        Dify route: ``PATCH /datasets/{dataset_id}/documents/status/{action}``. A write: never repeated blindly; a
        repeat looks first whether it happened.

        Args:
            dataset_id: Knowledge base ID. From `datasets.list`.
            action: `enable` activates documents for retrieval, `disable` deactivates them, `archive` moves them to
                the archive, `un_archive` restores them from the archive.
            document_ids: Document IDs to update. Get them from `documents.list`.
                Of the form ``[string]``
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError,
                Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.documents.update_status(
            ...     dataset_id=dataset_id,
            ...     action="disable",
            ...     document_ids=[document_id],
            ... )
        """
        return await self._client._method("documents.update_status", {
            "dataset_id": dataset_id,
            "action": action,
            "document_ids": document_ids,
        }, options)

    async def download(
        self,
        *,
        dataset_id: str,
        document_id: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Download Document.

        Returns a signed URL for downloading a document's original uploaded file.

        Dify route: ``GET /datasets/{dataset_id}/documents/{document_id}/download``. A read: repeated at will.
        Server versions <=1.12.1 do not have it.

        Args:
            dataset_id: Knowledge base ID. From `datasets.list`.
            document_id: Document ID. From `documents.list`.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Unsupported, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls,
                Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.documents.download(dataset_id=dataset_id, document_id=document_id)
        """
        return await self._client._method("documents.download", {
            "dataset_id": dataset_id,
            "document_id": document_id,
        }, options)

    async def create_by_file(
        self,
        *,
        dataset_id: str,
        file: FileArg,
        indexing_technique: Literal["high_quality", "economy"] | None = None,
        doc_form: Literal["text_model", "hierarchical_model", "qa_model"] | None = None,
        doc_language: str | None = None,
        process_rule: Mapping[str, Any] | None = None,
        retrieval_model: Mapping[str, Any] | None = None,
        embedding_model: str | None = None,
        embedding_model_provider: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Create Document by File.

        Creates a document in a knowledge base from a file, such as PDF, TXT or DOCX; the file's name becomes the
        document's. Indexing runs asynchronously; track it with the returned `batch` ID via
        `documents.indexing_status`.

        Dify route: ``POST /datasets/{dataset_id}/document/create-by-file``. A write: never repeated blindly; a repeat
        looks first whether it happened.
        Server versions <=1.12.1: A file that is too large, or of an extension that is not taken, is a 400 without a
        message.
        Server versions <=1.12.1: A name that a document has already replaces its content, and an archived one becomes
        retrievable again.
        Server versions <=1.12.1: A chunk size that cannot be (`max_tokens` 10 or 99999) is a 200; its indexing fails,
        and it becomes the default of later documents that send no rule.

        Args:
            dataset_id: Knowledge base ID. From `datasets.list`.
            file: The file. Its name, without any of / \\ : * ? " < > | in it, becomes the document's; over 200
                characters it is cut before the extension. At most 15728640 bytes. A `pathlib.Path`, an open binary
                file, `(name, bytes)` or `(name, bytes, type)`; large ones flow through in pieces.
            indexing_technique: Required when adding the first document to a knowledge base. Subsequent documents
                inherit the knowledge base's indexing technique if omitted. `high_quality` uses embedding models for
                precise search; `economy` uses keyword-based indexing.
            doc_form: `text_model` for standard text chunking, `hierarchical_model` for parent-child chunk structure,
                `qa_model` for question-answer pair extraction. Server's default: 'text_model'.
            doc_language: Language of the document for processing optimization. Server's default: 'English'.
            process_rule: Processing rules for chunking.
                Of the form ``{mode: automatic|custom|hierarchical, rules?: {pre_processing_rules?: [{id?:
                    remove_stopwords|remove_extra_spaces|remove_urls_emails, enabled?: boolean}], segmentation?:
                    {separator?: string, max_tokens?: integer, chunk_overlap?: integer}, parent_mode?:
                    full-doc|paragraph, subchunk_segmentation?: {separator?: string, max_tokens?: integer,
                    chunk_overlap?: integer}}}``
            retrieval_model: Controls how chunks are searched and ranked when querying this knowledge base.
                Of the form ``{search_method: keyword_search|semantic_search|full_text_search|hybrid_search,
                    reranking_enable: boolean, reranking_model?: {reranking_provider_name?: string,
                    reranking_model_name?: string}, reranking_mode?: reranking_model|weighted_score, top_k: integer,
                    score_threshold_enabled: boolean, score_threshold?: number, weights?: {weight_type?:
                    semantic_first|keyword_first|customized, vector_setting?: {vector_weight?: number,
                    embedding_provider_name?: string, embedding_model_name?: string}, keyword_setting?:
                    {keyword_weight?: number}}, metadata_filtering_conditions?: {logical_operator?: and|or,
                    conditions?: [{name: string, comparison_operator: contains|not contains|start with|end with|is|is
                    not|empty|not empty|in|not in|=|≠|>|<|≥|≤|before|after, value?: string | [string] | number}]}}``
            embedding_model: Embedding model name. Use the `model` field from `models.list` with
                `model_type=text-embedding`.
            embedding_model_provider: Embedding model provider. Use the `provider` field from `models.list` with
                `model_type=text-embedding`.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, RateLimited, Quota, Unauthorized, Forbidden,
                Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are
                :class:`difypool.Error`.

        Example:
            >>> reply = await client.documents.create_by_file(
            ...     dataset_id=dataset_id,
            ...     file=Path("guide.md"),
            ...     indexing_technique="economy",
            ...     process_rule={"mode": "automatic"},
            ... )
        """
        return await self._client._upload("documents.create_by_file", "file", {
            "dataset_id": dataset_id,
            "file": file,
            "indexing_technique": indexing_technique,
            "doc_form": doc_form,
            "doc_language": doc_language,
            "process_rule": process_rule,
            "retrieval_model": retrieval_model,
            "embedding_model": embedding_model,
            "embedding_model_provider": embedding_model_provider,
        }, options)

    async def update_by_file(
        self,
        *,
        dataset_id: str,
        document_id: str,
        file: FileArg | None = None,
        doc_form: Literal["text_model", "hierarchical_model", "qa_model"] | None = None,
        doc_language: str | None = None,
        process_rule: Mapping[str, Any] | None = None,
        retrieval_model: Mapping[str, Any] | None = None,
        embedding_model: str | None = None,
        embedding_model_provider: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Update Document by File.

        Updates a document from a file and indexes it again. Newer servers have `documents.update` for it.

        Dify route: ``POST /datasets/{dataset_id}/documents/{document_id}/update-by-file``. A write: never repeated
        blindly; a repeat looks first whether it happened.
        Server versions <=1.12.1: The indexing worker hangs for good; every later document stays `waiting` until the
        worker is restarted. Refused as `unsupported` unless `allow_hazard` is set.
        Server versions <=1.12.1: The message of a 413 holds a literal `{message}`: go by its code.

        Args:
            dataset_id: Knowledge base ID. From `datasets.list`.
            document_id: Document ID. From `documents.list`.
            file: The file; left out, only the rules change. Its name becomes the document's. At most 15728640 bytes.
                A `pathlib.Path`, an open binary file, `(name, bytes)` or `(name, bytes, type)`; large ones flow
                through in pieces.
            doc_form: `text_model` for standard text chunking, `hierarchical_model` for parent-child chunk structure,
                `qa_model` for question-answer pair extraction. Server's default: 'text_model'.
            doc_language: Language of the document for processing optimization. Server's default: 'English'.
            process_rule: Processing rules for chunking.
                Of the form ``{mode: automatic|custom|hierarchical, rules?: {pre_processing_rules?: [{id?:
                    remove_stopwords|remove_extra_spaces|remove_urls_emails, enabled?: boolean}], segmentation?:
                    {separator?: string, max_tokens?: integer, chunk_overlap?: integer}, parent_mode?:
                    full-doc|paragraph, subchunk_segmentation?: {separator?: string, max_tokens?: integer,
                    chunk_overlap?: integer}}}``
            retrieval_model: Controls how chunks are searched and ranked when querying this knowledge base.
                Of the form ``{search_method: keyword_search|semantic_search|full_text_search|hybrid_search,
                    reranking_enable: boolean, reranking_model?: {reranking_provider_name?: string,
                    reranking_model_name?: string}, reranking_mode?: reranking_model|weighted_score, top_k: integer,
                    score_threshold_enabled: boolean, score_threshold?: number, weights?: {weight_type?:
                    semantic_first|keyword_first|customized, vector_setting?: {vector_weight?: number,
                    embedding_provider_name?: string, embedding_model_name?: string}, keyword_setting?:
                    {keyword_weight?: number}}, metadata_filtering_conditions?: {logical_operator?: and|or,
                    conditions?: [{name: string, comparison_operator: contains|not contains|start with|end with|is|is
                    not|empty|not empty|in|not in|=|≠|>|<|≥|≤|before|after, value?: string | [string] | number}]}}``
            embedding_model: Embedding model name. Use the `model` field from `models.list` with
                `model_type=text-embedding`.
            embedding_model_provider: Embedding model provider. Use the `provider` field from `models.list` with
                `model_type=text-embedding`.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, RateLimited, Quota, Unauthorized, Forbidden,
                Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are
                :class:`difypool.Error`.

        Example:
            >>> reply = await client.documents.update_by_file(
            ...     dataset_id=dataset_id,
            ...     document_id=document_id,
            ...     file=Path("guide.md"),
            ... )
        """
        return await self._client._upload("documents.update_by_file", "file", {
            "dataset_id": dataset_id,
            "document_id": document_id,
            "file": file,
            "doc_form": doc_form,
            "doc_language": doc_language,
            "process_rule": process_rule,
            "retrieval_model": retrieval_model,
            "embedding_model": embedding_model,
            "embedding_model_provider": embedding_model_provider,
        }, options)

    async def update(
        self,
        *,
        dataset_id: str,
        document_id: str,
        file: FileArg | None = None,
        doc_form: Literal["text_model", "hierarchical_model", "qa_model"] | None = None,
        doc_language: str | None = None,
        process_rule: Mapping[str, Any] | None = None,
        retrieval_model: Mapping[str, Any] | None = None,
        embedding_model: str | None = None,
        embedding_model_provider: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Update Document.

        Updates a document from a file and indexes it again; track it with the returned `batch` ID via
        `documents.indexing_status`.

        Dify route: ``PATCH /datasets/{dataset_id}/documents/{document_id}``. A write: never repeated blindly; a
        repeat looks first whether it happened.
        Server versions <=1.12.1 do not have it.

        Args:
            dataset_id: Knowledge base ID. From `datasets.list`.
            document_id: Document ID. From `documents.list`.
            file: The file; left out, only the rules change. Its name becomes the document's. At most 15728640 bytes.
                A `pathlib.Path`, an open binary file, `(name, bytes)` or `(name, bytes, type)`; large ones flow
                through in pieces.
            doc_form: `text_model` for standard text chunking, `hierarchical_model` for parent-child chunk structure,
                `qa_model` for question-answer pair extraction. Server's default: 'text_model'.
            doc_language: Language of the document for processing optimization. Server's default: 'English'.
            process_rule: Processing rules for chunking.
                Of the form ``{mode: automatic|custom|hierarchical, rules?: {pre_processing_rules?: [{id?:
                    remove_stopwords|remove_extra_spaces|remove_urls_emails, enabled?: boolean}], segmentation?:
                    {separator?: string, max_tokens?: integer, chunk_overlap?: integer}, parent_mode?:
                    full-doc|paragraph, subchunk_segmentation?: {separator?: string, max_tokens?: integer,
                    chunk_overlap?: integer}}}``
            retrieval_model: Controls how chunks are searched and ranked when querying this knowledge base.
                Of the form ``{search_method: keyword_search|semantic_search|full_text_search|hybrid_search,
                    reranking_enable: boolean, reranking_model?: {reranking_provider_name?: string,
                    reranking_model_name?: string}, reranking_mode?: reranking_model|weighted_score, top_k: integer,
                    score_threshold_enabled: boolean, score_threshold?: number, weights?: {weight_type?:
                    semantic_first|keyword_first|customized, vector_setting?: {vector_weight?: number,
                    embedding_provider_name?: string, embedding_model_name?: string}, keyword_setting?:
                    {keyword_weight?: number}}, metadata_filtering_conditions?: {logical_operator?: and|or,
                    conditions?: [{name: string, comparison_operator: contains|not contains|start with|end with|is|is
                    not|empty|not empty|in|not in|=|≠|>|<|≥|≤|before|after, value?: string | [string] | number}]}}``
            embedding_model: Embedding model name. Use the `model` field from `models.list` with
                `model_type=text-embedding`.
            embedding_model_provider: Embedding model provider. Use the `provider` field from `models.list` with
                `model_type=text-embedding`.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, RateLimited, Quota, Unsupported, Unauthorized,
                Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol:
                all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.documents.update(
            ...     dataset_id=dataset_id,
            ...     document_id=document_id,
            ...     file=Path("guide.md"),
            ... )
        """
        return await self._client._upload("documents.update", "file", {
            "dataset_id": dataset_id,
            "document_id": document_id,
            "file": file,
            "doc_form": doc_form,
            "doc_language": doc_language,
            "process_rule": process_rule,
            "retrieval_model": retrieval_model,
            "embedding_model": embedding_model,
            "embedding_model_provider": embedding_model_provider,
        }, options)

    if TYPE_CHECKING:

        @overload
        def download_zip(
            self,
            *,
            dataset_id: str,
            document_ids: Sequence[Any],
            stream: Literal[True],
            **options: Unpack[StreamOptions],
        ) -> AsyncDownload: ...

        @overload
        def download_zip(
            self,
            *,
            dataset_id: str,
            document_ids: Sequence[Any],
            stream: Literal[False] = False,
            **options: Unpack[CallOptions],
        ) -> Coroutine[Any, Any, Reply]: ...

    def download_zip(
        self,
        *,
        dataset_id: str,
        document_ids: Sequence[Any],
        stream: bool = False,
        **options: Any,
    ) -> Any:
        """Download Documents as ZIP.

        Downloads documents as one ZIP archive. Only documents that were uploaded as files can be in it.

        Dify route: ``POST /datasets/{dataset_id}/documents/download-zip``. A read: repeated at will.
        Server versions <=1.12.1 do not have it.

        Args:
            dataset_id: Knowledge base ID. From `datasets.list`.
            document_ids: IDs of the documents. Get them from `documents.list`. 1..100 entries.
                Of the form ``[string]``
            stream: True gives a :class:`difypool.AsyncDownload`, whose bytes come in pieces; otherwise
                `reply.content` holds them.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.
                With a stream also idle (s), total (s), keep_run, buffer; see StreamOptions.

        Raises:
            InvalidRequest, NotFound, RateLimited, Quota, Unsupported, Unauthorized, Forbidden, Overloaded,
                ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are
                :class:`difypool.Error`.

        Example:
            >>> reply = await client.documents.download_zip(dataset_id=dataset_id, document_ids=[document_id])
        """
        carry = self._client._stream if stream else self._client._method
        return carry("documents.download_zip", {
            "dataset_id": dataset_id,
            "document_ids": document_ids,
        }, options)

    async def wait(
        self,
        *,
        dataset_id: str,
        ids: Sequence[Any],
        stall_ms: int | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Wait until documents are indexed.

        Returns when each of the documents is completed, failed, paused or gone: `{total, completed, failed, open,
        documents: [{id, status, error}]}`. Read as a stream it tells progress. All that wait in one knowledge base
        share the lists that are asked of the server. Give it a deadline; `timeout`, code `indexing_stalled`, comes
        before it where nothing moves.

        Made of several calls: no server has it. Calling it again changes nothing.

        Args:
            dataset_id: Knowledge base ID.
            ids: Document IDs. At most 100000 entries.
                Of the form ``[uuid]``
            stall_ms: How long nothing may move; 120,000 and 5,000 more for each document that is not done, unless
                given. 1000..86400000.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled,
                BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.documents.wait(dataset_id=dataset_id, ids=[document_id])
        """
        return await self._client._method("documents.wait", {
            "dataset_id": dataset_id,
            "ids": ids,
            "stall_ms": stall_ms,
        }, options)


class EndUsers:
    """Operations of the group ``end_users``."""

    __slots__ = ("_client",)

    def __init__(self, client: _Caller) -> None:
        self._client = client

    async def get(
        self,
        *,
        end_user_id: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Get End User Info.

        Returns an end user's details by ID. Useful for resolving an end-user ID returned by another endpoint, such as
        `created_by` in the Upload File response. Apps: Chatflow, Workflow, New Agent, Chatbot, Agent, Text Generator.

        Dify route: ``GET /end-users/{end_user_id}``. A read: repeated at will.
        Server versions <=1.12.1 do not have it.

        Args:
            end_user_id: ID of the end user to look up.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Unsupported, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls,
                Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.end_users.get(end_user_id=end_user_id)
        """
        return await self._client._method("end_users.get", {
            "end_user_id": end_user_id,
        }, options)


class Files:
    """Operations of the group ``files``."""

    __slots__ = ("_client",)

    def __init__(self, client: _Caller) -> None:
        self._client = client

    async def upload(
        self,
        *,
        file: FileArg,
        user: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Upload File.

        Uploads a file and returns its `id` for later requests to refer to. Only requests with the same `user` can.
        Which types an app consumes stands in its file-upload settings, in `apps.parameters`. Apps: Chatflow,
        Workflow, New Agent, Chatbot, Agent, Text Generator.

        Dify route: ``POST /files/upload``. A write: never repeated once a byte may have reached the server.
        Server versions <=1.12.1: The message of a 413 holds a literal `{message}`: go by its code.

        Args:
            file: The file. Its name may hold neither `/` nor `\\`; it must have a media type. By default images may
                have 10 MB, audio 50 MB, video 100 MB, others 15 MB. At most 104857600 bytes. A `pathlib.Path`, an
                open binary file, `(name, bytes)` or `(name, bytes, type)`; large ones flow through in pieces.
            user: End-user identifier, defined by your app and unique within it. Left out, the file belongs to the
                shared `DEFAULT-USER`.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable,
                Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.files.upload(file=Path("guide.md"), user="abc-123")
        """
        return await self._client._upload("files.upload", "file", {
            "file": file,
            "user": user,
        }, options)

    if TYPE_CHECKING:

        @overload
        def preview(
            self,
            *,
            file_id: str,
            as_attachment: bool | None = None,
            user: str | None = None,
            stream: Literal[True],
            **options: Unpack[StreamOptions],
        ) -> AsyncDownload: ...

        @overload
        def preview(
            self,
            *,
            file_id: str,
            as_attachment: bool | None = None,
            user: str | None = None,
            stream: Literal[False] = False,
            **options: Unpack[CallOptions],
        ) -> Coroutine[Any, Any, Reply]: ...

    def preview(
        self,
        *,
        file_id: str,
        as_attachment: bool | None = None,
        user: str | None = None,
        stream: bool = False,
        **options: Any,
    ) -> Any:
        """Download File.

        Returns the bytes of a file that was uploaded with `files.upload`, once a message of this app refers to it.
        Apps: Chatflow, Chatbot, Agent, Text Generator.

        Dify route: ``GET /files/{file_id}/preview``. A read: repeated at will.

        Args:
            file_id: ID of the file, from `files.upload`.
            as_attachment: Whether to name the file in Content-Disposition, as a download. Server's default: False.
            user: End-user identifier, defined by your app and unique within it. It has no effect on access here.
            stream: True gives a :class:`difypool.AsyncDownload`, whose bytes come in pieces; otherwise
                `reply.content` holds them.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.
                With a stream also idle (s), total (s), keep_run, buffer; see StreamOptions.

        Raises:
            InvalidRequest, NotFound, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout,
                Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.files.preview(file_id=file_id, as_attachment=True, user="abc-123")
        """
        carry = self._client._stream if stream else self._client._method
        return carry("files.preview", {
            "file_id": file_id,
            "as_attachment": as_attachment,
            "user": user,
        }, options)


class HumanInput:
    """Operations of the group ``human_input``."""

    __slots__ = ("_client",)

    def __init__(self, client: _Caller) -> None:
        self._client = client

    async def get(
        self,
        *,
        form_token: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Get Human Input Form.

        Returns the contents of a paused Human Input form. Requires WebApp delivery. Apps: Chatflow, Workflow.

        Dify route: ``GET /form/human_input/{form_token}``. A read: repeated at will.
        Server versions <=1.12.1 do not have it.

        Args:
            form_token: Access token for the paused form, returned in the `human_input_required` event from the Run
                Workflow or Send Chat Message endpoint in streaming mode.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Unsupported, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout,
                Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.human_input.get(form_token=form_token)
        """
        return await self._client._method("human_input.get", {
            "form_token": form_token,
        }, options)

    async def submit(
        self,
        *,
        form_token: str,
        inputs: Mapping[str, Any],
        action: str,
        user: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Submit Human Input Form.

        Submits the recipient's response to a paused Human Input form. On acceptance the workflow resumes; follow the
        resumed run via Stream Workflow Events. Requires WebApp delivery. Apps: Chatflow, Workflow.

        Dify route: ``POST /form/human_input/{form_token}``. A write: never repeated once a byte may have reached the
        server.
        Server versions <=1.12.1 do not have it.

        Args:
            form_token: Access token for the paused form, returned in the `human_input_required` event from the Run
                Workflow or Send Chat Message endpoint in streaming mode.
            inputs: Submitted values keyed by each input's `output_variable_name`. Paragraph and select inputs take a
                string; a `file` input takes one file mapping; a `file-list` input takes an array of file mappings.
            action: ID of the action button the recipient selected. Must match one of the `id` values from the form's
                `user_actions` list (returned by `human_input.get`).
            user: End-user identifier, defined by your app and unique within it. Service API and WebApp user IDs are
                separate, even when identical.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unsupported, Unauthorized, Forbidden, Overloaded, ServerError,
                Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.human_input.submit(
            ...     form_token=form_token,
            ...     inputs={"feedback": "Looks good"},
            ...     action="approve",
            ...     user="abc-123",
            ... )
        """
        return await self._client._method("human_input.submit", {
            "form_token": form_token,
            "inputs": inputs,
            "action": action,
            "user": user,
        }, options)


class Messages:
    """Operations of the group ``messages``."""

    __slots__ = ("_client",)

    def __init__(self, client: _Caller) -> None:
        self._client = client

    async def suggested(
        self,
        *,
        message_id: str,
        user: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Get Next Suggested Questions.

        Returns the follow-up questions suggested for a message. Apps: Chatflow, New Agent, Chatbot, Agent.

        Dify route: ``GET /messages/{message_id}/suggested``. A read: repeated at will.

        Args:
            message_id: ID of the message to get suggestions for. Get it from a chat response or `messages.list`.
            user: End-user identifier, defined by your app and unique within it.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout,
                Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.messages.suggested(message_id=message_id, user="abc-123")
        """
        return await self._client._method("messages.suggested", {
            "message_id": message_id,
            "user": user,
        }, options)

    async def list(
        self,
        *,
        conversation_id: str,
        user: str | None = None,
        first_id: str | None = None,
        limit: int | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """List Conversation Messages.

        Returns a conversation's message history, newest first. Pass `first_id` to page backward into older messages.
        Apps: Chatflow, New Agent, Chatbot, Agent.

        Dify route: ``GET /messages``. A read: repeated at will.

        Args:
            conversation_id: ID of the conversation to read. Get conversation IDs from `conversations.list`.
            user: End-user identifier, defined by your app and unique within it.
            first_id: Pagination cursor: the `id` of the first message on the current page. Pass it to fetch the
                previous (older) page; omit to fetch the latest messages.
            limit: Number of chat history messages to return per request. 1..100. Server's default: 20.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled,
                BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.messages.list(conversation_id=conversation_id, limit=20, user="abc-123")
        """
        return await self._client._method("messages.list", {
            "conversation_id": conversation_id,
            "user": user,
            "first_id": first_id,
            "limit": limit,
        }, options)

    def iter(
        self,
        *,
        conversation_id: str,
        user: str | None = None,
        **options: Unpack[CallOptions],
    ) -> AsyncIterator[dict[str, Any]]:
        """All entries of :meth:`list`: newest first, 100 at a time, each before the earliest one's id."""
        return self._client._pages("messages.list", {
            "conversation_id": conversation_id,
            "user": user,
        }, options, "first_id")

    async def feedback(
        self,
        *,
        message_id: str,
        user: str,
        rating: Literal["like", "dislike"] | None = None,
        content: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Submit Message Feedback.

        Records a `like` or `dislike` rating, plus an optional comment, on a message. Submitting `null` for `rating`
        revokes the message's existing feedback. Apps: Chatflow, Chatbot, Agent, Text Generator.

        Dify route: ``POST /messages/{message_id}/feedbacks``. A write: never repeated blindly; a repeat looks first
        whether it happened.

        Args:
            message_id: ID of the message to give feedback on. Get message IDs from `messages.list`.
            rating: Feedback rating. Set to `null` to revoke previously submitted feedback.
            user: End-user identifier, defined by your app and unique within it. Must match the `user` that received
                the message, since feedback is scoped to that end user.
            content: Optional text feedback providing additional detail.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError,
                Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.messages.feedback(message_id=message_id, rating="like", user="abc-123")
        """
        return await self._client._method("messages.feedback", {
            "message_id": message_id,
            "rating": rating,
            "user": user,
            "content": content,
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
        """List Metadata Fields.

        Returns all metadata fields for the knowledge base, both custom and built-in, with the count of documents
        using each field.

        Dify route: ``GET /datasets/{dataset_id}/metadata``. A read: repeated at will.

        Args:
            dataset_id: Knowledge base ID. See `datasets.list`.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout,
                Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.metadata.list(dataset_id=dataset_id)
        """
        return await self._client._method("metadata.list", {
            "dataset_id": dataset_id,
        }, options)

    def iter(
        self,
        *,
        dataset_id: str,
        **options: Unpack[CallOptions],
    ) -> AsyncIterator[dict[str, Any]]:
        """The entries of :meth:`list`, which come all at once."""
        return self._client._pages("metadata.list", {
            "dataset_id": dataset_id,
        }, options, "")

    async def create(
        self,
        *,
        dataset_id: str,
        type: Literal["string", "number", "time"],
        name: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Create Metadata Field.

        Create a custom metadata field for annotating documents in the knowledge base with structured information.

        Dify route: ``POST /datasets/{dataset_id}/metadata``. A write: never repeated blindly; a repeat looks first
        whether it happened.

        Args:
            dataset_id: Knowledge base ID. See `datasets.list`.
            type: `string` for text values, `number` for numeric values, `time` for date/time values.
            name: Name for the metadata field. Must be unique among the knowledge base's fields and at most 255
                characters.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, RateLimited, Quota, Unauthorized, Forbidden,
                Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are
                :class:`difypool.Error`.

        Example:
            >>> reply = await client.metadata.create(dataset_id=dataset_id, type="string", name="url")
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
        """Update Metadata Field.

        Rename a custom metadata field.

        Dify route: ``PATCH /datasets/{dataset_id}/metadata/{metadata_id}``. A write: never repeated blindly; a repeat
        looks first whether it happened.
        Server versions <=1.12.1: A field that does not exist is a 200 with nulls.
        Server versions <=1.12.1: Documents that are disabled or not completed lose their value for the field.

        Args:
            dataset_id: Knowledge base ID. See `datasets.list`.
            metadata_id: ID of the metadata field to rename. See `metadata.list`.
            name: New name for the field. Must be unique among the knowledge base's fields and at most 255 characters.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, RateLimited, Quota, Unauthorized, Forbidden,
                Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are
                :class:`difypool.Error`.

        Example:
            >>> reply = await client.metadata.update(dataset_id=dataset_id, metadata_id=metadata_id, name="address")
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
        """Delete Metadata Field.

        Permanently delete a custom metadata field. Documents that used the field lose their values for it.

        Dify route: ``DELETE /datasets/{dataset_id}/metadata/{metadata_id}``. A write: never repeated blindly; a
        repeat looks first whether it happened.

        Args:
            dataset_id: Knowledge base ID. See `datasets.list`.
            metadata_id: ID of the metadata field to delete. See `metadata.list`.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, RateLimited, Quota, Unauthorized, Forbidden,
                Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are
                :class:`difypool.Error`.

        Example:
            >>> reply = await client.metadata.delete(dataset_id=dataset_id, metadata_id=metadata_id)
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
        """Get Built-in Metadata Fields.

        Returns the built-in metadata fields provided by the system.

        Dify route: ``GET /datasets/{dataset_id}/metadata/built-in``. A read: repeated at will.

        Args:
            dataset_id: Knowledge base ID. See `datasets.list`.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout,
                Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.metadata.built_in(dataset_id=dataset_id)
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
        """Update Built-in Metadata Field.

        Enable or disable built-in metadata fields for the knowledge base.

        Dify route: ``POST /datasets/{dataset_id}/metadata/built-in/{action}``. A write: never repeated blindly; a
        repeat looks first whether it happened.

        Args:
            dataset_id: Knowledge base ID. See `datasets.list`.
            action: `enable` to activate built-in metadata fields, `disable` to deactivate them.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, RateLimited, Quota, Unauthorized, Forbidden,
                Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are
                :class:`difypool.Error`.

        Example:
            >>> reply = await client.metadata.toggle_built_in(dataset_id=dataset_id, action="enable")
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
        """Update Document Metadata in Batch.

        Update metadata values for multiple documents in a single request.

        Dify route: ``POST /datasets/{dataset_id}/documents/metadata``. A write: never repeated blindly; a repeat
        looks first whether it happened.
        Server versions <=1.12.1: A value that could not be kept (an unknown document or field, a NUL) is a 200 all
        the same: read back what matters.
        Server versions <=1.12.1: Partial writes to one document at once are all 200 and some are lost: one at a time
        for each document.

        Args:
            dataset_id: Knowledge base ID. See `datasets.list`.
            operation_data: Document metadata update operations, one entry per document.
                Of the form ``[{document_id: string, metadata_list: [{id: string, name: string, value?: any}],
                    partial_update?: boolean}]``
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, RateLimited, Quota, Unauthorized, Forbidden,
                Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are
                :class:`difypool.Error`.

        Example:
            >>> reply = await client.metadata.assign(
            ...     dataset_id=dataset_id,
            ...     operation_data=[{"document_id": document_id, "metadata_list": [{"id": metadata_id, "name": "url", "value": "https://example.org/guide"}], "partial_update": True}],
            ... )
        """
        return await self._client._method("metadata.assign", {
            "dataset_id": dataset_id,
            "operation_data": operation_data,
        }, options)

    async def ensure(
        self,
        *,
        dataset_id: str,
        fields: Sequence[Any],
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Find or create metadata fields.

        Metadata fields of those names and types, created where they are missing: `{fields: [{id, name, type,
        created}]}` in the order asked for. One at a time for a knowledge base across all callers of the service. A
        field that is there with another type is a `conflict`.

        Made of several calls: no server has it. Calling it again changes nothing.

        Args:
            dataset_id: Knowledge base ID.
            fields: Names and types; `string` where no type is given. 1..200 entries.
                Of the form ``[{name: string, type?: string|number|time}]``
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable,
                Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.metadata.ensure(
            ...     dataset_id=dataset_id,
            ...     fields=[{"name": "author", "type": "string"}, {"name": "year", "type": "number"}],
            ... )
        """
        return await self._client._method("metadata.ensure", {
            "dataset_id": dataset_id,
            "fields": fields,
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
        """Get Available Models.

        Returns the available models of a given type. Use it to find the `text-embedding` and `rerank` models to
        configure on a knowledge base.

        Dify route: ``GET /workspaces/current/models/model-types/{model_type}``. A read: repeated at will.

        Args:
            model_type: Type of model to retrieve. For knowledge base configuration, use `text-embedding` for
                embedding models or `rerank` for reranking models.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled,
                BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.models.list(model_type="text-embedding")
        """
        return await self._client._method("models.list", {
            "model_type": model_type,
        }, options)

    def iter(
        self,
        *,
        model_type: Literal["text-embedding", "rerank", "llm", "tts", "speech2text", "moderation"],
        **options: Unpack[CallOptions],
    ) -> AsyncIterator[dict[str, Any]]:
        """The entries of :meth:`list`, which come all at once."""
        return self._client._pages("models.list", {
            "model_type": model_type,
        }, options, "")


class Pages:
    """Operations of the group ``pages``."""

    __slots__ = ("_client",)

    def __init__(self, client: _Caller) -> None:
        self._client = client

    async def push(
        self,
        pages: AsyncIterable[PageLike] | Iterable[PageLike],
        *,
        dataset_id: str | None = None,
        dataset: str | None = None,
        set: str | None = None,
        process_rule: Mapping[str, Any] | None = None,
        preset: Literal["marked_sections", "marked_parent_child"] | None = None,
        doc_form: Literal["text_model", "hierarchical_model", "qa_model"] | None = None,
        doc_language: str | None = None,
        indexing_technique: Literal["high_quality", "economy"] | None = None,
        wait: bool | None = None,
        prune: bool | None = None,
        prune_adopted: bool | None = None,
        max_delete: int | None = None,
        adopt: bool | None = None,
        rechunk: bool | None = None,
        mend: bool | None = None,
        dry_run: bool | None = None,
        on_duplicate: Literal["error", "last", "number"] | None = None,
        progress: bool | Callable[[Progress], object] = False,
        **options: Unpack[PushOptions],
    ) -> Summary:
        """Make a knowledge base hold pages.

        Make the knowledge base hold exactly these pages' current text: new ones are created, changed ones written
        anew, unchanged ones not sent; metadata goes many documents a call and is read back. Doing it twice changes
        nothing. `{dataset_id, created, updated, adopted, unchanged, duplicates, skipped, failed, deleted, …, results:
        [{key, outcome, document_id, name, error}]}`. Read as a stream, results come as events; without `pages` it is
        a session whose pages come one by one. A page that fails harms no other.

        Made of several calls: no server has it. Calling it again changes nothing.

        Args:
            pages: any iterable, of :class:`difypool.Page` or dicts with its members; a generator's pages are taken as
                fast as they can be carried out.
            dataset_id: Knowledge base ID; or `dataset`.
            dataset: Name of the knowledge base, created if there is none. 1..40 characters.
            set: Label of this source's pages: letters, digits, `.`, `_`, `-`. Only documents of the same set are
                pruned. 1..64 characters. Server's default: 'default'.
            process_rule: How texts are cut; as in `documents.create_by_text`. Otherwise custom, cut at blank lines,
                1,000 tokens, 50 of overlap.
            preset: A rule for texts that were marked up for it, instead of `process_rule`.
            doc_form: Form of the documents; `text_model` unless given. A knowledge base keeps the form of its first
                document.
            doc_language: Language of the documents.
            indexing_technique: Technique of a new knowledge base; `high_quality`, which needs an embedding model,
                unless given. An existing one keeps its own.
            wait: Wait until what was written is indexed. Server's default: False.
            prune: Delete documents of this set that no page is, if no page failed. Server's default: False.
            prune_adopted: Prune adopted documents, too. Server's default: False.
            max_delete: Percent of the set's documents that may be pruned; above it nothing is, and the push is a
                `conflict`. 0..100. Server's default: 10.
            adopt: Take over a document of another program whose `source_url` is the page's. Server's default: True.
            rechunk: Write unchanged pages anew whose rule has changed. Server's default: False.
            mend: Enable and un-archive documents that a changed page needs; otherwise they are skipped. Server's
                default: False.
            dry_run: Tell what would be done, and send no write. Server's default: False.
            on_duplicate: What becomes of a second page of one key with another text. Server's default: 'error'.
            progress: True shows a line on standard error; a callable gets a :class:`difypool.Progress` now and then.
            options: deadline (s; none by default), idle (s), priority, validate; see PushOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable,
                Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.pages.push(
            ...     [{"url": "https://example.org/guide", "title": "Guide", "text": "How to install, and what to do then."}],
            ...     dataset="Guides",
            ...     indexing_technique="economy",
            ... )
        """
        return await self._client._push("pages.push", pages, {
            "dataset_id": dataset_id,
            "dataset": dataset,
            "set": set,
            "process_rule": process_rule,
            "preset": preset,
            "doc_form": doc_form,
            "doc_language": doc_language,
            "indexing_technique": indexing_technique,
            "wait": wait,
            "prune": prune,
            "prune_adopted": prune_adopted,
            "max_delete": max_delete,
            "adopt": adopt,
            "rechunk": rechunk,
            "mend": mend,
            "dry_run": dry_run,
            "on_duplicate": on_duplicate,
        }, progress, options)


class Pipelines:
    """Operations of the group ``pipelines``."""

    __slots__ = ("_client",)

    def __init__(self, client: _Caller) -> None:
        self._client = client

    async def datasource_plugins(
        self,
        *,
        dataset_id: str,
        is_published: bool | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """List Datasource Plugins.

        Returns the datasource nodes configured in the knowledge pipeline, each with the plugin it uses and the
        metadata needed to run it.

        Dify route: ``GET /datasets/{dataset_id}/pipeline/datasource-plugins``. A read: repeated at will.
        Server versions <=1.12.1 do not have it.

        Args:
            dataset_id: Knowledge base ID, from `datasets.list`.
            is_published: Whether to read nodes from the published pipeline version rather than the draft. Server's
                default: True.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Unsupported, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls,
                Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.pipelines.datasource_plugins(dataset_id=dataset_id, is_published=True)
        """
        return await self._client._method("pipelines.datasource_plugins", {
            "dataset_id": dataset_id,
            "is_published": is_published,
        }, options)

    async def upload_file(
        self,
        *,
        file: FileArg,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Upload Pipeline File.

        Uploads a file for a knowledge pipeline. Its `id` is the `reference` of a `local_file` item in
        `pipelines.run`.

        Dify route: ``POST /datasets/pipeline/file-upload``. A write: never repeated once a byte may have reached the
        server.
        Server versions <=1.12.1 do not have it.

        Args:
            file: The file. By default images may have 10 MB, audio 50 MB, video 100 MB, others 15 MB. At most
                104857600 bytes. A `pathlib.Path`, an open binary file, `(name, bytes)` or `(name, bytes, type)`;
                large ones flow through in pieces.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unsupported, Unauthorized, Forbidden, Overloaded, ServerError,
                Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.pipelines.upload_file(file=Path("guide.md"))
        """
        return await self._client._upload("pipelines.upload_file", "file", {
            "file": file,
        }, options)

    if TYPE_CHECKING:

        @overload
        def run_datasource(
            self,
            *,
            dataset_id: str,
            node_id: str,
            inputs: Mapping[str, Any],
            datasource_type: Literal["online_document", "local_file", "website_crawl", "online_drive"],
            is_published: bool,
            credential_id: str | None = None,
            stream: Literal[True],
            **options: Unpack[StreamOptions],
        ) -> AsyncStream: ...

        @overload
        def run_datasource(
            self,
            *,
            dataset_id: str,
            node_id: str,
            inputs: Mapping[str, Any],
            datasource_type: Literal["online_document", "local_file", "website_crawl", "online_drive"],
            is_published: bool,
            credential_id: str | None = None,
            stream: Literal[False] = False,
            **options: Unpack[CallOptions],
        ) -> Coroutine[Any, Any, Reply]: ...

    def run_datasource(
        self,
        *,
        dataset_id: str,
        node_id: str,
        inputs: Mapping[str, Any],
        datasource_type: Literal["online_document", "local_file", "website_crawl", "online_drive"],
        is_published: bool,
        credential_id: str | None = None,
        stream: bool = False,
        **options: Any,
    ) -> Any:
        """Run Datasource Node.

        Runs a single datasource node of the knowledge pipeline and streams its events.

        Dify route: ``POST /datasets/{dataset_id}/pipeline/datasource/nodes/{node_id}/run``. A write: never repeated
        once a byte may have reached the server.
        Server versions <=1.12.1 do not have it.

        Args:
            dataset_id: Knowledge base ID. From `datasets.list`.
            node_id: ID of the datasource node, from `pipelines.datasource_plugins`.
            inputs: Input variables of the datasource node.
            datasource_type: Type of the datasource.
            credential_id: ID of the credential to use, from `credentials` of `pipelines.datasource_plugins`.
            is_published: Whether to run the published version of the node instead of the draft.
            stream: True gives the events as they come, as a :class:`difypool.AsyncStream`; otherwise one answer is
                put together.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.
                With a stream also idle (s), total (s), keep_run, buffer; see StreamOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, Unsupported, Unauthorized, Forbidden, Overloaded,
                ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are
                :class:`difypool.Error`.

        Example:
            >>> reply = await client.pipelines.run_datasource(
            ...     dataset_id=dataset_id,
            ...     node_id=node_id,
            ...     inputs={},
            ...     datasource_type="online_document",
            ...     is_published=True,
            ... )
        """
        carry = self._client._stream if stream else self._client._method
        return carry("pipelines.run_datasource", {
            "dataset_id": dataset_id,
            "node_id": node_id,
            "inputs": inputs,
            "datasource_type": datasource_type,
            "credential_id": credential_id,
            "is_published": is_published,
        }, options)

    if TYPE_CHECKING:

        @overload
        def run(
            self,
            *,
            dataset_id: str,
            inputs: Mapping[str, Any],
            datasource_type: Literal["local_file", "online_document", "website_crawl", "online_drive"],
            datasource_info_list: Sequence[Any],
            start_node_id: str,
            is_published: bool,
            response_mode: Literal["streaming", "blocking"] | None = None,
            stream: Literal[True],
            **options: Unpack[StreamOptions],
        ) -> AsyncStream: ...

        @overload
        def run(
            self,
            *,
            dataset_id: str,
            inputs: Mapping[str, Any],
            datasource_type: Literal["local_file", "online_document", "website_crawl", "online_drive"],
            datasource_info_list: Sequence[Any],
            start_node_id: str,
            is_published: bool,
            response_mode: Literal["streaming", "blocking"] | None = None,
            stream: Literal[False] = False,
            **options: Unpack[CallOptions],
        ) -> Coroutine[Any, Any, Reply]: ...

    def run(
        self,
        *,
        dataset_id: str,
        inputs: Mapping[str, Any],
        datasource_type: Literal["local_file", "online_document", "website_crawl", "online_drive"],
        datasource_info_list: Sequence[Any],
        start_node_id: str,
        is_published: bool,
        response_mode: Literal["streaming", "blocking"] | None = None,
        stream: bool = False,
        **options: Any,
    ) -> Any:
        """Run Pipeline.

        Runs the whole knowledge pipeline over one or more datasources, as events or with one answer.

        Dify route: ``POST /datasets/{dataset_id}/pipeline/run``. A write: never repeated once a byte may have reached
        the server.
        Server versions <=1.12.1 do not have it.

        Args:
            dataset_id: Knowledge base ID. From `datasets.list`.
            inputs: Values for the pipeline's input variables; empty if it has none.
            datasource_type: Type of the datasource. It decides what the items of `datasource_info_list` are.
            datasource_info_list: What to process: files uploaded with `pipelines.upload_file`, documents of another
                platform, pages to crawl, or files of a drive.
                Of the form ``[{reference: string, name?: string} | {workspace_id: string, page: {page_id: string,
                    type: string, page_name?: string}, credential_id?: string} | {url: string, title?: string} | {id:
                    string, type: file|folder, bucket?: string, name?: string}]``
            start_node_id: ID of the node to start from, from `pipelines.datasource_plugins`.
            is_published: Whether to run the published version of the pipeline instead of the draft.
            response_mode: Set by the pool, so leave it out: it asks for a stream, also where one answer is wanted,
                and puts that together; `blocking` is the same as the option `blocking`.
            stream: True gives the events as they come, as a :class:`difypool.AsyncStream`; otherwise one answer is
                put together.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.
                With a stream also idle (s), total (s), keep_run, buffer; see StreamOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, Unsupported, Unauthorized, Forbidden, Overloaded,
                ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are
                :class:`difypool.Error`.

        Example:
            >>> reply = await client.pipelines.run(
            ...     dataset_id=dataset_id,
            ...     inputs={},
            ...     datasource_type="local_file",
            ...     datasource_info_list=[{"reference": file_id, "name": "guide.md"}],
            ...     start_node_id=node_id,
            ...     is_published=True,
            ... )
        """
        carry = self._client._stream if stream else self._client._method
        return carry("pipelines.run", {
            "dataset_id": dataset_id,
            "inputs": inputs,
            "datasource_type": datasource_type,
            "datasource_info_list": datasource_info_list,
            "start_node_id": start_node_id,
            "is_published": is_published,
            "response_mode": response_mode,
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
        """Create Chunks.

        Create one or more chunks within a document.

        Dify route: ``POST /datasets/{dataset_id}/documents/{document_id}/segments``. A write: never repeated once a
        byte may have reached the server.

        Args:
            dataset_id: Knowledge base ID. Obtain it from `datasets.list`.
            document_id: Document ID. Obtain it from `documents.list`.
            segments: Array of chunk objects to create. At least 1 entries.
                Of the form ``[{content: string, answer?: string, keywords?: [string], attachment_ids?: [string]}]``
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, RateLimited, Quota, Unauthorized, Forbidden,
                Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are
                :class:`difypool.Error`.

        Example:
            >>> reply = await client.segments.create(
            ...     dataset_id=dataset_id,
            ...     document_id=document_id,
            ...     segments=[{"content": "Install it with apt.", "keywords": ["apt"]}],
            ... )
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
        """List Chunks.

        Returns a paginated list of chunks within a document, optionally filtered by keyword or indexing status.

        Dify route: ``GET /datasets/{dataset_id}/documents/{document_id}/segments``. A read: repeated at will.

        Args:
            dataset_id: Knowledge base ID. Obtain it from `datasets.list`.
            document_id: Document ID. Obtain it from `documents.list`.
            page: Page number. At least 1. Server's default: 1.
            limit: Number of items per page. Server caps at `100`. At least 1. Server's default: 20.
            status: Filter chunks by indexing status, e.g. `completed`, `indexing`, `error`.
            keyword: Search keyword.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout,
                Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.segments.list(dataset_id=dataset_id, document_id=document_id, limit=100)
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
        """All entries of :meth:`list`: pages of 100, by ``total``, repeats dropped by id."""
        return self._client._pages("segments.list", {
            "dataset_id": dataset_id,
            "document_id": document_id,
            "status": status,
            "keyword": keyword,
        }, options, "page")

    async def get(
        self,
        *,
        dataset_id: str,
        document_id: str,
        segment_id: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Get Chunk.

        Retrieve the full details of a single chunk.

        Dify route: ``GET /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}``. A read: repeated at
        will.

        Args:
            dataset_id: Knowledge base ID. Obtain it from `datasets.list`.
            document_id: Document ID. Obtain it from `documents.list`.
            segment_id: Chunk ID. Obtain it from `segments.list`.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout,
                Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.segments.get(dataset_id=dataset_id, document_id=document_id, segment_id=segment_id)
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
        """Update Chunk.

        Update a chunk's fields. The update re-triggers indexing for that chunk.

        Dify route: ``POST /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}``. A write: never
        repeated blindly; a repeat looks first whether it happened.

        Args:
            dataset_id: Knowledge base ID. Obtain it from `datasets.list`.
            document_id: Document ID. Obtain it from `documents.list`.
            segment_id: Chunk ID. Obtain it from `segments.list`.
            segment: Chunk data to update.
                Of the form ``{content?: string, answer?: string, keywords?: [string], enabled?: boolean,
                    regenerate_child_chunks?: boolean, attachment_ids?: [string], summary?: string}``
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, RateLimited, Quota, Unauthorized, Forbidden,
                Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are
                :class:`difypool.Error`.

        Example:
            >>> reply = await client.segments.update(
            ...     dataset_id=dataset_id,
            ...     document_id=document_id,
            ...     segment_id=segment_id,
            ...     segment={"content": "Install it with apt-get."},
            ... )
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
        """Delete Chunk.

        Permanently delete a chunk from the document.

        Dify route: ``DELETE /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}``. A write: never
        repeated blindly; a repeat looks first whether it happened.

        Args:
            dataset_id: Knowledge base ID. Obtain it from `datasets.list`.
            document_id: Document ID. Obtain it from `documents.list`.
            segment_id: Chunk ID. Obtain it from `segments.list`.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, NotFound, Conflict, UnknownOutcome, RateLimited, Quota, Unauthorized, Forbidden,
                Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are
                :class:`difypool.Error`.

        Example:
            >>> reply = await client.segments.delete(
            ...     dataset_id=dataset_id,
            ...     document_id=document_id,
            ...     segment_id=segment_id,
            ... )
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
        """Create Knowledge Tag.

        Create a tag for organizing knowledge bases.

        Dify route: ``POST /datasets/tags``. A write: never repeated blindly; a repeat looks first whether it
        happened.
        Server versions <=1.12.1: The tag is created, and the answer is a 400 of the server's own validation (`1
        validation error for DataSetTag`), without the new id.

        Args:
            name: Tag name. Must be unique within the workspace. 1..50 characters.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable,
                Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.tags.create(name="manuals")
        """
        return await self._client._method("tags.create", {
            "name": name,
        }, options)

    async def list(
        self,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """List Knowledge Tags.

        Returns all knowledge base tags in the workspace.

        Dify route: ``GET /datasets/tags``. A read: repeated at will.
        Server versions <=1.12.1: 400 as soon as one tag exists; `datasets.tags` works.

        Args:
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled,
                BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.tags.list()
        """
        return await self._client._method("tags.list", {}, options)

    def iter(
        self,
        **options: Unpack[CallOptions],
    ) -> AsyncIterator[dict[str, Any]]:
        """The entries of :meth:`list`, which come all at once."""
        return self._client._pages("tags.list", {}, options, "")

    async def update(
        self,
        *,
        tag_id: str,
        name: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Update Knowledge Tag.

        Rename a knowledge base tag.

        Dify route: ``PATCH /datasets/tags``. A write: never repeated blindly; a repeat looks first whether it
        happened.
        Server versions <=1.12.1: The tag is renamed, and the answer is a 400 of the server's own validation (`1
        validation error for DataSetTag`).

        Args:
            tag_id: ID of the tag to rename. See `tags.list`.
            name: New name for the tag. Must be unique within the workspace. 1..50 characters.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable,
                Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.tags.update(tag_id=tag_id, name="handbooks")
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
        """Delete Knowledge Tag.

        Permanently delete a knowledge base tag. Does not delete the knowledge bases that were tagged.

        Dify route: ``DELETE /datasets/tags``. A write: never repeated blindly; a repeat looks first whether it
        happened.

        Args:
            tag_id: ID of the tag to delete. See `tags.list`.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable,
                Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.tags.delete(tag_id=tag_id)
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
        """Create Tag Binding.

        Bind one or more tags to a knowledge base. A knowledge base can have multiple tags.

        Dify route: ``POST /datasets/tags/binding``. A write: never repeated blindly; a repeat looks first whether it
        happened.

        Args:
            tag_ids: IDs of the tags to bind. See `tags.list`. Unknown tag IDs are silently ignored. At least 1
                entries.
                Of the form ``[string]``
            target_id: Knowledge base to bind the tags to. See `datasets.list`.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable,
                Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.tags.bind(tag_ids=[tag_id], target_id=dataset_id)
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
        """Delete Tag Binding.

        Remove one or more tags from a knowledge base.

        Dify route: ``POST /datasets/tags/unbinding``. A write: never repeated blindly; a repeat looks first whether
        it happened.

        Args:
            tag_ids: Tags to unbind. Required unless `tag_id` is given. See `tags.list`. At least 1 entries.
                Of the form ``[string]``
            tag_id: One tag to unbind; the form that servers up to 1.12.1 take.
            target_id: Knowledge base to unbind the tags from. See `datasets.list`.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable,
                Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.tags.unbind(tag_id=tag_id, target_id=dataset_id)
        """
        return await self._client._method("tags.unbind", {
            "tag_ids": tag_ids,
            "tag_id": tag_id,
            "target_id": target_id,
        }, options)

    async def ensure(
        self,
        *,
        name: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Find or create a knowledge tag.

        The tag of exactly that name, created if there is none: `{id, name, created}`. One at a time for a name across
        all callers of the service. `unsupported` on servers up to 1.12.1, which cannot list their tags.

        Made of several calls: no server has it. Calling it again changes nothing.

        Args:
            name: Name of the tag. 1..50 characters.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable,
                Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.tags.ensure(name="guides")
        """
        return await self._client._method("tags.ensure", {
            "name": name,
        }, options)


class Workflows:
    """Operations of the group ``workflows``."""

    __slots__ = ("_client",)

    def __init__(self, client: _Caller) -> None:
        self._client = client

    async def stop(
        self,
        *,
        task_id: str,
        user: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Stop Workflow Task.

        Stop a running workflow task. Only supported in `streaming` mode. Apps: Workflow.

        Dify route: ``POST /workflows/tasks/{task_id}/stop``. A write: never repeated once a byte may have reached the
        server.

        Args:
            task_id: Task ID, from the streaming events of Run Workflow.
            user: End-user identifier, defined by your app and unique within it. Need not match the `user` that
                started the run; the stop applies to the task regardless of `user`.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable,
                Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.workflows.stop(task_id=task_id, user="abc-123")
        """
        return await self._client._method("workflows.stop", {
            "task_id": task_id,
            "user": user,
        }, options)

    async def get_run(
        self,
        *,
        workflow_run_id: str,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """Get Workflow Run Detail.

        Get a single workflow run's status, inputs, outputs, and execution metrics. Apps: Chatflow, Workflow.

        Dify route: ``GET /workflows/run/{workflow_run_id}``. A read: repeated at will.
        Server versions <=1.12.1: A run that does not exist is a 200 with nulls.

        Args:
            workflow_run_id: Workflow run ID, from the response or streaming events of Run Workflow, or from message
                metadata in Chatflow apps.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled,
                BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.workflows.get_run(workflow_run_id=workflow_run_id)
        """
        return await self._client._method("workflows.get_run", {
            "workflow_run_id": workflow_run_id,
        }, options)

    async def logs(
        self,
        *,
        keyword: str | None = None,
        status: Literal["succeeded", "failed", "stopped"] | None = None,
        page: int | None = None,
        limit: int | None = None,
        created_at__before: str | None = None,
        created_at__after: str | None = None,
        created_by_end_user_session_id: str | None = None,
        created_by_account: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Reply:
        """List Workflow Logs.

        List past workflow runs with optional filters. Each entry is a run-level summary (status, token usage, step
        count, and timing), not a node-by-node execution log. Apps: Chatflow, Workflow.

        Dify route: ``GET /workflows/logs``. A read: repeated at will.

        Args:
            keyword: Keyword to search in logs.
            status: Filter by execution status.
            page: Page number. 1..99999. Server's default: 1.
            limit: Number of items per page. 1..100. Server's default: 20.
            created_at__before: Filter logs created before this ISO 8601 timestamp. Form: date-time.
            created_at__after: Filter logs created after this ISO 8601 timestamp. Form: date-time.
            created_by_end_user_session_id: Filter by end user session ID.
            created_by_account: Filter by the creator's account email (e.g., `name@example.com`).
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.

        Raises:
            InvalidRequest, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls, Timeout, Cancelled,
                BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.workflows.logs(status="failed", limit=20)
        """
        return await self._client._method("workflows.logs", {
            "keyword": keyword,
            "status": status,
            "page": page,
            "limit": limit,
            "created_at__before": created_at__before,
            "created_at__after": created_at__after,
            "created_by_end_user_session_id": created_by_end_user_session_id,
            "created_by_account": created_by_account,
        }, options)

    def iter_logs(
        self,
        *,
        keyword: str | None = None,
        status: Literal["succeeded", "failed", "stopped"] | None = None,
        created_at__before: str | None = None,
        created_at__after: str | None = None,
        created_by_end_user_session_id: str | None = None,
        created_by_account: str | None = None,
        **options: Unpack[CallOptions],
    ) -> AsyncIterator[dict[str, Any]]:
        """All entries of :meth:`logs`: pages of 100, by ``total``, repeats dropped by id."""
        return self._client._pages("workflows.logs", {
            "keyword": keyword,
            "status": status,
            "created_at__before": created_at__before,
            "created_at__after": created_at__after,
            "created_by_end_user_session_id": created_by_end_user_session_id,
            "created_by_account": created_by_account,
        }, options, "page")

    if TYPE_CHECKING:

        @overload
        def run(
            self,
            *,
            inputs: Mapping[str, Any],
            user: str,
            response_mode: Literal["streaming", "blocking"] | None = None,
            files: Sequence[Any] | None = None,
            stream: Literal[True],
            **options: Unpack[StreamOptions],
        ) -> AsyncStream: ...

        @overload
        def run(
            self,
            *,
            inputs: Mapping[str, Any],
            user: str,
            response_mode: Literal["streaming", "blocking"] | None = None,
            files: Sequence[Any] | None = None,
            stream: Literal[False] = False,
            **options: Unpack[CallOptions],
        ) -> Coroutine[Any, Any, Reply]: ...

    def run(
        self,
        *,
        inputs: Mapping[str, Any],
        user: str,
        response_mode: Literal["streaming", "blocking"] | None = None,
        files: Sequence[Any] | None = None,
        stream: bool = False,
        **options: Any,
    ) -> Any:
        """Run Workflow.

        Runs the app's published workflow and returns its outputs, as events or put together to one answer. Requires a
        published workflow. Apps: Workflow.

        Dify route: ``POST /workflows/run``. A write: never repeated once a byte may have reached the server.
        Server versions <=1.12.1: The app's ceiling of concurrent runs is a 400 where 429 is documented; it passes.

        Args:
            inputs: Values for the workflow's input variables. The expected names and types come from the
                `user_input_form` of `apps.parameters`. File variables take an array of file objects, as in `files`.
            response_mode: Set by the pool, so leave it out: it asks for a stream, also where one answer is wanted,
                and puts that together; `blocking` is the same as the option `blocking`.
            user: End-user identifier, defined by your app and unique within it. A run and its files are visible only
                to requests with the same `user`.
            files: Files to combine with text for input, for models that support vision. Upload a local file with
                `files.upload` first, then give its `id` as `upload_file_id` with `transfer_method` `local_file`.
                Of the form ``[{type: image|document|audio|video|custom, transfer_method: remote_url|local_file, url?:
                    string, upload_file_id?: string}]``
            stream: True gives the events as they come, as a :class:`difypool.AsyncStream`; otherwise one answer is
                put together.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.
                With a stream also idle (s), total (s), keep_run, buffer; see StreamOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable,
                Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.workflows.run(inputs={"text": "Summarize this"}, user="abc-123")
        """
        carry = self._client._stream if stream else self._client._method
        return carry("workflows.run", {
            "inputs": inputs,
            "response_mode": response_mode,
            "user": user,
            "files": files,
        }, options)

    if TYPE_CHECKING:

        @overload
        def run_by_id(
            self,
            *,
            workflow_id: str,
            inputs: Mapping[str, Any],
            user: str,
            response_mode: Literal["streaming", "blocking"] | None = None,
            files: Sequence[Any] | None = None,
            stream: Literal[True],
            **options: Unpack[StreamOptions],
        ) -> AsyncStream: ...

        @overload
        def run_by_id(
            self,
            *,
            workflow_id: str,
            inputs: Mapping[str, Any],
            user: str,
            response_mode: Literal["streaming", "blocking"] | None = None,
            files: Sequence[Any] | None = None,
            stream: Literal[False] = False,
            **options: Unpack[CallOptions],
        ) -> Coroutine[Any, Any, Reply]: ...

    def run_by_id(
        self,
        *,
        workflow_id: str,
        inputs: Mapping[str, Any],
        user: str,
        response_mode: Literal["streaming", "blocking"] | None = None,
        files: Sequence[Any] | None = None,
        stream: bool = False,
        **options: Any,
    ) -> Any:
        """Run Workflow by ID.

        Runs a specific published version of the app's workflow. Only the executed version differs from
        `workflows.run`. Apps: Workflow.

        Dify route: ``POST /workflows/{workflow_id}/run``. A write: never repeated once a byte may have reached the
        server.
        Server versions <=1.12.1: The app's ceiling of concurrent runs is a 400 where 429 is documented; it passes.

        Args:
            workflow_id: Published workflow version to run: `workflow_id` in answers of `workflows.run` and
                `workflows.get_run`. A draft's ID is refused.
            inputs: Values for the workflow's input variables. The expected names and types come from the
                `user_input_form` of `apps.parameters`. File variables take an array of file objects, as in `files`.
            response_mode: Set by the pool, so leave it out: it asks for a stream, also where one answer is wanted,
                and puts that together; `blocking` is the same as the option `blocking`.
            user: End-user identifier, defined by your app and unique within it. A run and its files are visible only
                to requests with the same `user`.
            files: Files to combine with text for input, for models that support vision. Upload a local file with
                `files.upload` first, then give its `id` as `upload_file_id` with `transfer_method` `local_file`.
                Of the form ``[{type: image|document|audio|video|custom, transfer_method: remote_url|local_file, url?:
                    string, upload_file_id?: string}]``
            stream: True gives the events as they come, as a :class:`difypool.AsyncStream`; otherwise one answer is
                put together.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.
                With a stream also idle (s), total (s), keep_run, buffer; see StreamOptions.

        Raises:
            InvalidRequest, Conflict, UnknownOutcome, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable,
                Tls, Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.workflows.run_by_id(
            ...     workflow_id=workflow_id,
            ...     inputs={"text": "Summarize this"},
            ...     user="abc-123",
            ... )
        """
        carry = self._client._stream if stream else self._client._method
        return carry("workflows.run_by_id", {
            "workflow_id": workflow_id,
            "inputs": inputs,
            "response_mode": response_mode,
            "user": user,
            "files": files,
        }, options)

    if TYPE_CHECKING:

        @overload
        def events(
            self,
            *,
            workflow_run_id: str,
            user: str,
            include_state_snapshot: bool | None = None,
            continue_on_pause: bool | None = None,
            stream: Literal[True],
            **options: Unpack[StreamOptions],
        ) -> AsyncStream: ...

        @overload
        def events(
            self,
            *,
            workflow_run_id: str,
            user: str,
            include_state_snapshot: bool | None = None,
            continue_on_pause: bool | None = None,
            stream: Literal[False] = False,
            **options: Unpack[CallOptions],
        ) -> Coroutine[Any, Any, Reply]: ...

    def events(
        self,
        *,
        workflow_run_id: str,
        user: str,
        include_state_snapshot: bool | None = None,
        continue_on_pause: bool | None = None,
        stream: bool = False,
        **options: Any,
    ) -> Any:
        """Stream Workflow Events.

        Resumes the events of a workflow run after a pause or a dropped stream. Of a run that has finished comes a
        single `workflow_finished`. Closing it leaves the run going. Apps: Chatflow, Workflow.

        Dify route: ``GET /workflow/{workflow_run_id}/events``. A read: repeated at will.
        Server versions <=1.12.1 do not have it.

        Args:
            workflow_run_id: Workflow run ID, from the answer or the events of `workflows.run`.
            user: End-user identifier, defined by your app and unique within it. Must match the `user` that started
                the run.
            include_state_snapshot: Whether to replay the status of each node that was already executed before new
                events are streamed. Server's default: False.
            continue_on_pause: Whether to keep the stream open across several `workflow_paused` events. Otherwise it
                closes after the first pause. Server's default: False.
            stream: True gives the events as they come, as a :class:`difypool.AsyncStream`; otherwise one answer is
                put together.
            options: deadline (s), priority, cache (s), decode, wait, validate, allow_hazard, blocking; see CallOptions.
                With a stream also idle (s), total (s), keep_run, buffer; see StreamOptions.

        Raises:
            InvalidRequest, NotFound, Unsupported, Unauthorized, Forbidden, Overloaded, ServerError, Unreachable, Tls,
                Timeout, Cancelled, BreakerOpen, Busy, Protocol: all are :class:`difypool.Error`.

        Example:
            >>> reply = await client.workflows.events(
            ...     workflow_run_id=workflow_run_id,
            ...     user="abc-123",
            ...     include_state_snapshot=True,
            ... )
        """
        carry = self._client._stream if stream else self._client._method
        return carry("workflows.events", {
            "workflow_run_id": workflow_run_id,
            "user": user,
            "include_state_snapshot": include_state_snapshot,
            "continue_on_pause": continue_on_pause,
        }, options)


class Groups:
    """What a client has as attributes, one for each group of operations."""

    annotations: Annotations
    apps: Apps
    audio: Audio
    chat: Chat
    child_chunks: ChildChunks
    completion: Completion
    conversations: Conversations
    datasets: Datasets
    documents: Documents
    end_users: EndUsers
    files: Files
    human_input: HumanInput
    messages: Messages
    metadata: Metadata
    models: Models
    pages: Pages
    pipelines: Pipelines
    segments: Segments
    tags: Tags
    workflows: Workflows


GROUPS = {
    "annotations": Annotations,
    "apps": Apps,
    "audio": Audio,
    "chat": Chat,
    "child_chunks": ChildChunks,
    "completion": Completion,
    "conversations": Conversations,
    "datasets": Datasets,
    "documents": Documents,
    "end_users": EndUsers,
    "files": Files,
    "human_input": HumanInput,
    "messages": Messages,
    "metadata": Metadata,
    "models": Models,
    "pages": Pages,
    "pipelines": Pipelines,
    "segments": Segments,
    "tags": Tags,
    "workflows": Workflows,
}
