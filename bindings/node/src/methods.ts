// Made by proto/gen.py from proto/difypool.toml. Do not edit: change the definition and run it.
import type { Caller, FileArg, PageSource } from "./caller.js";
import type { CallOptions, PushOptions, StreamOptions } from "./options.js";
import type { Push } from "./push.js";
import type { Reply } from "./reply.js";
import type { Download, EventStream } from "./streams.js";

/** Arguments of `annotations.create`. */
export interface AnnotationsCreateArgs {
  /** Question text the app matches incoming user input against. */
  question: string;
  /** Answer returned when this annotation is matched. */
  answer: string;
}

/** Arguments of `annotations.list`. */
export interface AnnotationsListArgs {
  /** Page number. At least 1. Server's default: 1. */
  page?: number | undefined;
  /** Number of items per page. Requests above 100 are capped at 100. At least 1. Server's default: 20. */
  limit?: number | undefined;
  /** Keyword to filter annotations by question or answer content. */
  keyword?: string | undefined;
}

/** Arguments of `annotations.update`. */
export interface AnnotationsUpdateArgs {
  /** ID of the annotation to update. Get annotation IDs from `annotations.list`. */
  annotation_id: string;
  /** New question text for the annotation. */
  question: string;
  /** New answer text for the annotation. */
  answer: string;
}

/** Arguments of `annotations.delete`. */
export interface AnnotationsDeleteArgs {
  /** ID of the annotation to delete. Get annotation IDs from `annotations.list`. */
  annotation_id: string;
}

/** Arguments of `annotations.configure_reply`. */
export interface AnnotationsConfigureReplyArgs {
  /** Whether to enable or disable annotation reply. */
  action: "enable" | "disable";
  /** Embedding model provider (for example, `openai`). Get available providers from `models.list`. */
  embedding_provider_name: string;
  /** Embedding model used to vectorize annotations for matching (for example, `text-embedding-3-small`). */
  embedding_model_name: string;
  /** Minimum similarity score for an annotation to be considered a match. Higher values require closer matches. */
  score_threshold: number;
}

/** Arguments of `annotations.reply_status`. */
export interface AnnotationsReplyStatusArgs {
  /** Action type, must match the `annotations.configure_reply` call. */
  action: "enable" | "disable";
  /** Job ID returned by `annotations.configure_reply`. */
  job_id: string;
}

/** Operations of the group `annotations`. */
export class Annotations {
  readonly #client: Caller;

  /** @internal */
  constructor(client: Caller) {
    this.#client = client;
  }

  /**
   * Create Annotation.
   *
   * Creates an annotation. Annotations are predefined question-answer pairs the app returns directly on a match,
   * instead of generating a fresh response. Apps: Chatflow, Chatbot, Agent.
   *
   * Dify route: `POST /apps/annotations`. A write: never repeated once a byte may have reached the server.
   *
   * @example
   * ```ts
   * const reply = await client.annotations.create({ question: "How do I install it?", answer: "With apt." });
   * ```
   */
  create(args: AnnotationsCreateArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("annotations.create", args, options);
  }

  /**
   * List Annotations.
   *
   * Lists the app's annotations, optionally filtered by keyword. Apps: Chatflow, Chatbot, Agent.
   *
   * Dify route: `GET /apps/annotations`. A read: repeated at will.
   *
   * @example
   * ```ts
   * const reply = await client.annotations.list({ limit: 20 });
   * ```
   */
  list(args: AnnotationsListArgs = {}, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("annotations.list", args, options);
  }

  /** All entries of {@link Annotations.list}: pages of 100, by `total`, repeats dropped by id. */
  iterate(args: Omit<AnnotationsListArgs, "page" | "limit"> = {}, options: CallOptions = {}): AsyncGenerator<any, void, undefined> {
    return this.#client.pages("annotations.list", args, options, "page");
  }

  /**
   * Update Annotation.
   *
   * Updates an annotation's question and answer. Apps: Chatflow, Chatbot, Agent.
   *
   * Dify route: `PUT /apps/annotations/{annotation_id}`. A write: never repeated blindly; a repeat looks first whether
   * it happened.
   *
   * @example
   * ```ts
   * const reply = await client.annotations.update({
   *   annotation_id,
   *   question: "How do I install it?",
   *   answer: "With apt-get.",
   * });
   * ```
   */
  update(args: AnnotationsUpdateArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("annotations.update", args, options);
  }

  /**
   * Delete Annotation.
   *
   * Deletes an annotation and its associated hit history. Apps: Chatflow, Chatbot, Agent.
   *
   * Dify route: `DELETE /apps/annotations/{annotation_id}`. A write: never repeated blindly; a repeat looks first
   * whether it happened.
   *
   * @example
   * ```ts
   * const reply = await client.annotations.delete({ annotation_id });
   * ```
   */
  delete(args: AnnotationsDeleteArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("annotations.delete", args, options);
  }

  /**
   * Configure Annotation Reply.
   *
   * Enables or disables annotation reply for the app. Runs asynchronously; track progress with
   * `annotations.reply_status`. The body is validated before the action runs, so `score_threshold`,
   * `embedding_provider_name`, and `embedding_model_name` are required even for `disable`. Apps: Chatflow, Chatbot,
   * Agent.
   *
   * Dify route: `POST /apps/annotation-reply/{action}`. A write: never repeated once a byte may have reached the
   * server.
   *
   * @example
   * ```ts
   * const reply = await client.annotations.configureReply({
   *   action: "enable",
   *   score_threshold: 0.9,
   *   embedding_provider_name: "langgenius/openai/openai",
   *   embedding_model_name: "text-embedding-3-small",
   * });
   * ```
   */
  configureReply(args: AnnotationsConfigureReplyArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("annotations.configure_reply", args, options);
  }

  /**
   * Get Annotation Reply Job Status.
   *
   * Returns the status of an annotation reply configuration job started by `annotations.configure_reply`. Apps:
   * Chatflow, Chatbot, Agent.
   *
   * Dify route: `GET /apps/annotation-reply/{action}/status/{job_id}`. A read: repeated at will.
   *
   * @example
   * ```ts
   * const reply = await client.annotations.replyStatus({ action: "enable", job_id });
   * ```
   */
  replyStatus(args: AnnotationsReplyStatusArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("annotations.reply_status", args, options);
  }
}

/** Arguments of `apps.feedbacks`. */
export interface AppsFeedbacksArgs {
  /** Page number. At least 1. Server's default: 1. */
  page?: number | undefined;
  /** Feedback items per page. 1..101. Server's default: 20. */
  limit?: number | undefined;
}

/** Operations of the group `apps`. */
export class Apps {
  readonly #client: Caller;

  /** @internal */
  constructor(client: Caller) {
    this.#client = client;
  }

  /**
   * Get App Info.
   *
   * Returns basic information about the app: name, description, tags, mode, and author. Apps: Chatflow, Workflow, New
   * Agent, Chatbot, Agent, Text Generator.
   *
   * Dify route: `GET /info`. A read: repeated at will.
   *
   * @example
   * ```ts
   * const reply = await client.apps.info();
   * ```
   */
  info(options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("apps.info", {}, options);
  }

  /**
   * Get App Parameters.
   *
   * Returns the app's front-end configuration: the opening statement and suggested questions, feature toggles, the
   * user input form, and file-upload limits. Use it to render the app's inputs and apply the correct upload limits.
   * Apps: Chatflow, Workflow, New Agent, Chatbot, Agent, Text Generator.
   *
   * Dify route: `GET /parameters`. A read: repeated at will.
   *
   * @example
   * ```ts
   * const reply = await client.apps.parameters();
   * ```
   */
  parameters(options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("apps.parameters", {}, options);
  }

  /**
   * Get App Meta.
   *
   * Returns the display icons for the tools this app uses, keyed by tool name. Apps: Chatflow, Workflow, New Agent,
   * Chatbot, Agent, Text Generator.
   *
   * Dify route: `GET /meta`. A read: repeated at will.
   *
   * @example
   * ```ts
   * const reply = await client.apps.meta();
   * ```
   */
  meta(options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("apps.meta", {}, options);
  }

  /**
   * Get App WebApp Settings.
   *
   * Returns the branding and display settings for the app's hosted WebApp, such as its title, icon, theme colors, and
   * default language. Apps: Chatflow, Workflow, New Agent, Chatbot, Agent, Text Generator.
   *
   * Dify route: `GET /site`. A read: repeated at will.
   *
   * @example
   * ```ts
   * const reply = await client.apps.site();
   * ```
   */
  site(options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("apps.site", {}, options);
  }

  /**
   * List App Feedbacks.
   *
   * Returns a paginated list of all feedback on the app's messages, including both end-user and admin submissions.
   * Apps: Chatflow, Chatbot, Agent, Text Generator.
   *
   * Dify route: `GET /app/feedbacks`. A read: repeated at will.
   *
   * @example
   * ```ts
   * const reply = await client.apps.feedbacks({ limit: 20 });
   * ```
   */
  feedbacks(args: AppsFeedbacksArgs = {}, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("apps.feedbacks", args, options);
  }

  /** All entries of {@link Apps.feedbacks}: pages of 100, by `total`, repeats dropped by id. */
  iterateFeedbacks(args: Omit<AppsFeedbacksArgs, "page" | "limit"> = {}, options: CallOptions = {}): AsyncGenerator<any, void, undefined> {
    return this.#client.pages("apps.feedbacks", args, options, "page");
  }
}

/** Arguments of `audio.to_text`. */
export interface AudioToTextArgs {
  /**
   * The audio. Media types taken are `audio/mp3`, `audio/m4a`, `audio/wav`, `audio/amr` and `audio/mpga`; others, such
   * as the common `audio/mpeg`, are refused. At most 31457280 bytes. Large ones flow through in pieces.
   */
  file: FileArg;
  /** End-user identifier, defined by your app and unique within it. */
  user?: string | undefined;
}

/** Arguments of `audio.from_text`. */
export interface AudioFromTextArgs {
  /** ID of the message whose answer to voice; goes before `text`. Get message IDs from `messages.list`. */
  message_id?: string | undefined;
  /** Text to synthesize into speech. */
  text?: string | undefined;
  /** End-user identifier, defined by your app and unique within it. */
  user?: string | undefined;
  /** Voice to use, of those that the app's provider has. The default is `text_to_speech.voice` of `apps.parameters`. */
  voice?: string | undefined;
  /** Accepted by the server, without effect. */
  streaming?: boolean | undefined;
}

/** Operations of the group `audio`. */
export class Audio {
  readonly #client: Caller;

  /** @internal */
  constructor(client: Caller) {
    this.#client = client;
  }

  /**
   * Convert Audio to Text.
   *
   * Transcribes an audio file with the app's speech-to-text model. Apps: Chatflow, Workflow, New Agent, Chatbot,
   * Agent, Text Generator.
   *
   * Dify route: `POST /audio-to-text`. A write: never repeated once a byte may have reached the server.
   *
   * @example
   * ```ts
   * const reply = await client.audio.toText({ file: { path: "question.mp3" }, user: "abc-123" });
   * ```
   */
  toText(args: AudioToTextArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.upload("audio.to_text", "file", args, options);
  }

  /**
   * Convert Text to Audio.
   *
   * Converts text to speech. Give `text`, or `message_id` to voice an existing message's answer. Apps: Chatflow,
   * Workflow, New Agent, Chatbot, Agent, Text Generator.
   *
   * Dify route: `POST /text-to-audio`. A write: never repeated once a byte may have reached the server.
   *
   * @example
   * ```ts
   * const reply = await client.audio.fromText({ text: "Hello, welcome.", user: "abc-123" });
   * ```
   */
  fromText(args: AudioFromTextArgs = {}, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("audio.from_text", args, options);
  }

  /** As {@link Audio.fromText}, with its bytes in pieces. It opens when it is first used. */
  fromTextStream(args: AudioFromTextArgs = {}, options: StreamOptions = {}): Download {
    return this.#client.download("audio.from_text", args, options);
  }
}

/** Arguments of `chat.stop`. */
export interface ChatStopArgs {
  /** Task ID, from the streaming events of Send Chat Message. */
  task_id: string;
  /**
   * End-user identifier, defined by your app and unique within it. Must match the `user` sent with the original
   * message; if it differs, the stop silently does nothing and still returns success.
   */
  user: string;
}

/** Arguments of `chat.send`. */
export interface ChatSendArgs {
  /** The user's message. */
  query: string;
  /**
   * Values for the app's input variables, keyed by variable name. The expected names and types come from the
   * `user_input_form` of `apps.parameters`.
   */
  inputs: Record<string, unknown>;
  /**
   * Set by the pool, so leave it out: it asks for a stream, also where one answer is wanted, and puts that together;
   * `blocking` is the same as the option `blocking`.
   */
  response_mode?: "streaming" | "blocking" | undefined;
  /**
   * End-user identifier, defined by your app and unique within it. Conversations, messages, and files are visible only
   * to requests with the same `user`.
   */
  user: string;
  /**
   * ID of the conversation to continue. Omit it or pass an empty string to start a new one; the answer bears its id.
   * Get IDs of earlier ones from `conversations.list`.
   */
  conversation_id?: string | undefined;
  /**
   * Files to attach to the message. Upload a local file with `files.upload` first, then give its `id` as
   * `upload_file_id` with `transfer_method` `local_file`. New Agent apps accept file references but do not process
   * their contents.
   *
   * ```text
   * [{type: image|document|audio|video|custom, transfer_method: remote_url|local_file, url?: string,
   * upload_file_id?: string}]
   * ```
   */
  files?: unknown[] | undefined;
  /**
   * Auto-generate the conversation's title. If `false`, use `conversations.rename` with `auto_generate`. Server's
   * default: true.
   */
  auto_generate_name?: boolean | undefined;
  /**
   * Chatflow apps only: the published workflow version to execute. If left out, the latest published version is used.
   * On Dify Cloud, pinning a version requires a paid plan.
   */
  workflow_id?: string | undefined;
}

/** Operations of the group `chat`. */
export class Chat {
  readonly #client: Caller;

  /** @internal */
  constructor(client: Caller) {
    this.#client = client;
  }

  /**
   * Stop Chat Message Generation.
   *
   * Stops a chat message generation task. Only supported in `streaming` mode. Apps: Chatflow, New Agent, Chatbot,
   * Agent.
   *
   * Dify route: `POST /chat-messages/{task_id}/stop`. A write: never repeated once a byte may have reached the server.
   *
   * @example
   * ```ts
   * const reply = await client.chat.stop({ task_id, user: "abc-123" });
   * ```
   */
  stop(args: ChatStopArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("chat.stop", args, options);
  }

  /**
   * Send Chat Message.
   *
   * Sends a message to a chat app and returns the assistant's reply, as events or put together to one answer. Agent
   * apps refuse the option `blocking`. Apps: Chatflow, New Agent, Chatbot, Agent.
   *
   * Dify route: `POST /chat-messages`. A write: never repeated once a byte may have reached the server.
   * Server versions <=1.12.1: Blocking: a model that breaks midway is a 200 with a truncated answer. Read as a stream
   * it is an error.
   * Server versions <=1.12.1: The app's ceiling of concurrent runs is a 400 where 429 is documented; it passes.
   *
   * @example
   * ```ts
   * const reply = await client.chat.send({ inputs: {  }, query: "How do I install it?", user: "abc-123" });
   * ```
   */
  send(args: ChatSendArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("chat.send", args, options);
  }

  /** As {@link Chat.send}, with its events as they come. It opens when it is first used. */
  sendStream(args: ChatSendArgs, options: StreamOptions = {}): EventStream {
    return this.#client.events("chat.send", args, options);
  }
}

/** Arguments of `child_chunks.create`. */
export interface ChildChunksCreateArgs {
  /** Knowledge base ID. Obtain it from `datasets.list`. */
  dataset_id: string;
  /** Document ID. Obtain it from `documents.list`. */
  document_id: string;
  /** Parent chunk ID. Obtain it from `segments.list`. */
  segment_id: string;
  /** Child chunk text content. */
  content: string;
}

/** Arguments of `child_chunks.list`. */
export interface ChildChunksListArgs {
  /** Knowledge base ID. Obtain it from `datasets.list`. */
  dataset_id: string;
  /** Document ID. Obtain it from `documents.list`. */
  document_id: string;
  /** Parent chunk ID. Obtain it from `segments.list`. */
  segment_id: string;
  /** Page number. At least 1. Server's default: 1. */
  page?: number | undefined;
  /** Number of items per page. Server caps at `100`. At least 1. Server's default: 20. */
  limit?: number | undefined;
  /** Search keyword. */
  keyword?: string | undefined;
}

/** Arguments of `child_chunks.update`. */
export interface ChildChunksUpdateArgs {
  /** Knowledge base ID. Obtain it from `datasets.list`. */
  dataset_id: string;
  /** Document ID. Obtain it from `documents.list`. */
  document_id: string;
  /** Parent chunk ID. Obtain it from `segments.list`. */
  segment_id: string;
  /** Child chunk ID. */
  child_chunk_id: string;
  /** Child chunk text content. */
  content: string;
}

/** Arguments of `child_chunks.delete`. */
export interface ChildChunksDeleteArgs {
  /** Knowledge base ID. Obtain it from `datasets.list`. */
  dataset_id: string;
  /** Document ID. Obtain it from `documents.list`. */
  document_id: string;
  /** Parent chunk ID. Obtain it from `segments.list`. */
  segment_id: string;
  /** Child chunk ID. */
  child_chunk_id: string;
}

/** Operations of the group `child_chunks`. */
export class ChildChunks {
  readonly #client: Caller;

  /** @internal */
  constructor(client: Caller) {
    this.#client = client;
  }

  /**
   * Create Child Chunk.
   *
   * Create a child chunk under a parent chunk. Intended for documents that use the parent-child (`hierarchical_model`)
   * chunking mode.
   *
   * Dify route: `POST /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks`. A write:
   * never repeated once a byte may have reached the server.
   *
   * @example
   * ```ts
   * const reply = await client.childChunks.create({ dataset_id, document_id, segment_id, content: "apt" });
   * ```
   */
  create(args: ChildChunksCreateArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("child_chunks.create", args, options);
  }

  /**
   * List Child Chunks.
   *
   * Returns a paginated list of child chunks under a specific parent chunk.
   *
   * Dify route: `GET /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks`. A read:
   * repeated at will.
   *
   * @example
   * ```ts
   * const reply = await client.childChunks.list({ dataset_id, document_id, segment_id, limit: 100 });
   * ```
   */
  list(args: ChildChunksListArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("child_chunks.list", args, options);
  }

  /** All entries of {@link ChildChunks.list}: pages of 100, by `total`, repeats dropped by id. */
  iterate(args: Omit<ChildChunksListArgs, "page" | "limit">, options: CallOptions = {}): AsyncGenerator<any, void, undefined> {
    return this.#client.pages("child_chunks.list", args, options, "page");
  }

  /**
   * Update Child Chunk.
   *
   * Update the content of an existing child chunk.
   *
   * Dify route: `PATCH
   * /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks/{child_chunk_id}`. A write:
   * never repeated blindly; a repeat looks first whether it happened.
   *
   * @example
   * ```ts
   * const reply = await client.childChunks.update({
   *   dataset_id,
   *   document_id,
   *   segment_id,
   *   child_chunk_id,
   *   content: "apt-get",
   * });
   * ```
   */
  update(args: ChildChunksUpdateArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("child_chunks.update", args, options);
  }

  /**
   * Delete Child Chunk.
   *
   * Permanently delete a child chunk from its parent chunk.
   *
   * Dify route: `DELETE
   * /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks/{child_chunk_id}`. A write:
   * never repeated blindly; a repeat looks first whether it happened.
   * Server versions <=1.12.1: The vector store is asked also where an `economy` knowledge base needs none: without one
   * the answer is a 400, and the child chunk is gone. The list of child chunks is looked at then: where it shows that
   * the chunk is gone, the call is a success.
   *
   * @example
   * ```ts
   * const reply = await client.childChunks.delete({ dataset_id, document_id, segment_id, child_chunk_id });
   * ```
   */
  delete(args: ChildChunksDeleteArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("child_chunks.delete", args, options);
  }
}

/** Arguments of `completion.stop`. */
export interface CompletionStopArgs {
  /** Task ID, from the streaming events of Send Completion Message. */
  task_id: string;
  /**
   * End-user identifier, defined by your app and unique within it. Must match the `user` sent with the original
   * message; if it differs, the stop silently does nothing and still returns success.
   */
  user: string;
}

/** Arguments of `completion.send`. */
export interface CompletionSendArgs {
  /**
   * Values for the app's input variables, keyed by variable name. The expected names and types come from the
   * `user_input_form` of `apps.parameters`.
   */
  inputs: Record<string, unknown>;
  /** The text to process. Newer apps take it inside `inputs` instead. */
  query?: string | undefined;
  /**
   * Set by the pool, so leave it out: it asks for a stream, also where one answer is wanted, and puts that together;
   * `blocking` is the same as the option `blocking`.
   */
  response_mode?: "streaming" | "blocking" | undefined;
  /**
   * End-user identifier, defined by your app and unique within it. Messages and files are visible only to requests
   * with the same `user`.
   */
  user: string;
  /**
   * Files to attach to the request. Upload a local file with `files.upload` first, then give its `id` as
   * `upload_file_id` with `transfer_method` `local_file`.
   *
   * ```text
   * [{type: image|document|audio|video|custom, transfer_method: remote_url|local_file, url?: string,
   * upload_file_id?: string}]
   * ```
   */
  files?: unknown[] | undefined;
}

/** Operations of the group `completion`. */
export class Completion {
  readonly #client: Caller;

  /** @internal */
  constructor(client: Caller) {
    this.#client = client;
  }

  /**
   * Stop Completion Message Generation.
   *
   * Stops a completion message generation task. Only supported in `streaming` mode. Apps: Text Generator.
   *
   * Dify route: `POST /completion-messages/{task_id}/stop`. A write: never repeated once a byte may have reached the
   * server.
   *
   * @example
   * ```ts
   * const reply = await client.completion.stop({ task_id, user: "abc-123" });
   * ```
   */
  stop(args: CompletionStopArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("completion.stop", args, options);
  }

  /**
   * Send Completion Message.
   *
   * Sends a request to a text-generation app and returns the generated text, as events or put together to one answer.
   * Apps: Text Generator.
   *
   * Dify route: `POST /completion-messages`. A write: never repeated once a byte may have reached the server.
   * Server versions <=1.12.1: Blocking: a model that breaks midway is a 200 with a truncated answer. Read as a stream
   * it is an error.
   * Server versions <=1.12.1: The app's ceiling of concurrent runs is a 400 where 429 is documented; it passes.
   *
   * @example
   * ```ts
   * const reply = await client.completion.send({ inputs: { query: "A line about packages" }, user: "abc-123" });
   * ```
   */
  send(args: CompletionSendArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("completion.send", args, options);
  }

  /** As {@link Completion.send}, with its events as they come. It opens when it is first used. */
  sendStream(args: CompletionSendArgs, options: StreamOptions = {}): EventStream {
    return this.#client.events("completion.send", args, options);
  }
}

/** Arguments of `conversations.list`. */
export interface ConversationsListArgs {
  /** End-user identifier, defined by your app and unique within it. */
  user?: string | undefined;
  /** Pagination cursor: the `id` of the last conversation on the current page. Omit to fetch the first page. */
  last_id?: string | undefined;
  /** Number of records to return. 1..100. Server's default: 20. */
  limit?: number | undefined;
  /** Field to sort by. Prefix with `-` for descending order. Server's default: "-updated_at". */
  sort_by?: "created_at" | "-created_at" | "updated_at" | "-updated_at" | undefined;
}

/** Arguments of `conversations.variables`. */
export interface ConversationsVariablesArgs {
  /** ID of the conversation whose variables to list. Get conversation IDs from `conversations.list`. */
  conversation_id: string;
  /** End-user identifier, defined by your app and unique within it. */
  user?: string | undefined;
  /** Pagination cursor: the `id` of the last variable on the current page. Omit to fetch the first page. */
  last_id?: string | undefined;
  /** Number of records to return. 1..100. Server's default: 20. */
  limit?: number | undefined;
  /** Filter variables by a specific name. 1..255 characters. */
  variable_name?: string | undefined;
}

/** Arguments of `conversations.rename`. */
export interface ConversationsRenameArgs {
  /** ID of the conversation to rename. Get conversation IDs from `conversations.list`. */
  conversation_id: string;
  /** New conversation name. Required unless `auto_generate` is `true`. */
  name?: string | undefined;
  /** Automatically generate the conversation name. When `true`, the `name` field is ignored. Server's default: false. */
  auto_generate?: boolean | undefined;
  /** End-user identifier, defined by your app and unique within it. */
  user?: string | undefined;
}

/** Arguments of `conversations.update_variable`. */
export interface ConversationsUpdateVariableArgs {
  /** ID of the conversation that owns the variable. Get conversation IDs from `conversations.list`. */
  conversation_id: string;
  /** ID of the variable to update. Get variable IDs from `conversations.variables`. */
  variable_id: string;
  /** The new value for the variable. Must match the variable's expected type. */
  value: unknown;
  /** End-user identifier, defined by your app and unique within it. */
  user?: string | undefined;
}

/** Arguments of `conversations.delete`. */
export interface ConversationsDeleteArgs {
  /** ID of the conversation to delete. Get conversation IDs from `conversations.list`. */
  conversation_id: string;
  /** End-user identifier, defined by your app and unique within it. */
  user?: string | undefined;
}

/** Operations of the group `conversations`. */
export class Conversations {
  readonly #client: Caller;

  /** @internal */
  constructor(client: Caller) {
    this.#client = client;
  }

  /**
   * List Conversations.
   *
   * Lists an end user's conversations, most recently active first. Apps: Chatflow, New Agent, Chatbot, Agent.
   *
   * Dify route: `GET /conversations`. A read: repeated at will.
   *
   * @example
   * ```ts
   * const reply = await client.conversations.list({ limit: 20, user: "abc-123" });
   * ```
   */
  list(args: ConversationsListArgs = {}, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("conversations.list", args, options);
  }

  /** All entries of {@link Conversations.list}: 100 at a time, each from the last one's id on. */
  iterate(args: Omit<ConversationsListArgs, "last_id" | "limit"> = {}, options: CallOptions = {}): AsyncGenerator<any, void, undefined> {
    return this.#client.pages("conversations.list", args, options, "last_id");
  }

  /**
   * List Conversation Variables.
   *
   * Lists the variables stored in a conversation. Apps: Chatflow, Chatbot, Agent.
   *
   * Dify route: `GET /conversations/{conversation_id}/variables`. A read: repeated at will.
   *
   * @example
   * ```ts
   * const reply = await client.conversations.variables({ conversation_id, user: "abc-123" });
   * ```
   */
  variables(args: ConversationsVariablesArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("conversations.variables", args, options);
  }

  /** All entries of {@link Conversations.variables}: 100 at a time, each from the last one's id on. */
  iterateVariables(args: Omit<ConversationsVariablesArgs, "last_id" | "limit">, options: CallOptions = {}): AsyncGenerator<any, void, undefined> {
    return this.#client.pages("conversations.variables", args, options, "last_id");
  }

  /**
   * Rename Conversation.
   *
   * Renames a conversation, or auto-generates a name from its messages when `auto_generate` is `true`. The name is
   * what clients display in a multi-conversation list. Apps: Chatflow, New Agent, Chatbot, Agent.
   *
   * Dify route: `POST /conversations/{conversation_id}/name`. A write: never repeated blindly; a repeat looks first
   * whether it happened.
   *
   * @example
   * ```ts
   * const reply = await client.conversations.rename({ conversation_id, name: "Installing", user: "abc-123" });
   * ```
   */
  rename(args: ConversationsRenameArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("conversations.rename", args, options);
  }

  /**
   * Update Conversation Variable.
   *
   * Updates a conversation variable's value. The new value must match the variable's existing type. Apps: Chatflow,
   * Chatbot, Agent.
   *
   * Dify route: `PUT /conversations/{conversation_id}/variables/{variable_id}`. A write: never repeated blindly; a
   * repeat looks first whether it happened.
   *
   * @example
   * ```ts
   * const reply = await client.conversations.updateVariable({
   *   conversation_id,
   *   variable_id,
   *   value: "calm",
   *   user: "abc-123",
   * });
   * ```
   */
  updateVariable(args: ConversationsUpdateVariableArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("conversations.update_variable", args, options);
  }

  /**
   * Delete Conversation.
   *
   * Deletes a conversation. Apps: Chatflow, New Agent, Chatbot, Agent.
   *
   * Dify route: `DELETE /conversations/{conversation_id}`. A write: never repeated blindly; a repeat looks first
   * whether it happened.
   *
   * @example
   * ```ts
   * const reply = await client.conversations.delete({ conversation_id, user: "abc-123" });
   * ```
   */
  delete(args: ConversationsDeleteArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("conversations.delete", args, options);
  }
}

/** Arguments of `datasets.list`. */
export interface DatasetsListArgs {
  /** Page number. Server's default: 1. */
  page?: number | undefined;
  /** Number of items per page. Server's default: 20. */
  limit?: number | undefined;
  /** Search keyword to filter by name. */
  keyword?: string | undefined;
  /** Whether to include all knowledge bases regardless of permissions. Server's default: false. */
  include_all?: boolean | undefined;
  /** Tag IDs to filter by. Get tag IDs from `tags.list`. */
  tag_ids?: unknown[] | undefined;
}

/** Arguments of `datasets.create`. */
export interface DatasetsCreateArgs {
  /** Name of the knowledge base. 1..40 characters. */
  name: string;
  /** Description of the knowledge base. At most 400 characters. */
  description?: string | undefined;
  /** `high_quality` uses embedding models for precise search; `economy` uses keyword-based indexing. */
  indexing_technique?: "high_quality" | "economy" | undefined;
  /**
   * Controls who can access this knowledge base. `only_me` restricts to the creator, `all_team_members` grants access
   * to the entire workspace, `partial_members` grants access to specified members. Server's default: "only_me".
   */
  permission?: "only_me" | "all_team_members" | "partial_members" | undefined;
  /** `vendor` for internal knowledge base, `external` for external knowledge base. Server's default: "vendor". */
  provider?: "vendor" | "external" | undefined;
  /** Embedding model name. Use the `model` field from `models.list` with `model_type=text-embedding`. */
  embedding_model?: string | undefined;
  /**
   * Embedding model provider identifier, formatted as `organization/plugin_name/provider_name` (e.g.
   * `langgenius/openai/openai`). A bare name like `openai` expands to `langgenius/<name>/<name>` and works only for
   * langgenius-published plugins.
   */
  embedding_model_provider?: string | undefined;
  /**
   * Retrieval model configuration. Controls how chunks are searched and ranked when querying this knowledge base.
   *
   * ```text
   * {search_method: keyword_search|semantic_search|full_text_search|hybrid_search, reranking_enable: boolean,
   * reranking_model?: {reranking_provider_name?: string, reranking_model_name?: string}, reranking_mode?:
   * reranking_model|weighted_score, top_k: integer, score_threshold_enabled: boolean, score_threshold?: number,
   * weights?: {weight_type?: semantic_first|keyword_first|customized, vector_setting?: {vector_weight?: number,
   * embedding_provider_name?: string, embedding_model_name?: string}, keyword_setting?: {keyword_weight?: number}},
   * metadata_filtering_conditions?: {logical_operator?: and|or, conditions?: [{name: string, comparison_operator:
   * contains|not contains|start with|end with|is|is not|empty|not empty|in|not in|=|≠|>|<|≥|≤|before|after, value?:
   * string | [string] | number}]}}
   * ```
   */
  retrieval_model?: Record<string, unknown> | undefined;
  /** ID of the external knowledge API connection. */
  external_knowledge_api_id?: string | undefined;
  /** ID of the external knowledge base. */
  external_knowledge_id?: string | undefined;
  /**
   * Summary index configuration.
   *
   * ```text
   * {enable?: boolean, model_name?: string, model_provider_name?: string, summary_prompt?: string}
   * ```
   */
  summary_index_setting?: Record<string, unknown> | undefined;
}

/** Arguments of `datasets.get`. */
export interface DatasetsGetArgs {
  /** Knowledge base ID, from `datasets.list`. */
  dataset_id: string;
}

/** Arguments of `datasets.update`. */
export interface DatasetsUpdateArgs {
  /** Knowledge base ID, from `datasets.list`. */
  dataset_id: string;
  /** Name of the knowledge base. 1..40 characters. */
  name?: string | undefined;
  /** Description of the knowledge base. At most 400 characters. */
  description?: string | undefined;
  /** `high_quality` uses embedding models for precise search; `economy` uses keyword-based indexing. */
  indexing_technique?: "high_quality" | "economy" | undefined;
  /**
   * Controls who can access this knowledge base. `only_me` restricts to the creator, `all_team_members` grants access
   * to the entire workspace, `partial_members` grants access to specified members.
   */
  permission?: "only_me" | "all_team_members" | "partial_members" | undefined;
  /** Embedding model name. Use the `model` field from `models.list` with `model_type=text-embedding`. */
  embedding_model?: string | undefined;
  /**
   * Embedding model provider identifier, formatted as `organization/plugin_name/provider_name` (e.g.
   * `langgenius/openai/openai`). A bare name like `openai` expands to `langgenius/<name>/<name>` and works only for
   * langgenius-published plugins.
   */
  embedding_model_provider?: string | undefined;
  /**
   * Retrieval model configuration. Controls how chunks are searched and ranked when querying this knowledge base.
   *
   * ```text
   * {search_method: keyword_search|semantic_search|full_text_search|hybrid_search, reranking_enable: boolean,
   * reranking_model?: {reranking_provider_name?: string, reranking_model_name?: string}, reranking_mode?:
   * reranking_model|weighted_score, top_k: integer, score_threshold_enabled: boolean, score_threshold?: number,
   * weights?: {weight_type?: semantic_first|keyword_first|customized, vector_setting?: {vector_weight?: number,
   * embedding_provider_name?: string, embedding_model_name?: string}, keyword_setting?: {keyword_weight?: number}},
   * metadata_filtering_conditions?: {logical_operator?: and|or, conditions?: [{name: string, comparison_operator:
   * contains|not contains|start with|end with|is|is not|empty|not empty|in|not in|=|≠|>|<|≥|≤|before|after, value?:
   * string | [string] | number}]}}
   * ```
   */
  retrieval_model?: Record<string, unknown> | undefined;
  /**
   * List of team members with access when `permission` is `partial_members`.
   *
   * ```text
   * [{user_id?: string}]
   * ```
   */
  partial_member_list?: unknown[] | undefined;
  /**
   * Retrieval settings for external knowledge bases.
   *
   * ```text
   * {top_k?: integer, score_threshold?: number, score_threshold_enabled?: boolean}
   * ```
   */
  external_retrieval_model?: Record<string, unknown> | undefined;
  /** ID of the external knowledge base. */
  external_knowledge_id?: string | undefined;
  /** ID of the external knowledge API connection. */
  external_knowledge_api_id?: string | undefined;
}

/** Arguments of `datasets.delete`. */
export interface DatasetsDeleteArgs {
  /** Knowledge base ID, from `datasets.list`. */
  dataset_id: string;
}

/** Arguments of `datasets.retrieve`. */
export interface DatasetsRetrieveArgs {
  /** Knowledge base ID, from `datasets.list`. */
  dataset_id: string;
  /** Search query text. At most 250 characters. */
  query: string;
  /**
   * Retrieval model configuration. Controls how chunks are searched and ranked when querying this knowledge base.
   *
   * ```text
   * {search_method: keyword_search|semantic_search|full_text_search|hybrid_search, reranking_enable: boolean,
   * reranking_model?: {reranking_provider_name?: string, reranking_model_name?: string}, reranking_mode?:
   * reranking_model|weighted_score, top_k: integer, score_threshold_enabled: boolean, score_threshold?: number,
   * weights?: {weight_type?: semantic_first|keyword_first|customized, vector_setting?: {vector_weight?: number,
   * embedding_provider_name?: string, embedding_model_name?: string}, keyword_setting?: {keyword_weight?: number}},
   * metadata_filtering_conditions?: {logical_operator?: and|or, conditions?: [{name: string, comparison_operator:
   * contains|not contains|start with|end with|is|is not|empty|not empty|in|not in|=|≠|>|<|≥|≤|before|after, value?:
   * string | [string] | number}]}}
   * ```
   */
  retrieval_model?: Record<string, unknown> | undefined;
  /**
   * List of attachment IDs to include in the retrieval context.
   *
   * ```text
   * [string]
   * ```
   */
  attachment_ids?: unknown[] | undefined;
  /**
   * Retrieval settings for external knowledge bases.
   *
   * ```text
   * {top_k?: integer, score_threshold?: number, score_threshold_enabled?: boolean}
   * ```
   */
  external_retrieval_model?: Record<string, unknown> | undefined;
}

/** Arguments of `datasets.tags`. */
export interface DatasetsTagsArgs {
  /** Knowledge base ID. See `datasets.list`. */
  dataset_id: string;
}

/** Arguments of `datasets.ensure`. */
export interface DatasetsEnsureArgs {
  /** Name of the knowledge base. 1..40 characters. */
  name: string;
  /** For a new one. At most 400 characters. */
  description?: string | undefined;
  /** For a new one. */
  indexing_technique?: "high_quality" | "economy" | undefined;
  /** For a new one. */
  permission?: "only_me" | "all_team_members" | "partial_members" | undefined;
  /** For a new one. */
  embedding_model?: string | undefined;
  /** For a new one. */
  embedding_model_provider?: string | undefined;
  /**
   * For a new one, as in `datasets.create`. One of the technique `economy` gets the search by keyword, the only one it
   * can.
   */
  retrieval_model?: Record<string, unknown> | undefined;
  /** false: only find it; `not_found`, code `no_such_dataset`, if there is none. Server's default: true. */
  create?: boolean | undefined;
}

/** Operations of the group `datasets`. */
export class Datasets {
  readonly #client: Caller;

  /** @internal */
  constructor(client: Caller) {
    this.#client = client;
  }

  /**
   * List Knowledge Bases.
   *
   * Returns a paginated list of knowledge bases, optionally filtered by keyword or tags.
   *
   * Dify route: `GET /datasets`. A read: repeated at will.
   * Server versions <=1.12.1: The `tag_ids` filter is always a 400.
   * Server versions <=1.12.1: `has_more` is wrong where `limit` is over 100, and true on a last page that is exactly
   * full: go by `total`.
   *
   * @example
   * ```ts
   * const reply = await client.datasets.list({ keyword: "guide", limit: 20, include_all: true });
   * ```
   */
  list(args: DatasetsListArgs = {}, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("datasets.list", args, options);
  }

  /** All entries of {@link Datasets.list}: pages of 100, by `total`, repeats dropped by id. */
  iterate(args: Omit<DatasetsListArgs, "page" | "limit"> = {}, options: CallOptions = {}): AsyncGenerator<any, void, undefined> {
    return this.#client.pages("datasets.list", args, options, "page");
  }

  /**
   * Create an Empty Knowledge Base.
   *
   * Creates an empty knowledge base. Add documents to it with `documents.create_by_text` or Create Document by File.
   *
   * Dify route: `POST /datasets`. A write: never repeated blindly; a repeat looks first whether it happened.
   *
   * @example
   * ```ts
   * const reply = await client.datasets.create({
   *   name: "Product guide",
   *   permission: "only_me",
   *   indexing_technique: "economy",
   *   retrieval_model: { search_method: "keyword_search", reranking_enable: false, top_k: 5, score_threshold_enabled: false },
   * });
   * ```
   */
  create(args: DatasetsCreateArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("datasets.create", args, options);
  }

  /**
   * Get Knowledge Base.
   *
   * Returns detailed information about a knowledge base, including its embedding model, retrieval configuration, and
   * document statistics.
   *
   * Dify route: `GET /datasets/{dataset_id}`. A read: repeated at will.
   *
   * @example
   * ```ts
   * const reply = await client.datasets.get({ dataset_id });
   * ```
   */
  get(args: DatasetsGetArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("datasets.get", args, options);
  }

  /**
   * Update Knowledge Base.
   *
   * Updates a knowledge base. Only the fields included in the request body are changed.
   *
   * Dify route: `PATCH /datasets/{dataset_id}`. A write: never repeated blindly; a repeat looks first whether it
   * happened.
   *
   * @example
   * ```ts
   * const reply = await client.datasets.update({ dataset_id, description: "What the product does" });
   * ```
   */
  update(args: DatasetsUpdateArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("datasets.update", args, options);
  }

  /**
   * Delete Knowledge Base.
   *
   * Permanently deletes a knowledge base and all of its documents.
   *
   * Dify route: `DELETE /datasets/{dataset_id}`. A write: never repeated blindly; a repeat looks first whether it
   * happened.
   *
   * @example
   * ```ts
   * const reply = await client.datasets.delete({ dataset_id });
   * ```
   */
  delete(args: DatasetsDeleteArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("datasets.delete", args, options);
  }

  /**
   * Retrieve Chunks from a Knowledge Base.
   *
   * Searches a knowledge base and returns the chunks most relevant to the query, for both production retrieval and
   * test retrieval.
   *
   * Dify route: `POST /datasets/{dataset_id}/retrieve`. A read: repeated at will.
   * Server versions <=1.12.1: An `economy` knowledge base that was made without a retrieval_model is searched
   * semantically: 400, no default model for text-embedding. Make it with one, or send one.
   * Server versions <=1.12.1: A retrieval_model without its switches is a 500 whose message is the missing one's name.
   * Filled in from the knowledge base's own.
   *
   * @example
   * ```ts
   * const reply = await client.datasets.retrieve({ dataset_id, query: "how to install" });
   * ```
   */
  retrieve(args: DatasetsRetrieveArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("datasets.retrieve", args, options);
  }

  /**
   * Get Knowledge Base Tags.
   *
   * Returns the tags bound to a knowledge base.
   *
   * Dify route: `GET /datasets/{dataset_id}/tags`. A read: repeated at will.
   *
   * @example
   * ```ts
   * const reply = await client.datasets.tags({ dataset_id });
   * ```
   */
  tags(args: DatasetsTagsArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("datasets.tags", args, options);
  }

  /**
   * Find or create a knowledge base.
   *
   * The knowledge base of exactly that name, created if there is none: `\{id, name, created, dataset\}`. One at a time
   * for a name across all callers of the service. Also found beyond the first page, and among those that a list leaves
   * out. A create is read back: where another machine was as quick, the older one stands and ours is deleted again.
   *
   * Made of several calls: no server has it. Calling it again changes nothing.
   *
   * @example
   * ```ts
   * const reply = await client.datasets.ensure({ name: "Guides", indexing_technique: "economy" });
   * ```
   */
  ensure(args: DatasetsEnsureArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("datasets.ensure", args, options);
  }
}

/** Arguments of `documents.create_by_text`. */
export interface DocumentsCreateByTextArgs {
  /** Knowledge base ID. From `datasets.list`. */
  dataset_id: string;
  /** Document name. */
  name: string;
  /** Document text content. */
  text: string;
  /**
   * Required when adding the first document to a knowledge base. Subsequent documents inherit the knowledge base's
   * indexing technique if omitted. `high_quality` uses embedding models for precise search; `economy` uses
   * keyword-based indexing.
   */
  indexing_technique?: "high_quality" | "economy" | undefined;
  /**
   * `text_model` for standard text chunking, `hierarchical_model` for parent-child chunk structure, `qa_model` for
   * question-answer pair extraction. Server's default: "text_model".
   */
  doc_form?: "text_model" | "hierarchical_model" | "qa_model" | undefined;
  /** Language of the document for processing optimization. Server's default: "English". */
  doc_language?: string | undefined;
  /**
   * Processing rules for chunking.
   *
   * ```text
   * {mode: automatic|custom|hierarchical, rules?: {pre_processing_rules?: [{id?:
   * remove_stopwords|remove_extra_spaces|remove_urls_emails, enabled?: boolean}], segmentation?: {separator?:
   * string, max_tokens?: integer, chunk_overlap?: integer}, parent_mode?: full-doc|paragraph,
   * subchunk_segmentation?: {separator?: string, max_tokens?: integer, chunk_overlap?: integer}}}
   * ```
   */
  process_rule?: Record<string, unknown> | undefined;
  /**
   * Controls how chunks are searched and ranked when querying this knowledge base.
   *
   * ```text
   * {search_method: keyword_search|semantic_search|full_text_search|hybrid_search, reranking_enable: boolean,
   * reranking_model?: {reranking_provider_name?: string, reranking_model_name?: string}, reranking_mode?:
   * reranking_model|weighted_score, top_k: integer, score_threshold_enabled: boolean, score_threshold?: number,
   * weights?: {weight_type?: semantic_first|keyword_first|customized, vector_setting?: {vector_weight?: number,
   * embedding_provider_name?: string, embedding_model_name?: string}, keyword_setting?: {keyword_weight?: number}},
   * metadata_filtering_conditions?: {logical_operator?: and|or, conditions?: [{name: string, comparison_operator:
   * contains|not contains|start with|end with|is|is not|empty|not empty|in|not in|=|≠|>|<|≥|≤|before|after, value?:
   * string | [string] | number}]}}
   * ```
   */
  retrieval_model?: Record<string, unknown> | undefined;
  /** Embedding model name. Use the `model` field from `models.list` with `model_type=text-embedding`. */
  embedding_model?: string | undefined;
  /** Embedding model provider. Use the `provider` field from `models.list` with `model_type=text-embedding`. */
  embedding_model_provider?: string | undefined;
  /** Original document ID for versioning. Get it from `documents.list`. */
  original_document_id?: string | undefined;
}

/** Arguments of `documents.update_by_text`. */
export interface DocumentsUpdateByTextArgs {
  /** Knowledge base ID. From `datasets.list`. */
  dataset_id: string;
  /** Document ID. From `documents.list`. */
  document_id: string;
  /** Document name. Required when `text` is provided. */
  name?: string | undefined;
  /** Document text content. */
  text?: string | undefined;
  /**
   * Processing rules for chunking.
   *
   * ```text
   * {mode: automatic|custom|hierarchical, rules?: {pre_processing_rules?: [{id?:
   * remove_stopwords|remove_extra_spaces|remove_urls_emails, enabled?: boolean}], segmentation?: {separator?:
   * string, max_tokens?: integer, chunk_overlap?: integer}, parent_mode?: full-doc|paragraph,
   * subchunk_segmentation?: {separator?: string, max_tokens?: integer, chunk_overlap?: integer}}}
   * ```
   */
  process_rule?: Record<string, unknown> | undefined;
  /**
   * `text_model` for standard text chunking, `hierarchical_model` for parent-child chunk structure, `qa_model` for
   * question-answer pair extraction. Server's default: "text_model".
   */
  doc_form?: "text_model" | "hierarchical_model" | "qa_model" | undefined;
  /** Language of the document for processing optimization. Server's default: "English". */
  doc_language?: string | undefined;
  /**
   * Controls how chunks are searched and ranked when querying this knowledge base.
   *
   * ```text
   * {search_method: keyword_search|semantic_search|full_text_search|hybrid_search, reranking_enable: boolean,
   * reranking_model?: {reranking_provider_name?: string, reranking_model_name?: string}, reranking_mode?:
   * reranking_model|weighted_score, top_k: integer, score_threshold_enabled: boolean, score_threshold?: number,
   * weights?: {weight_type?: semantic_first|keyword_first|customized, vector_setting?: {vector_weight?: number,
   * embedding_provider_name?: string, embedding_model_name?: string}, keyword_setting?: {keyword_weight?: number}},
   * metadata_filtering_conditions?: {logical_operator?: and|or, conditions?: [{name: string, comparison_operator:
   * contains|not contains|start with|end with|is|is not|empty|not empty|in|not in|=|≠|>|<|≥|≤|before|after, value?:
   * string | [string] | number}]}}
   * ```
   */
  retrieval_model?: Record<string, unknown> | undefined;
}

/** Arguments of `documents.list`. */
export interface DocumentsListArgs {
  /** Knowledge base ID. From `datasets.list`. */
  dataset_id: string;
  /** Page number. Server's default: 1. */
  page?: number | undefined;
  /** Number of items per page. Server caps at `100`. Server's default: 20. */
  limit?: number | undefined;
  /** Search keyword to filter by document name. */
  keyword?: string | undefined;
  /** Filter by display status. */
  status?: "queuing" | "indexing" | "paused" | "error" | "available" | "disabled" | "archived" | undefined;
}

/** Arguments of `documents.get`. */
export interface DocumentsGetArgs {
  /** Knowledge base ID. From `datasets.list`. */
  dataset_id: string;
  /** Document ID. From `documents.list`. */
  document_id: string;
  /**
   * `all` returns all fields including metadata. `only` returns only `id`, `doc_type`, and `doc_metadata`. `without`
   * returns all fields except `doc_metadata`. Server's default: "all".
   */
  metadata?: "all" | "only" | "without" | undefined;
}

/** Arguments of `documents.delete`. */
export interface DocumentsDeleteArgs {
  /** Knowledge base ID. From `datasets.list`. */
  dataset_id: string;
  /** Document ID. From `documents.list`. */
  document_id: string;
}

/** Arguments of `documents.indexing_status`. */
export interface DocumentsIndexingStatusArgs {
  /** Knowledge base ID. From `datasets.list`. */
  dataset_id: string;
  /** Batch ID returned when you create or update a document. */
  batch: string;
}

/** Arguments of `documents.update_status`. */
export interface DocumentsUpdateStatusArgs {
  /** Knowledge base ID. From `datasets.list`. */
  dataset_id: string;
  /**
   * `enable` activates documents for retrieval, `disable` deactivates them, `archive` moves them to the archive,
   * `un_archive` restores them from the archive.
   */
  action: "enable" | "disable" | "archive" | "un_archive";
  /**
   * Document IDs to update. Get them from `documents.list`.
   *
   * ```text
   * [string]
   * ```
   */
  document_ids: unknown[];
}

/** Arguments of `documents.download`. */
export interface DocumentsDownloadArgs {
  /** Knowledge base ID. From `datasets.list`. */
  dataset_id: string;
  /** Document ID. From `documents.list`. */
  document_id: string;
}

/** Arguments of `documents.create_by_file`. */
export interface DocumentsCreateByFileArgs {
  /** Knowledge base ID. From `datasets.list`. */
  dataset_id: string;
  /**
   * The file. Its name, without any of / \ : * ? " < > | in it, becomes the document's; over 200 characters it is cut
   * before the extension. At most 15728640 bytes. Large ones flow through in pieces.
   */
  file: FileArg;
  /**
   * Required when adding the first document to a knowledge base. Subsequent documents inherit the knowledge base's
   * indexing technique if omitted. `high_quality` uses embedding models for precise search; `economy` uses
   * keyword-based indexing.
   */
  indexing_technique?: "high_quality" | "economy" | undefined;
  /**
   * `text_model` for standard text chunking, `hierarchical_model` for parent-child chunk structure, `qa_model` for
   * question-answer pair extraction. Server's default: "text_model".
   */
  doc_form?: "text_model" | "hierarchical_model" | "qa_model" | undefined;
  /** Language of the document for processing optimization. Server's default: "English". */
  doc_language?: string | undefined;
  /**
   * Processing rules for chunking.
   *
   * ```text
   * {mode: automatic|custom|hierarchical, rules?: {pre_processing_rules?: [{id?:
   * remove_stopwords|remove_extra_spaces|remove_urls_emails, enabled?: boolean}], segmentation?: {separator?:
   * string, max_tokens?: integer, chunk_overlap?: integer}, parent_mode?: full-doc|paragraph,
   * subchunk_segmentation?: {separator?: string, max_tokens?: integer, chunk_overlap?: integer}}}
   * ```
   */
  process_rule?: Record<string, unknown> | undefined;
  /**
   * Controls how chunks are searched and ranked when querying this knowledge base.
   *
   * ```text
   * {search_method: keyword_search|semantic_search|full_text_search|hybrid_search, reranking_enable: boolean,
   * reranking_model?: {reranking_provider_name?: string, reranking_model_name?: string}, reranking_mode?:
   * reranking_model|weighted_score, top_k: integer, score_threshold_enabled: boolean, score_threshold?: number,
   * weights?: {weight_type?: semantic_first|keyword_first|customized, vector_setting?: {vector_weight?: number,
   * embedding_provider_name?: string, embedding_model_name?: string}, keyword_setting?: {keyword_weight?: number}},
   * metadata_filtering_conditions?: {logical_operator?: and|or, conditions?: [{name: string, comparison_operator:
   * contains|not contains|start with|end with|is|is not|empty|not empty|in|not in|=|≠|>|<|≥|≤|before|after, value?:
   * string | [string] | number}]}}
   * ```
   */
  retrieval_model?: Record<string, unknown> | undefined;
  /** Embedding model name. Use the `model` field from `models.list` with `model_type=text-embedding`. */
  embedding_model?: string | undefined;
  /** Embedding model provider. Use the `provider` field from `models.list` with `model_type=text-embedding`. */
  embedding_model_provider?: string | undefined;
}

/** Arguments of `documents.update_by_file`. */
export interface DocumentsUpdateByFileArgs {
  /** Knowledge base ID. From `datasets.list`. */
  dataset_id: string;
  /** Document ID. From `documents.list`. */
  document_id: string;
  /**
   * The file; left out, only the rules change. Its name becomes the document's. At most 15728640 bytes. Large ones
   * flow through in pieces.
   */
  file?: FileArg | undefined;
  /**
   * `text_model` for standard text chunking, `hierarchical_model` for parent-child chunk structure, `qa_model` for
   * question-answer pair extraction. Server's default: "text_model".
   */
  doc_form?: "text_model" | "hierarchical_model" | "qa_model" | undefined;
  /** Language of the document for processing optimization. Server's default: "English". */
  doc_language?: string | undefined;
  /**
   * Processing rules for chunking.
   *
   * ```text
   * {mode: automatic|custom|hierarchical, rules?: {pre_processing_rules?: [{id?:
   * remove_stopwords|remove_extra_spaces|remove_urls_emails, enabled?: boolean}], segmentation?: {separator?:
   * string, max_tokens?: integer, chunk_overlap?: integer}, parent_mode?: full-doc|paragraph,
   * subchunk_segmentation?: {separator?: string, max_tokens?: integer, chunk_overlap?: integer}}}
   * ```
   */
  process_rule?: Record<string, unknown> | undefined;
  /**
   * Controls how chunks are searched and ranked when querying this knowledge base.
   *
   * ```text
   * {search_method: keyword_search|semantic_search|full_text_search|hybrid_search, reranking_enable: boolean,
   * reranking_model?: {reranking_provider_name?: string, reranking_model_name?: string}, reranking_mode?:
   * reranking_model|weighted_score, top_k: integer, score_threshold_enabled: boolean, score_threshold?: number,
   * weights?: {weight_type?: semantic_first|keyword_first|customized, vector_setting?: {vector_weight?: number,
   * embedding_provider_name?: string, embedding_model_name?: string}, keyword_setting?: {keyword_weight?: number}},
   * metadata_filtering_conditions?: {logical_operator?: and|or, conditions?: [{name: string, comparison_operator:
   * contains|not contains|start with|end with|is|is not|empty|not empty|in|not in|=|≠|>|<|≥|≤|before|after, value?:
   * string | [string] | number}]}}
   * ```
   */
  retrieval_model?: Record<string, unknown> | undefined;
  /** Embedding model name. Use the `model` field from `models.list` with `model_type=text-embedding`. */
  embedding_model?: string | undefined;
  /** Embedding model provider. Use the `provider` field from `models.list` with `model_type=text-embedding`. */
  embedding_model_provider?: string | undefined;
}

/** Arguments of `documents.update`. */
export interface DocumentsUpdateArgs {
  /** Knowledge base ID. From `datasets.list`. */
  dataset_id: string;
  /** Document ID. From `documents.list`. */
  document_id: string;
  /**
   * The file; left out, only the rules change. Its name becomes the document's. At most 15728640 bytes. Large ones
   * flow through in pieces.
   */
  file?: FileArg | undefined;
  /**
   * `text_model` for standard text chunking, `hierarchical_model` for parent-child chunk structure, `qa_model` for
   * question-answer pair extraction. Server's default: "text_model".
   */
  doc_form?: "text_model" | "hierarchical_model" | "qa_model" | undefined;
  /** Language of the document for processing optimization. Server's default: "English". */
  doc_language?: string | undefined;
  /**
   * Processing rules for chunking.
   *
   * ```text
   * {mode: automatic|custom|hierarchical, rules?: {pre_processing_rules?: [{id?:
   * remove_stopwords|remove_extra_spaces|remove_urls_emails, enabled?: boolean}], segmentation?: {separator?:
   * string, max_tokens?: integer, chunk_overlap?: integer}, parent_mode?: full-doc|paragraph,
   * subchunk_segmentation?: {separator?: string, max_tokens?: integer, chunk_overlap?: integer}}}
   * ```
   */
  process_rule?: Record<string, unknown> | undefined;
  /**
   * Controls how chunks are searched and ranked when querying this knowledge base.
   *
   * ```text
   * {search_method: keyword_search|semantic_search|full_text_search|hybrid_search, reranking_enable: boolean,
   * reranking_model?: {reranking_provider_name?: string, reranking_model_name?: string}, reranking_mode?:
   * reranking_model|weighted_score, top_k: integer, score_threshold_enabled: boolean, score_threshold?: number,
   * weights?: {weight_type?: semantic_first|keyword_first|customized, vector_setting?: {vector_weight?: number,
   * embedding_provider_name?: string, embedding_model_name?: string}, keyword_setting?: {keyword_weight?: number}},
   * metadata_filtering_conditions?: {logical_operator?: and|or, conditions?: [{name: string, comparison_operator:
   * contains|not contains|start with|end with|is|is not|empty|not empty|in|not in|=|≠|>|<|≥|≤|before|after, value?:
   * string | [string] | number}]}}
   * ```
   */
  retrieval_model?: Record<string, unknown> | undefined;
  /** Embedding model name. Use the `model` field from `models.list` with `model_type=text-embedding`. */
  embedding_model?: string | undefined;
  /** Embedding model provider. Use the `provider` field from `models.list` with `model_type=text-embedding`. */
  embedding_model_provider?: string | undefined;
}

/** Arguments of `documents.download_zip`. */
export interface DocumentsDownloadZipArgs {
  /** Knowledge base ID. From `datasets.list`. */
  dataset_id: string;
  /**
   * IDs of the documents. Get them from `documents.list`. 1..100 entries.
   *
   * ```text
   * [string]
   * ```
   */
  document_ids: unknown[];
}

/** Arguments of `documents.wait`. */
export interface DocumentsWaitArgs {
  /** Knowledge base ID. */
  dataset_id: string;
  /**
   * Document IDs. At most 100000 entries.
   *
   * ```text
   * [uuid]
   * ```
   */
  ids: unknown[];
  /**
   * How long nothing may move; 120,000 and 5,000 more for each document that is not done, unless given.
   * 1000..86400000.
   */
  stall_ms?: number | undefined;
}

/** Operations of the group `documents`. */
export class Documents {
  readonly #client: Caller;

  /** @internal */
  constructor(client: Caller) {
    this.#client = client;
  }

  /**
   * Create Document by Text.
   *
   * Creates a document in a knowledge base from raw text. Indexing runs asynchronously; track it with the returned
   * `batch` ID via `documents.indexing_status`.
   *
   * Dify route: `POST /datasets/{dataset_id}/document/create-by-text`. A write: never repeated blindly; a repeat looks
   * first whether it happened.
   * Server versions <=1.12.1: indexing_technique must be in every create, also where the knowledge base has one: else
   * 400, or 500 where neither has one. Filled in from the knowledge base.
   * Server versions <=1.12.1: A name that a document has already replaces its content, also that of a file that
   * somebody uploaded, and an archived one becomes retrievable again; an empty text leaves it with no chunks.
   * Server versions <=1.12.1: A chunk size that cannot be (`max_tokens` 10 or 99999) is a 200; its indexing fails, and
   * it becomes the default of later documents that send no rule.
   *
   * @example
   * ```ts
   * const reply = await client.documents.createByText({
   *   dataset_id,
   *   name: "guide.md",
   *   text: "How to install, and what to do then.",
   *   indexing_technique: "economy",
   *   doc_form: "text_model",
   *   process_rule: { mode: "automatic" },
   * });
   * ```
   */
  createByText(args: DocumentsCreateByTextArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("documents.create_by_text", args, options);
  }

  /**
   * Update Document by Text.
   *
   * Updates a document's text content, name, or processing configuration. Re-indexes the document when its text
   * changes.
   *
   * Dify route: `POST /datasets/{dataset_id}/documents/{document_id}/update-by-text`. A write: never repeated blindly;
   * a repeat looks first whether it happened.
   * Server versions <=1.12.1: The indexing worker hangs for good; every later document stays `waiting` until the
   * worker is restarted. Carried out as a create by the same name where that is safe, else refused as `unsupported`
   * unless `allow_hazard` is set.
   *
   * @example
   * ```ts
   * const reply = await client.documents.updateByText({
   *   dataset_id,
   *   document_id,
   *   name: "guide.md",
   *   text: "How to install it on Debian.",
   * });
   * ```
   */
  updateByText(args: DocumentsUpdateByTextArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("documents.update_by_text", args, options);
  }

  /**
   * List Documents.
   *
   * Returns a paginated list of documents in a knowledge base.
   *
   * Dify route: `GET /datasets/{dataset_id}/documents`. A read: repeated at will.
   * Server versions <=1.12.1: `has_more` is wrong where `limit` is over 100, and true on a last page that is exactly
   * full: go by `total`.
   *
   * @example
   * ```ts
   * const reply = await client.documents.list({ dataset_id, keyword: "guide", limit: 100 });
   * ```
   */
  list(args: DocumentsListArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("documents.list", args, options);
  }

  /** All entries of {@link Documents.list}: pages of 100, by `total`, repeats dropped by id. */
  iterate(args: Omit<DocumentsListArgs, "page" | "limit">, options: CallOptions = {}): AsyncGenerator<any, void, undefined> {
    return this.#client.pages("documents.list", args, options, "page");
  }

  /**
   * Get Document.
   *
   * Returns detailed information for a single document.
   *
   * Dify route: `GET /datasets/{dataset_id}/documents/{document_id}`. A read: repeated at will.
   *
   * @example
   * ```ts
   * const reply = await client.documents.get({ dataset_id, document_id });
   * ```
   */
  get(args: DocumentsGetArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("documents.get", args, options);
  }

  /**
   * Delete Document.
   *
   * Permanently deletes a document and all its chunks from the knowledge base.
   *
   * Dify route: `DELETE /datasets/{dataset_id}/documents/{document_id}`. A write: never repeated blindly; a repeat
   * looks first whether it happened.
   *
   * @example
   * ```ts
   * const reply = await client.documents.delete({ dataset_id, document_id });
   * ```
   */
  delete(args: DocumentsDeleteArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("documents.delete", args, options);
  }

  /**
   * Get Document Indexing Status.
   *
   * Returns indexing progress for every document in a batch: the current stage and chunk completion counts. Poll until
   * each `indexing_status` reaches `completed` or `error`. Status advances through `waiting` → `parsing` → `cleaning`
   * → `splitting` → `indexing` → `completed`.
   *
   * Dify route: `GET /datasets/{dataset_id}/documents/{batch}/indexing-status`. A read: repeated at will.
   *
   * @example
   * ```ts
   * const reply = await client.documents.indexingStatus({ dataset_id, batch });
   * ```
   */
  indexingStatus(args: DocumentsIndexingStatusArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("documents.indexing_status", args, options);
  }

  /**
   * Update Document Status in Batch.
   *
   * Enables, disables, archives, or unarchives multiple documents in one request.
   *
   * Dify route: `PATCH /datasets/{dataset_id}/documents/status/{action}`. A write: never repeated blindly; a repeat
   * looks first whether it happened.
   *
   * @example
   * ```ts
   * const reply = await client.documents.updateStatus({
   *   dataset_id,
   *   action: "disable",
   *   document_ids: [document_id],
   * });
   * ```
   */
  updateStatus(args: DocumentsUpdateStatusArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("documents.update_status", args, options);
  }

  /**
   * Download Document.
   *
   * Returns a signed URL for downloading a document's original uploaded file.
   *
   * Dify route: `GET /datasets/{dataset_id}/documents/{document_id}/download`. A read: repeated at will.
   * Server versions <=1.12.1 do not have it.
   *
   * @example
   * ```ts
   * const reply = await client.documents.download({ dataset_id, document_id });
   * ```
   */
  download(args: DocumentsDownloadArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("documents.download", args, options);
  }

  /**
   * Create Document by File.
   *
   * Creates a document in a knowledge base from a file, such as PDF, TXT or DOCX; the file's name becomes the
   * document's. Indexing runs asynchronously; track it with the returned `batch` ID via `documents.indexing_status`.
   *
   * Dify route: `POST /datasets/{dataset_id}/document/create-by-file`. A write: never repeated blindly; a repeat looks
   * first whether it happened.
   * Server versions <=1.12.1: A file that is too large, or of an extension that is not taken, is a 400 without a
   * message.
   * Server versions <=1.12.1: A name that a document has already replaces its content, and an archived one becomes
   * retrievable again.
   * Server versions <=1.12.1: A chunk size that cannot be (`max_tokens` 10 or 99999) is a 200; its indexing fails, and
   * it becomes the default of later documents that send no rule.
   *
   * @example
   * ```ts
   * const reply = await client.documents.createByFile({
   *   dataset_id,
   *   file: { path: "guide.md" },
   *   indexing_technique: "economy",
   *   process_rule: { mode: "automatic" },
   * });
   * ```
   */
  createByFile(args: DocumentsCreateByFileArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.upload("documents.create_by_file", "file", args, options);
  }

  /**
   * Update Document by File.
   *
   * Updates a document from a file and indexes it again. Newer servers have `documents.update` for it.
   *
   * Dify route: `POST /datasets/{dataset_id}/documents/{document_id}/update-by-file`. A write: never repeated blindly;
   * a repeat looks first whether it happened.
   * Server versions <=1.12.1: The indexing worker hangs for good; every later document stays `waiting` until the
   * worker is restarted. Refused as `unsupported` unless `allow_hazard` is set.
   * Server versions <=1.12.1: The message of a 413 holds a literal `\{message\}`: go by its code.
   *
   * @example
   * ```ts
   * const reply = await client.documents.updateByFile({ dataset_id, document_id, file: { path: "guide.md" } });
   * ```
   */
  updateByFile(args: DocumentsUpdateByFileArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.upload("documents.update_by_file", "file", args, options);
  }

  /**
   * Update Document.
   *
   * Updates a document from a file and indexes it again; track it with the returned `batch` ID via
   * `documents.indexing_status`.
   *
   * Dify route: `PATCH /datasets/{dataset_id}/documents/{document_id}`. A write: never repeated blindly; a repeat
   * looks first whether it happened.
   * Server versions <=1.12.1 do not have it.
   *
   * @example
   * ```ts
   * const reply = await client.documents.update({ dataset_id, document_id, file: { path: "guide.md" } });
   * ```
   */
  update(args: DocumentsUpdateArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.upload("documents.update", "file", args, options);
  }

  /**
   * Download Documents as ZIP.
   *
   * Downloads documents as one ZIP archive. Only documents that were uploaded as files can be in it.
   *
   * Dify route: `POST /datasets/{dataset_id}/documents/download-zip`. A read: repeated at will.
   * Server versions <=1.12.1 do not have it.
   *
   * @example
   * ```ts
   * const reply = await client.documents.downloadZip({ dataset_id, document_ids: [document_id] });
   * ```
   */
  downloadZip(args: DocumentsDownloadZipArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("documents.download_zip", args, options);
  }

  /** As {@link Documents.downloadZip}, with its bytes in pieces. It opens when it is first used. */
  downloadZipStream(args: DocumentsDownloadZipArgs, options: StreamOptions = {}): Download {
    return this.#client.download("documents.download_zip", args, options);
  }

  /**
   * Wait until documents are indexed.
   *
   * Returns when each of the documents is completed, failed, paused or gone: `\{total, completed, failed, open,
   * documents: [\{id, status, error\}]\}`. Read as a stream it tells progress. All that wait in one knowledge base
   * share the lists that are asked of the server. Give it a deadline; `timeout`, code `indexing_stalled`, comes before
   * it where nothing moves.
   *
   * Made of several calls: no server has it. Calling it again changes nothing.
   *
   * @example
   * ```ts
   * const reply = await client.documents.wait({ dataset_id, ids: [document_id] });
   * ```
   */
  wait(args: DocumentsWaitArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("documents.wait", args, options);
  }
}

/** Arguments of `end_users.get`. */
export interface EndUsersGetArgs {
  /** ID of the end user to look up. */
  end_user_id: string;
}

/** Operations of the group `end_users`. */
export class EndUsers {
  readonly #client: Caller;

  /** @internal */
  constructor(client: Caller) {
    this.#client = client;
  }

  /**
   * Get End User Info.
   *
   * Returns an end user's details by ID. Useful for resolving an end-user ID returned by another endpoint, such as
   * `created_by` in the Upload File response. Apps: Chatflow, Workflow, New Agent, Chatbot, Agent, Text Generator.
   *
   * Dify route: `GET /end-users/{end_user_id}`. A read: repeated at will.
   * Server versions <=1.12.1 do not have it.
   *
   * @example
   * ```ts
   * const reply = await client.endUsers.get({ end_user_id });
   * ```
   */
  get(args: EndUsersGetArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("end_users.get", args, options);
  }
}

/** Arguments of `files.upload`. */
export interface FilesUploadArgs {
  /**
   * The file. Its name may hold neither `/` nor `\`; it must have a media type. By default images may have 10 MB,
   * audio 50 MB, video 100 MB, others 15 MB. At most 104857600 bytes. Large ones flow through in pieces.
   */
  file: FileArg;
  /**
   * End-user identifier, defined by your app and unique within it. Left out, the file belongs to the shared
   * `DEFAULT-USER`.
   */
  user?: string | undefined;
}

/** Arguments of `files.preview`. */
export interface FilesPreviewArgs {
  /** ID of the file, from `files.upload`. */
  file_id: string;
  /** Whether to name the file in Content-Disposition, as a download. Server's default: false. */
  as_attachment?: boolean | undefined;
  /** End-user identifier, defined by your app and unique within it. It has no effect on access here. */
  user?: string | undefined;
}

/** Operations of the group `files`. */
export class Files {
  readonly #client: Caller;

  /** @internal */
  constructor(client: Caller) {
    this.#client = client;
  }

  /**
   * Upload File.
   *
   * Uploads a file and returns its `id` for later requests to refer to. Only requests with the same `user` can. Which
   * types an app consumes stands in its file-upload settings, in `apps.parameters`. Apps: Chatflow, Workflow, New
   * Agent, Chatbot, Agent, Text Generator.
   *
   * Dify route: `POST /files/upload`. A write: never repeated once a byte may have reached the server.
   * Server versions <=1.12.1: The message of a 413 holds a literal `\{message\}`: go by its code.
   *
   * @example
   * ```ts
   * const reply = await client.files.upload({ file: { path: "guide.md" }, user: "abc-123" });
   * ```
   */
  upload(args: FilesUploadArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.upload("files.upload", "file", args, options);
  }

  /**
   * Download File.
   *
   * Returns the bytes of a file that was uploaded with `files.upload`, once a message of this app refers to it. Apps:
   * Chatflow, Chatbot, Agent, Text Generator.
   *
   * Dify route: `GET /files/{file_id}/preview`. A read: repeated at will.
   *
   * @example
   * ```ts
   * const reply = await client.files.preview({ file_id, as_attachment: true, user: "abc-123" });
   * ```
   */
  preview(args: FilesPreviewArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("files.preview", args, options);
  }

  /** As {@link Files.preview}, with its bytes in pieces. It opens when it is first used. */
  previewStream(args: FilesPreviewArgs, options: StreamOptions = {}): Download {
    return this.#client.download("files.preview", args, options);
  }
}

/** Arguments of `human_input.get`. */
export interface HumanInputGetArgs {
  /**
   * Access token for the paused form, returned in the `human_input_required` event from the Run Workflow or Send Chat
   * Message endpoint in streaming mode.
   */
  form_token: string;
}

/** Arguments of `human_input.submit`. */
export interface HumanInputSubmitArgs {
  /**
   * Access token for the paused form, returned in the `human_input_required` event from the Run Workflow or Send Chat
   * Message endpoint in streaming mode.
   */
  form_token: string;
  /**
   * Submitted values keyed by each input's `output_variable_name`. Paragraph and select inputs take a string; a `file`
   * input takes one file mapping; a `file-list` input takes an array of file mappings.
   */
  inputs: Record<string, unknown>;
  /**
   * ID of the action button the recipient selected. Must match one of the `id` values from the form's `user_actions`
   * list (returned by `human_input.get`).
   */
  action: string;
  /**
   * End-user identifier, defined by your app and unique within it. Service API and WebApp user IDs are separate, even
   * when identical.
   */
  user: string;
}

/** Operations of the group `human_input`. */
export class HumanInput {
  readonly #client: Caller;

  /** @internal */
  constructor(client: Caller) {
    this.#client = client;
  }

  /**
   * Get Human Input Form.
   *
   * Returns the contents of a paused Human Input form. Requires WebApp delivery. Apps: Chatflow, Workflow.
   *
   * Dify route: `GET /form/human_input/{form_token}`. A read: repeated at will.
   * Server versions <=1.12.1 do not have it.
   *
   * @example
   * ```ts
   * const reply = await client.humanInput.get({ form_token });
   * ```
   */
  get(args: HumanInputGetArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("human_input.get", args, options);
  }

  /**
   * Submit Human Input Form.
   *
   * Submits the recipient's response to a paused Human Input form. On acceptance the workflow resumes; follow the
   * resumed run via Stream Workflow Events. Requires WebApp delivery. Apps: Chatflow, Workflow.
   *
   * Dify route: `POST /form/human_input/{form_token}`. A write: never repeated once a byte may have reached the
   * server.
   * Server versions <=1.12.1 do not have it.
   *
   * @example
   * ```ts
   * const reply = await client.humanInput.submit({
   *   form_token,
   *   inputs: { feedback: "Looks good" },
   *   action: "approve",
   *   user: "abc-123",
   * });
   * ```
   */
  submit(args: HumanInputSubmitArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("human_input.submit", args, options);
  }
}

/** Arguments of `messages.suggested`. */
export interface MessagesSuggestedArgs {
  /** ID of the message to get suggestions for. Get it from a chat response or `messages.list`. */
  message_id: string;
  /** End-user identifier, defined by your app and unique within it. */
  user: string;
}

/** Arguments of `messages.list`. */
export interface MessagesListArgs {
  /** ID of the conversation to read. Get conversation IDs from `conversations.list`. */
  conversation_id: string;
  /** End-user identifier, defined by your app and unique within it. */
  user?: string | undefined;
  /**
   * Pagination cursor: the `id` of the first message on the current page. Pass it to fetch the previous (older) page;
   * omit to fetch the latest messages.
   */
  first_id?: string | undefined;
  /** Number of chat history messages to return per request. 1..100. Server's default: 20. */
  limit?: number | undefined;
}

/** Arguments of `messages.feedback`. */
export interface MessagesFeedbackArgs {
  /** ID of the message to give feedback on. Get message IDs from `messages.list`. */
  message_id: string;
  /** Feedback rating. Set to `null` to revoke previously submitted feedback. */
  rating?: "like" | "dislike" | undefined;
  /**
   * End-user identifier, defined by your app and unique within it. Must match the `user` that received the message,
   * since feedback is scoped to that end user.
   */
  user: string;
  /** Optional text feedback providing additional detail. */
  content?: string | undefined;
}

/** Operations of the group `messages`. */
export class Messages {
  readonly #client: Caller;

  /** @internal */
  constructor(client: Caller) {
    this.#client = client;
  }

  /**
   * Get Next Suggested Questions.
   *
   * Returns the follow-up questions suggested for a message. Apps: Chatflow, New Agent, Chatbot, Agent.
   *
   * Dify route: `GET /messages/{message_id}/suggested`. A read: repeated at will.
   *
   * @example
   * ```ts
   * const reply = await client.messages.suggested({ message_id, user: "abc-123" });
   * ```
   */
  suggested(args: MessagesSuggestedArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("messages.suggested", args, options);
  }

  /**
   * List Conversation Messages.
   *
   * Returns a conversation's message history, newest first. Pass `first_id` to page backward into older messages.
   * Apps: Chatflow, New Agent, Chatbot, Agent.
   *
   * Dify route: `GET /messages`. A read: repeated at will.
   *
   * @example
   * ```ts
   * const reply = await client.messages.list({ conversation_id, limit: 20, user: "abc-123" });
   * ```
   */
  list(args: MessagesListArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("messages.list", args, options);
  }

  /** All entries of {@link Messages.list}: newest first, 100 at a time, each before the earliest one's id. */
  iterate(args: Omit<MessagesListArgs, "first_id" | "limit">, options: CallOptions = {}): AsyncGenerator<any, void, undefined> {
    return this.#client.pages("messages.list", args, options, "first_id");
  }

  /**
   * Submit Message Feedback.
   *
   * Records a `like` or `dislike` rating, plus an optional comment, on a message. Submitting `null` for `rating`
   * revokes the message's existing feedback. Apps: Chatflow, Chatbot, Agent, Text Generator.
   *
   * Dify route: `POST /messages/{message_id}/feedbacks`. A write: never repeated blindly; a repeat looks first whether
   * it happened.
   *
   * @example
   * ```ts
   * const reply = await client.messages.feedback({ message_id, rating: "like", user: "abc-123" });
   * ```
   */
  feedback(args: MessagesFeedbackArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("messages.feedback", args, options);
  }
}

/** Arguments of `metadata.list`. */
export interface MetadataListArgs {
  /** Knowledge base ID. See `datasets.list`. */
  dataset_id: string;
}

/** Arguments of `metadata.create`. */
export interface MetadataCreateArgs {
  /** Knowledge base ID. See `datasets.list`. */
  dataset_id: string;
  /** `string` for text values, `number` for numeric values, `time` for date/time values. */
  type: "string" | "number" | "time";
  /** Name for the metadata field. Must be unique among the knowledge base's fields and at most 255 characters. */
  name: string;
}

/** Arguments of `metadata.update`. */
export interface MetadataUpdateArgs {
  /** Knowledge base ID. See `datasets.list`. */
  dataset_id: string;
  /** ID of the metadata field to rename. See `metadata.list`. */
  metadata_id: string;
  /** New name for the field. Must be unique among the knowledge base's fields and at most 255 characters. */
  name: string;
}

/** Arguments of `metadata.delete`. */
export interface MetadataDeleteArgs {
  /** Knowledge base ID. See `datasets.list`. */
  dataset_id: string;
  /** ID of the metadata field to delete. See `metadata.list`. */
  metadata_id: string;
}

/** Arguments of `metadata.built_in`. */
export interface MetadataBuiltInArgs {
  /** Knowledge base ID. See `datasets.list`. */
  dataset_id: string;
}

/** Arguments of `metadata.toggle_built_in`. */
export interface MetadataToggleBuiltInArgs {
  /** Knowledge base ID. See `datasets.list`. */
  dataset_id: string;
  /** `enable` to activate built-in metadata fields, `disable` to deactivate them. */
  action: "enable" | "disable";
}

/** Arguments of `metadata.assign`. */
export interface MetadataAssignArgs {
  /** Knowledge base ID. See `datasets.list`. */
  dataset_id: string;
  /**
   * Document metadata update operations, one entry per document.
   *
   * ```text
   * [{document_id: string, metadata_list: [{id: string, name: string, value?: any}], partial_update?: boolean}]
   * ```
   */
  operation_data: unknown[];
}

/** Arguments of `metadata.ensure`. */
export interface MetadataEnsureArgs {
  /** Knowledge base ID. */
  dataset_id: string;
  /**
   * Names and types; `string` where no type is given. 1..200 entries.
   *
   * ```text
   * [{name: string, type?: string|number|time}]
   * ```
   */
  fields: unknown[];
}

/** Operations of the group `metadata`. */
export class Metadata {
  readonly #client: Caller;

  /** @internal */
  constructor(client: Caller) {
    this.#client = client;
  }

  /**
   * List Metadata Fields.
   *
   * Returns all metadata fields for the knowledge base, both custom and built-in, with the count of documents using
   * each field.
   *
   * Dify route: `GET /datasets/{dataset_id}/metadata`. A read: repeated at will.
   *
   * @example
   * ```ts
   * const reply = await client.metadata.list({ dataset_id });
   * ```
   */
  list(args: MetadataListArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("metadata.list", args, options);
  }

  /** All entries of {@link Metadata.list}: they come all at once. */
  iterate(args: MetadataListArgs, options: CallOptions = {}): AsyncGenerator<any, void, undefined> {
    return this.#client.pages("metadata.list", args, options, "");
  }

  /**
   * Create Metadata Field.
   *
   * Create a custom metadata field for annotating documents in the knowledge base with structured information.
   *
   * Dify route: `POST /datasets/{dataset_id}/metadata`. A write: never repeated blindly; a repeat looks first whether
   * it happened.
   *
   * @example
   * ```ts
   * const reply = await client.metadata.create({ dataset_id, type: "string", name: "url" });
   * ```
   */
  create(args: MetadataCreateArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("metadata.create", args, options);
  }

  /**
   * Update Metadata Field.
   *
   * Rename a custom metadata field.
   *
   * Dify route: `PATCH /datasets/{dataset_id}/metadata/{metadata_id}`. A write: never repeated blindly; a repeat looks
   * first whether it happened.
   * Server versions <=1.12.1: A field that does not exist is a 200 with nulls.
   * Server versions <=1.12.1: Documents that are disabled or not completed lose their value for the field.
   *
   * @example
   * ```ts
   * const reply = await client.metadata.update({ dataset_id, metadata_id, name: "address" });
   * ```
   */
  update(args: MetadataUpdateArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("metadata.update", args, options);
  }

  /**
   * Delete Metadata Field.
   *
   * Permanently delete a custom metadata field. Documents that used the field lose their values for it.
   *
   * Dify route: `DELETE /datasets/{dataset_id}/metadata/{metadata_id}`. A write: never repeated blindly; a repeat
   * looks first whether it happened.
   *
   * @example
   * ```ts
   * const reply = await client.metadata.delete({ dataset_id, metadata_id });
   * ```
   */
  delete(args: MetadataDeleteArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("metadata.delete", args, options);
  }

  /**
   * Get Built-in Metadata Fields.
   *
   * Returns the built-in metadata fields provided by the system.
   *
   * Dify route: `GET /datasets/{dataset_id}/metadata/built-in`. A read: repeated at will.
   *
   * @example
   * ```ts
   * const reply = await client.metadata.builtIn({ dataset_id });
   * ```
   */
  builtIn(args: MetadataBuiltInArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("metadata.built_in", args, options);
  }

  /**
   * Update Built-in Metadata Field.
   *
   * Enable or disable built-in metadata fields for the knowledge base.
   *
   * Dify route: `POST /datasets/{dataset_id}/metadata/built-in/{action}`. A write: never repeated blindly; a repeat
   * looks first whether it happened.
   *
   * @example
   * ```ts
   * const reply = await client.metadata.toggleBuiltIn({ dataset_id, action: "enable" });
   * ```
   */
  toggleBuiltIn(args: MetadataToggleBuiltInArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("metadata.toggle_built_in", args, options);
  }

  /**
   * Update Document Metadata in Batch.
   *
   * Update metadata values for multiple documents in a single request.
   *
   * Dify route: `POST /datasets/{dataset_id}/documents/metadata`. A write: never repeated blindly; a repeat looks
   * first whether it happened.
   * Server versions <=1.12.1: A value that could not be kept (an unknown document or field, a NUL) is a 200 all the
   * same: read back what matters.
   * Server versions <=1.12.1: Partial writes to one document at once are all 200 and some are lost: one at a time for
   * each document.
   *
   * @example
   * ```ts
   * const reply = await client.metadata.assign({
   *   dataset_id,
   *   operation_data: [{ document_id: document_id, metadata_list: [{ id: metadata_id, name: "url", value: "https://example.org/guide" }], partial_update: true }],
   * });
   * ```
   */
  assign(args: MetadataAssignArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("metadata.assign", args, options);
  }

  /**
   * Find or create metadata fields.
   *
   * Metadata fields of those names and types, created where they are missing: `\{fields: [\{id, name, type,
   * created\}]\}` in the order asked for. One at a time for a knowledge base across all callers of the service. A
   * field that is there with another type is a `conflict`.
   *
   * Made of several calls: no server has it. Calling it again changes nothing.
   *
   * @example
   * ```ts
   * const reply = await client.metadata.ensure({
   *   dataset_id,
   *   fields: [{ name: "author", type: "string" }, { name: "year", type: "number" }],
   * });
   * ```
   */
  ensure(args: MetadataEnsureArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("metadata.ensure", args, options);
  }
}

/** Arguments of `models.list`. */
export interface ModelsListArgs {
  /**
   * Type of model to retrieve. For knowledge base configuration, use `text-embedding` for embedding models or `rerank`
   * for reranking models.
   */
  model_type: "text-embedding" | "rerank" | "llm" | "tts" | "speech2text" | "moderation";
}

/** Operations of the group `models`. */
export class Models {
  readonly #client: Caller;

  /** @internal */
  constructor(client: Caller) {
    this.#client = client;
  }

  /**
   * Get Available Models.
   *
   * Returns the available models of a given type. Use it to find the `text-embedding` and `rerank` models to configure
   * on a knowledge base.
   *
   * Dify route: `GET /workspaces/current/models/model-types/{model_type}`. A read: repeated at will.
   *
   * @example
   * ```ts
   * const reply = await client.models.list({ model_type: "text-embedding" });
   * ```
   */
  list(args: ModelsListArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("models.list", args, options);
  }

  /** All entries of {@link Models.list}: they come all at once. */
  iterate(args: ModelsListArgs, options: CallOptions = {}): AsyncGenerator<any, void, undefined> {
    return this.#client.pages("models.list", args, options, "");
  }
}

/** Arguments of `pages.push`. */
export interface PagesPushArgs {
  /** Knowledge base ID; or `dataset`. */
  dataset_id?: string | undefined;
  /** Name of the knowledge base, created if there is none. 1..40 characters. */
  dataset?: string | undefined;
  /**
   * Label of this source's pages: letters, digits, `.`, `_`, `-`. Only documents of the same set are pruned. 1..64
   * characters. Server's default: "default".
   */
  set?: string | undefined;
  /**
   * How texts are cut; as in `documents.create_by_text`. Otherwise custom, cut at blank lines, 1,000 tokens, 50 of
   * overlap.
   */
  process_rule?: Record<string, unknown> | undefined;
  /** A rule for texts that were marked up for it, instead of `process_rule`. */
  preset?: "marked_sections" | "marked_parent_child" | undefined;
  /** Form of the documents; `text_model` unless given. A knowledge base keeps the form of its first document. */
  doc_form?: "text_model" | "hierarchical_model" | "qa_model" | undefined;
  /** Language of the documents. */
  doc_language?: string | undefined;
  /**
   * Technique of a new knowledge base; `high_quality`, which needs an embedding model, unless given. An existing one
   * keeps its own.
   */
  indexing_technique?: "high_quality" | "economy" | undefined;
  /** Wait until what was written is indexed. Server's default: false. */
  wait?: boolean | undefined;
  /** Delete documents of this set that no page is, if no page failed. Server's default: false. */
  prune?: boolean | undefined;
  /** Prune adopted documents, too. Server's default: false. */
  prune_adopted?: boolean | undefined;
  /**
   * Percent of the set's documents that may be pruned; above it nothing is, and the push is a `conflict`. 0..100.
   * Server's default: 10.
   */
  max_delete?: number | undefined;
  /** Take over a document of another program whose `source_url` is the page's. Server's default: true. */
  adopt?: boolean | undefined;
  /** Write unchanged pages anew whose rule has changed. Server's default: false. */
  rechunk?: boolean | undefined;
  /** Enable and un-archive documents that a changed page needs; otherwise they are skipped. Server's default: false. */
  mend?: boolean | undefined;
  /** Tell what would be done, and send no write. Server's default: false. */
  dry_run?: boolean | undefined;
  /** What becomes of a second page of one key with another text. Server's default: "error". */
  on_duplicate?: "error" | "last" | "number" | undefined;
}

/** Operations of the group `pages`. */
export class Pages {
  readonly #client: Caller;

  /** @internal */
  constructor(client: Caller) {
    this.#client = client;
  }

  /**
   * Make a knowledge base hold pages.
   *
   * Make the knowledge base hold exactly these pages' current text: new ones are created, changed ones written anew,
   * unchanged ones not sent; metadata goes many documents a call and is read back. Doing it twice changes nothing.
   * `\{dataset_id, created, updated, adopted, unchanged, duplicates, skipped, failed, deleted, …, results: [\{key,
   * outcome, document_id, name, error\}]\}`. Read as a stream, results come as events; without `pages` it is a session
   * whose pages come one by one. A page that fails harms no other.
   *
   * Made of several calls: no server has it. Calling it again changes nothing.
   *
   * @param pages - any iterable, also an async one: its pages are taken as fast as they can be carried out
   *
   * @example
   * ```ts
   * const push = client.pages.push([{ url: "https://example.org/guide", title: "Guide", text: "How to install, and what to do then." }], {
   *   dataset: "Guides",
   *   indexing_technique: "economy",
   * });
   * ```
   */
  push(pages: PageSource, args: PagesPushArgs = {}, options: PushOptions = {}): Push {
    return this.#client.push(pages, args, options);
  }

  /** The same, with pages given one by one by `add`, then `finish`. */
  session(args: PagesPushArgs = {}, options: PushOptions = {}): Push {
    return this.#client.push(undefined, args, options);
  }
}

/** Arguments of `pipelines.datasource_plugins`. */
export interface PipelinesDatasourcePluginsArgs {
  /** Knowledge base ID, from `datasets.list`. */
  dataset_id: string;
  /** Whether to read nodes from the published pipeline version rather than the draft. Server's default: true. */
  is_published?: boolean | undefined;
}

/** Arguments of `pipelines.upload_file`. */
export interface PipelinesUploadFileArgs {
  /**
   * The file. By default images may have 10 MB, audio 50 MB, video 100 MB, others 15 MB. At most 104857600 bytes.
   * Large ones flow through in pieces.
   */
  file: FileArg;
}

/** Arguments of `pipelines.run_datasource`. */
export interface PipelinesRunDatasourceArgs {
  /** Knowledge base ID. From `datasets.list`. */
  dataset_id: string;
  /** ID of the datasource node, from `pipelines.datasource_plugins`. */
  node_id: string;
  /** Input variables of the datasource node. */
  inputs: Record<string, unknown>;
  /** Type of the datasource. */
  datasource_type: "online_document" | "local_file" | "website_crawl" | "online_drive";
  /** ID of the credential to use, from `credentials` of `pipelines.datasource_plugins`. */
  credential_id?: string | undefined;
  /** Whether to run the published version of the node instead of the draft. */
  is_published: boolean;
}

/** Arguments of `pipelines.run`. */
export interface PipelinesRunArgs {
  /** Knowledge base ID. From `datasets.list`. */
  dataset_id: string;
  /** Values for the pipeline's input variables; empty if it has none. */
  inputs: Record<string, unknown>;
  /** Type of the datasource. It decides what the items of `datasource_info_list` are. */
  datasource_type: "local_file" | "online_document" | "website_crawl" | "online_drive";
  /**
   * What to process: files uploaded with `pipelines.upload_file`, documents of another platform, pages to crawl, or
   * files of a drive.
   *
   * ```text
   * [{reference: string, name?: string} | {workspace_id: string, page: {page_id: string, type: string, page_name?:
   * string}, credential_id?: string} | {url: string, title?: string} | {id: string, type: file|folder, bucket?:
   * string, name?: string}]
   * ```
   */
  datasource_info_list: unknown[];
  /** ID of the node to start from, from `pipelines.datasource_plugins`. */
  start_node_id: string;
  /** Whether to run the published version of the pipeline instead of the draft. */
  is_published: boolean;
  /**
   * Set by the pool, so leave it out: it asks for a stream, also where one answer is wanted, and puts that together;
   * `blocking` is the same as the option `blocking`.
   */
  response_mode?: "streaming" | "blocking" | undefined;
}

/** Operations of the group `pipelines`. */
export class Pipelines {
  readonly #client: Caller;

  /** @internal */
  constructor(client: Caller) {
    this.#client = client;
  }

  /**
   * List Datasource Plugins.
   *
   * Returns the datasource nodes configured in the knowledge pipeline, each with the plugin it uses and the metadata
   * needed to run it.
   *
   * Dify route: `GET /datasets/{dataset_id}/pipeline/datasource-plugins`. A read: repeated at will.
   * Server versions <=1.12.1 do not have it.
   *
   * @example
   * ```ts
   * const reply = await client.pipelines.datasourcePlugins({ dataset_id, is_published: true });
   * ```
   */
  datasourcePlugins(args: PipelinesDatasourcePluginsArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("pipelines.datasource_plugins", args, options);
  }

  /**
   * Upload Pipeline File.
   *
   * Uploads a file for a knowledge pipeline. Its `id` is the `reference` of a `local_file` item in `pipelines.run`.
   *
   * Dify route: `POST /datasets/pipeline/file-upload`. A write: never repeated once a byte may have reached the
   * server.
   * Server versions <=1.12.1 do not have it.
   *
   * @example
   * ```ts
   * const reply = await client.pipelines.uploadFile({ file: { path: "guide.md" } });
   * ```
   */
  uploadFile(args: PipelinesUploadFileArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.upload("pipelines.upload_file", "file", args, options);
  }

  /**
   * Run Datasource Node.
   *
   * Runs a single datasource node of the knowledge pipeline and streams its events.
   *
   * Dify route: `POST /datasets/{dataset_id}/pipeline/datasource/nodes/{node_id}/run`. A write: never repeated once a
   * byte may have reached the server.
   * Server versions <=1.12.1 do not have it.
   *
   * @example
   * ```ts
   * const reply = await client.pipelines.runDatasource({
   *   dataset_id,
   *   node_id,
   *   inputs: {  },
   *   datasource_type: "online_document",
   *   is_published: true,
   * });
   * ```
   */
  runDatasource(args: PipelinesRunDatasourceArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("pipelines.run_datasource", args, options);
  }

  /** As {@link Pipelines.runDatasource}, with its events as they come. It opens when it is first used. */
  runDatasourceStream(args: PipelinesRunDatasourceArgs, options: StreamOptions = {}): EventStream {
    return this.#client.events("pipelines.run_datasource", args, options);
  }

  /**
   * Run Pipeline.
   *
   * Runs the whole knowledge pipeline over one or more datasources, as events or with one answer.
   *
   * Dify route: `POST /datasets/{dataset_id}/pipeline/run`. A write: never repeated once a byte may have reached the
   * server.
   * Server versions <=1.12.1 do not have it.
   *
   * @example
   * ```ts
   * const reply = await client.pipelines.run({
   *   dataset_id,
   *   inputs: {  },
   *   datasource_type: "local_file",
   *   datasource_info_list: [{ reference: file_id, name: "guide.md" }],
   *   start_node_id: node_id,
   *   is_published: true,
   * });
   * ```
   */
  run(args: PipelinesRunArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("pipelines.run", args, options);
  }

  /** As {@link Pipelines.run}, with its events as they come. It opens when it is first used. */
  runStream(args: PipelinesRunArgs, options: StreamOptions = {}): EventStream {
    return this.#client.events("pipelines.run", args, options);
  }
}

/** Arguments of `segments.create`. */
export interface SegmentsCreateArgs {
  /** Knowledge base ID. Obtain it from `datasets.list`. */
  dataset_id: string;
  /** Document ID. Obtain it from `documents.list`. */
  document_id: string;
  /**
   * Array of chunk objects to create. At least 1 entries.
   *
   * ```text
   * [{content: string, answer?: string, keywords?: [string], attachment_ids?: [string]}]
   * ```
   */
  segments: unknown[];
}

/** Arguments of `segments.list`. */
export interface SegmentsListArgs {
  /** Knowledge base ID. Obtain it from `datasets.list`. */
  dataset_id: string;
  /** Document ID. Obtain it from `documents.list`. */
  document_id: string;
  /** Page number. At least 1. Server's default: 1. */
  page?: number | undefined;
  /** Number of items per page. Server caps at `100`. At least 1. Server's default: 20. */
  limit?: number | undefined;
  /** Filter chunks by indexing status, e.g. `completed`, `indexing`, `error`. */
  status?: unknown[] | undefined;
  /** Search keyword. */
  keyword?: string | undefined;
}

/** Arguments of `segments.get`. */
export interface SegmentsGetArgs {
  /** Knowledge base ID. Obtain it from `datasets.list`. */
  dataset_id: string;
  /** Document ID. Obtain it from `documents.list`. */
  document_id: string;
  /** Chunk ID. Obtain it from `segments.list`. */
  segment_id: string;
}

/** Arguments of `segments.update`. */
export interface SegmentsUpdateArgs {
  /** Knowledge base ID. Obtain it from `datasets.list`. */
  dataset_id: string;
  /** Document ID. Obtain it from `documents.list`. */
  document_id: string;
  /** Chunk ID. Obtain it from `segments.list`. */
  segment_id: string;
  /**
   * Chunk data to update.
   *
   * ```text
   * {content?: string, answer?: string, keywords?: [string], enabled?: boolean, regenerate_child_chunks?: boolean,
   * attachment_ids?: [string], summary?: string}
   * ```
   */
  segment: Record<string, unknown>;
}

/** Arguments of `segments.delete`. */
export interface SegmentsDeleteArgs {
  /** Knowledge base ID. Obtain it from `datasets.list`. */
  dataset_id: string;
  /** Document ID. Obtain it from `documents.list`. */
  document_id: string;
  /** Chunk ID. Obtain it from `segments.list`. */
  segment_id: string;
}

/** Operations of the group `segments`. */
export class Segments {
  readonly #client: Caller;

  /** @internal */
  constructor(client: Caller) {
    this.#client = client;
  }

  /**
   * Create Chunks.
   *
   * Create one or more chunks within a document.
   *
   * Dify route: `POST /datasets/{dataset_id}/documents/{document_id}/segments`. A write: never repeated once a byte
   * may have reached the server.
   *
   * @example
   * ```ts
   * const reply = await client.segments.create({
   *   dataset_id,
   *   document_id,
   *   segments: [{ content: "Install it with apt.", keywords: ["apt"] }],
   * });
   * ```
   */
  create(args: SegmentsCreateArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("segments.create", args, options);
  }

  /**
   * List Chunks.
   *
   * Returns a paginated list of chunks within a document, optionally filtered by keyword or indexing status.
   *
   * Dify route: `GET /datasets/{dataset_id}/documents/{document_id}/segments`. A read: repeated at will.
   *
   * @example
   * ```ts
   * const reply = await client.segments.list({ dataset_id, document_id, limit: 100 });
   * ```
   */
  list(args: SegmentsListArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("segments.list", args, options);
  }

  /** All entries of {@link Segments.list}: pages of 100, by `total`, repeats dropped by id. */
  iterate(args: Omit<SegmentsListArgs, "page" | "limit">, options: CallOptions = {}): AsyncGenerator<any, void, undefined> {
    return this.#client.pages("segments.list", args, options, "page");
  }

  /**
   * Get Chunk.
   *
   * Retrieve the full details of a single chunk.
   *
   * Dify route: `GET /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}`. A read: repeated at will.
   *
   * @example
   * ```ts
   * const reply = await client.segments.get({ dataset_id, document_id, segment_id });
   * ```
   */
  get(args: SegmentsGetArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("segments.get", args, options);
  }

  /**
   * Update Chunk.
   *
   * Update a chunk's fields. The update re-triggers indexing for that chunk.
   *
   * Dify route: `POST /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}`. A write: never repeated
   * blindly; a repeat looks first whether it happened.
   *
   * @example
   * ```ts
   * const reply = await client.segments.update({
   *   dataset_id,
   *   document_id,
   *   segment_id,
   *   segment: { content: "Install it with apt-get." },
   * });
   * ```
   */
  update(args: SegmentsUpdateArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("segments.update", args, options);
  }

  /**
   * Delete Chunk.
   *
   * Permanently delete a chunk from the document.
   *
   * Dify route: `DELETE /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}`. A write: never repeated
   * blindly; a repeat looks first whether it happened.
   *
   * @example
   * ```ts
   * const reply = await client.segments.delete({ dataset_id, document_id, segment_id });
   * ```
   */
  delete(args: SegmentsDeleteArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("segments.delete", args, options);
  }
}

/** Arguments of `tags.create`. */
export interface TagsCreateArgs {
  /** Tag name. Must be unique within the workspace. 1..50 characters. */
  name: string;
}

/** Arguments of `tags.update`. */
export interface TagsUpdateArgs {
  /** ID of the tag to rename. See `tags.list`. */
  tag_id: string;
  /** New name for the tag. Must be unique within the workspace. 1..50 characters. */
  name: string;
}

/** Arguments of `tags.delete`. */
export interface TagsDeleteArgs {
  /** ID of the tag to delete. See `tags.list`. */
  tag_id: string;
}

/** Arguments of `tags.bind`. */
export interface TagsBindArgs {
  /**
   * IDs of the tags to bind. See `tags.list`. Unknown tag IDs are silently ignored. At least 1 entries.
   *
   * ```text
   * [string]
   * ```
   */
  tag_ids: unknown[];
  /** Knowledge base to bind the tags to. See `datasets.list`. */
  target_id: string;
}

/** Arguments of `tags.unbind`. */
export interface TagsUnbindArgs {
  /**
   * Tags to unbind. Required unless `tag_id` is given. See `tags.list`. At least 1 entries.
   *
   * ```text
   * [string]
   * ```
   */
  tag_ids?: unknown[] | undefined;
  /** One tag to unbind; the form that servers up to 1.12.1 take. */
  tag_id?: string | undefined;
  /** Knowledge base to unbind the tags from. See `datasets.list`. */
  target_id: string;
}

/** Arguments of `tags.ensure`. */
export interface TagsEnsureArgs {
  /** Name of the tag. 1..50 characters. */
  name: string;
}

/** Operations of the group `tags`. */
export class Tags {
  readonly #client: Caller;

  /** @internal */
  constructor(client: Caller) {
    this.#client = client;
  }

  /**
   * Create Knowledge Tag.
   *
   * Create a tag for organizing knowledge bases.
   *
   * Dify route: `POST /datasets/tags`. A write: never repeated blindly; a repeat looks first whether it happened.
   * Server versions <=1.12.1: The tag is created, and the answer is a 400 of the server's own validation (`1
   * validation error for DataSetTag`), without the new id.
   *
   * @example
   * ```ts
   * const reply = await client.tags.create({ name: "manuals" });
   * ```
   */
  create(args: TagsCreateArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("tags.create", args, options);
  }

  /**
   * List Knowledge Tags.
   *
   * Returns all knowledge base tags in the workspace.
   *
   * Dify route: `GET /datasets/tags`. A read: repeated at will.
   * Server versions <=1.12.1: 400 as soon as one tag exists; `datasets.tags` works.
   *
   * @example
   * ```ts
   * const reply = await client.tags.list();
   * ```
   */
  list(options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("tags.list", {}, options);
  }

  /** All entries of {@link Tags.list}: they come all at once. */
  iterate(options: CallOptions = {}): AsyncGenerator<any, void, undefined> {
    return this.#client.pages("tags.list", {}, options, "");
  }

  /**
   * Update Knowledge Tag.
   *
   * Rename a knowledge base tag.
   *
   * Dify route: `PATCH /datasets/tags`. A write: never repeated blindly; a repeat looks first whether it happened.
   * Server versions <=1.12.1: The tag is renamed, and the answer is a 400 of the server's own validation (`1
   * validation error for DataSetTag`).
   *
   * @example
   * ```ts
   * const reply = await client.tags.update({ tag_id, name: "handbooks" });
   * ```
   */
  update(args: TagsUpdateArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("tags.update", args, options);
  }

  /**
   * Delete Knowledge Tag.
   *
   * Permanently delete a knowledge base tag. Does not delete the knowledge bases that were tagged.
   *
   * Dify route: `DELETE /datasets/tags`. A write: never repeated blindly; a repeat looks first whether it happened.
   *
   * @example
   * ```ts
   * const reply = await client.tags.delete({ tag_id });
   * ```
   */
  delete(args: TagsDeleteArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("tags.delete", args, options);
  }

  /**
   * Create Tag Binding.
   *
   * Bind one or more tags to a knowledge base. A knowledge base can have multiple tags.
   *
   * Dify route: `POST /datasets/tags/binding`. A write: never repeated blindly; a repeat looks first whether it
   * happened.
   *
   * @example
   * ```ts
   * const reply = await client.tags.bind({ tag_ids: [tag_id], target_id: dataset_id });
   * ```
   */
  bind(args: TagsBindArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("tags.bind", args, options);
  }

  /**
   * Delete Tag Binding.
   *
   * Remove one or more tags from a knowledge base.
   *
   * Dify route: `POST /datasets/tags/unbinding`. A write: never repeated blindly; a repeat looks first whether it
   * happened.
   *
   * @example
   * ```ts
   * const reply = await client.tags.unbind({ tag_id, target_id: dataset_id });
   * ```
   */
  unbind(args: TagsUnbindArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("tags.unbind", args, options);
  }

  /**
   * Find or create a knowledge tag.
   *
   * The tag of exactly that name, created if there is none: `\{id, name, created\}`. One at a time for a name across
   * all callers of the service. `unsupported` on servers up to 1.12.1, which cannot list their tags.
   *
   * Made of several calls: no server has it. Calling it again changes nothing.
   *
   * @example
   * ```ts
   * const reply = await client.tags.ensure({ name: "guides" });
   * ```
   */
  ensure(args: TagsEnsureArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("tags.ensure", args, options);
  }
}

/** Arguments of `workflows.stop`. */
export interface WorkflowsStopArgs {
  /** Task ID, from the streaming events of Run Workflow. */
  task_id: string;
  /**
   * End-user identifier, defined by your app and unique within it. Need not match the `user` that started the run; the
   * stop applies to the task regardless of `user`.
   */
  user: string;
}

/** Arguments of `workflows.get_run`. */
export interface WorkflowsGetRunArgs {
  /** Workflow run ID, from the response or streaming events of Run Workflow, or from message metadata in Chatflow apps. */
  workflow_run_id: string;
}

/** Arguments of `workflows.logs`. */
export interface WorkflowsLogsArgs {
  /** Keyword to search in logs. */
  keyword?: string | undefined;
  /** Filter by execution status. */
  status?: "succeeded" | "failed" | "stopped" | undefined;
  /** Page number. 1..99999. Server's default: 1. */
  page?: number | undefined;
  /** Number of items per page. 1..100. Server's default: 20. */
  limit?: number | undefined;
  /** Filter logs created before this ISO 8601 timestamp. Form: date-time. */
  created_at__before?: string | undefined;
  /** Filter logs created after this ISO 8601 timestamp. Form: date-time. */
  created_at__after?: string | undefined;
  /** Filter by end user session ID. */
  created_by_end_user_session_id?: string | undefined;
  /** Filter by the creator's account email (e.g., `name\@example.com`). */
  created_by_account?: string | undefined;
}

/** Arguments of `workflows.run`. */
export interface WorkflowsRunArgs {
  /**
   * Values for the workflow's input variables. The expected names and types come from the `user_input_form` of
   * `apps.parameters`. File variables take an array of file objects, as in `files`.
   */
  inputs: Record<string, unknown>;
  /**
   * Set by the pool, so leave it out: it asks for a stream, also where one answer is wanted, and puts that together;
   * `blocking` is the same as the option `blocking`.
   */
  response_mode?: "streaming" | "blocking" | undefined;
  /**
   * End-user identifier, defined by your app and unique within it. A run and its files are visible only to requests
   * with the same `user`.
   */
  user: string;
  /**
   * Files to combine with text for input, for models that support vision. Upload a local file with `files.upload`
   * first, then give its `id` as `upload_file_id` with `transfer_method` `local_file`.
   *
   * ```text
   * [{type: image|document|audio|video|custom, transfer_method: remote_url|local_file, url?: string,
   * upload_file_id?: string}]
   * ```
   */
  files?: unknown[] | undefined;
}

/** Arguments of `workflows.run_by_id`. */
export interface WorkflowsRunByIdArgs {
  /**
   * Published workflow version to run: `workflow_id` in answers of `workflows.run` and `workflows.get_run`. A draft's
   * ID is refused.
   */
  workflow_id: string;
  /**
   * Values for the workflow's input variables. The expected names and types come from the `user_input_form` of
   * `apps.parameters`. File variables take an array of file objects, as in `files`.
   */
  inputs: Record<string, unknown>;
  /**
   * Set by the pool, so leave it out: it asks for a stream, also where one answer is wanted, and puts that together;
   * `blocking` is the same as the option `blocking`.
   */
  response_mode?: "streaming" | "blocking" | undefined;
  /**
   * End-user identifier, defined by your app and unique within it. A run and its files are visible only to requests
   * with the same `user`.
   */
  user: string;
  /**
   * Files to combine with text for input, for models that support vision. Upload a local file with `files.upload`
   * first, then give its `id` as `upload_file_id` with `transfer_method` `local_file`.
   *
   * ```text
   * [{type: image|document|audio|video|custom, transfer_method: remote_url|local_file, url?: string,
   * upload_file_id?: string}]
   * ```
   */
  files?: unknown[] | undefined;
}

/** Arguments of `workflows.events`. */
export interface WorkflowsEventsArgs {
  /** Workflow run ID, from the answer or the events of `workflows.run`. */
  workflow_run_id: string;
  /** End-user identifier, defined by your app and unique within it. Must match the `user` that started the run. */
  user: string;
  /**
   * Whether to replay the status of each node that was already executed before new events are streamed. Server's
   * default: false.
   */
  include_state_snapshot?: boolean | undefined;
  /**
   * Whether to keep the stream open across several `workflow_paused` events. Otherwise it closes after the first
   * pause. Server's default: false.
   */
  continue_on_pause?: boolean | undefined;
}

/** Operations of the group `workflows`. */
export class Workflows {
  readonly #client: Caller;

  /** @internal */
  constructor(client: Caller) {
    this.#client = client;
  }

  /**
   * Stop Workflow Task.
   *
   * Stop a running workflow task. Only supported in `streaming` mode. Apps: Workflow.
   *
   * Dify route: `POST /workflows/tasks/{task_id}/stop`. A write: never repeated once a byte may have reached the
   * server.
   *
   * @example
   * ```ts
   * const reply = await client.workflows.stop({ task_id, user: "abc-123" });
   * ```
   */
  stop(args: WorkflowsStopArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("workflows.stop", args, options);
  }

  /**
   * Get Workflow Run Detail.
   *
   * Get a single workflow run's status, inputs, outputs, and execution metrics. Apps: Chatflow, Workflow.
   *
   * Dify route: `GET /workflows/run/{workflow_run_id}`. A read: repeated at will.
   * Server versions <=1.12.1: A run that does not exist is a 200 with nulls.
   *
   * @example
   * ```ts
   * const reply = await client.workflows.getRun({ workflow_run_id });
   * ```
   */
  getRun(args: WorkflowsGetRunArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("workflows.get_run", args, options);
  }

  /**
   * List Workflow Logs.
   *
   * List past workflow runs with optional filters. Each entry is a run-level summary (status, token usage, step count,
   * and timing), not a node-by-node execution log. Apps: Chatflow, Workflow.
   *
   * Dify route: `GET /workflows/logs`. A read: repeated at will.
   *
   * @example
   * ```ts
   * const reply = await client.workflows.logs({ status: "failed", limit: 20 });
   * ```
   */
  logs(args: WorkflowsLogsArgs = {}, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("workflows.logs", args, options);
  }

  /** All entries of {@link Workflows.logs}: pages of 100, by `total`, repeats dropped by id. */
  iterateLogs(args: Omit<WorkflowsLogsArgs, "page" | "limit"> = {}, options: CallOptions = {}): AsyncGenerator<any, void, undefined> {
    return this.#client.pages("workflows.logs", args, options, "page");
  }

  /**
   * Run Workflow.
   *
   * Runs the app's published workflow and returns its outputs, as events or put together to one answer. Requires a
   * published workflow. Apps: Workflow.
   *
   * Dify route: `POST /workflows/run`. A write: never repeated once a byte may have reached the server.
   * Server versions <=1.12.1: The app's ceiling of concurrent runs is a 400 where 429 is documented; it passes.
   *
   * @example
   * ```ts
   * const reply = await client.workflows.run({ inputs: { text: "Summarize this" }, user: "abc-123" });
   * ```
   */
  run(args: WorkflowsRunArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("workflows.run", args, options);
  }

  /** As {@link Workflows.run}, with its events as they come. It opens when it is first used. */
  runStream(args: WorkflowsRunArgs, options: StreamOptions = {}): EventStream {
    return this.#client.events("workflows.run", args, options);
  }

  /**
   * Run Workflow by ID.
   *
   * Runs a specific published version of the app's workflow. Only the executed version differs from `workflows.run`.
   * Apps: Workflow.
   *
   * Dify route: `POST /workflows/{workflow_id}/run`. A write: never repeated once a byte may have reached the server.
   * Server versions <=1.12.1: The app's ceiling of concurrent runs is a 400 where 429 is documented; it passes.
   *
   * @example
   * ```ts
   * const reply = await client.workflows.runById({
   *   workflow_id,
   *   inputs: { text: "Summarize this" },
   *   user: "abc-123",
   * });
   * ```
   */
  runById(args: WorkflowsRunByIdArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("workflows.run_by_id", args, options);
  }

  /** As {@link Workflows.runById}, with its events as they come. It opens when it is first used. */
  runByIdStream(args: WorkflowsRunByIdArgs, options: StreamOptions = {}): EventStream {
    return this.#client.events("workflows.run_by_id", args, options);
  }

  /**
   * Stream Workflow Events.
   *
   * Resumes the events of a workflow run after a pause or a dropped stream. Of a run that has finished comes a single
   * `workflow_finished`. Closing it leaves the run going. Apps: Chatflow, Workflow.
   *
   * Dify route: `GET /workflow/{workflow_run_id}/events`. A read: repeated at will.
   * Server versions <=1.12.1 do not have it.
   *
   * @example
   * ```ts
   * const reply = await client.workflows.events({
   *   workflow_run_id,
   *   user: "abc-123",
   *   include_state_snapshot: true,
   * });
   * ```
   */
  events(args: WorkflowsEventsArgs, options: CallOptions = {}): Promise<Reply> {
    return this.#client.run("workflows.events", args, options);
  }

  /** As {@link Workflows.events}, with its events as they come. It opens when it is first used. */
  eventsStream(args: WorkflowsEventsArgs, options: StreamOptions = {}): EventStream {
    return this.#client.events("workflows.events", args, options);
  }
}

/** What a client has as members, one for each group of operations. */
export abstract class Groups {
  readonly annotations: Annotations;
  readonly apps: Apps;
  readonly audio: Audio;
  readonly chat: Chat;
  readonly childChunks: ChildChunks;
  readonly completion: Completion;
  readonly conversations: Conversations;
  readonly datasets: Datasets;
  readonly documents: Documents;
  readonly endUsers: EndUsers;
  readonly files: Files;
  readonly humanInput: HumanInput;
  readonly messages: Messages;
  readonly metadata: Metadata;
  readonly models: Models;
  readonly pages: Pages;
  readonly pipelines: Pipelines;
  readonly segments: Segments;
  readonly tags: Tags;
  readonly workflows: Workflows;

  /** @internal */
  constructor(client: Caller) {
    this.annotations = new Annotations(client);
    this.apps = new Apps(client);
    this.audio = new Audio(client);
    this.chat = new Chat(client);
    this.childChunks = new ChildChunks(client);
    this.completion = new Completion(client);
    this.conversations = new Conversations(client);
    this.datasets = new Datasets(client);
    this.documents = new Documents(client);
    this.endUsers = new EndUsers(client);
    this.files = new Files(client);
    this.humanInput = new HumanInput(client);
    this.messages = new Messages(client);
    this.metadata = new Metadata(client);
    this.models = new Models(client);
    this.pages = new Pages(client);
    this.pipelines = new Pipelines(client);
    this.segments = new Segments(client);
    this.tags = new Tags(client);
    this.workflows = new Workflows(client);
  }
}
