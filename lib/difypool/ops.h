/* Made by proto/gen.py from proto/difypool.toml. Do not edit: change the definition and run it. */
/* ops.h - the operations of the Dify Service API. */
#ifndef DIFYPOOL_OPS_H
#define DIFYPOOL_OPS_H

#include <difypool/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Numbers never change. What each takes is in difypool-operations(7) and proto/reference.md. */
typedef enum dp_op {
  DP_OP_NONE = 0,
  /* GET /datasets: List Knowledge Bases */
  DP_OP_DATASETS_LIST = 1,
  /* POST /datasets: Create an Empty Knowledge Base */
  DP_OP_DATASETS_CREATE = 2,
  /* GET /datasets/{dataset_id}: Get Knowledge Base */
  DP_OP_DATASETS_GET = 3,
  /* PATCH /datasets/{dataset_id}: Update Knowledge Base */
  DP_OP_DATASETS_UPDATE = 4,
  /* DELETE /datasets/{dataset_id}: Delete Knowledge Base */
  DP_OP_DATASETS_DELETE = 5,
  /* POST /datasets/{dataset_id}/retrieve: Retrieve Chunks from a Knowledge Base */
  DP_OP_DATASETS_RETRIEVE = 6,
  /* POST /datasets/{dataset_id}/document/create-by-text: Create Document by Text */
  DP_OP_DOCUMENTS_CREATE_BY_TEXT = 7,
  /* POST /datasets/{dataset_id}/documents/{document_id}/update-by-text: Update Document by Text */
  DP_OP_DOCUMENTS_UPDATE_BY_TEXT = 8,
  /* GET /datasets/{dataset_id}/documents: List Documents */
  DP_OP_DOCUMENTS_LIST = 9,
  /* GET /datasets/{dataset_id}/documents/{document_id}: Get Document */
  DP_OP_DOCUMENTS_GET = 10,
  /* DELETE /datasets/{dataset_id}/documents/{document_id}: Delete Document */
  DP_OP_DOCUMENTS_DELETE = 11,
  /* GET /datasets/{dataset_id}/documents/{batch}/indexing-status: Get Document Indexing Status */
  DP_OP_DOCUMENTS_INDEXING_STATUS = 12,
  /* PATCH /datasets/{dataset_id}/documents/status/{action}: Update Document Status in Batch */
  DP_OP_DOCUMENTS_UPDATE_STATUS = 13,
  /* GET /datasets/{dataset_id}/metadata: List Metadata Fields */
  DP_OP_METADATA_LIST = 14,
  /* POST /datasets/{dataset_id}/metadata: Create Metadata Field */
  DP_OP_METADATA_CREATE = 15,
  /* PATCH /datasets/{dataset_id}/metadata/{metadata_id}: Update Metadata Field */
  DP_OP_METADATA_UPDATE = 16,
  /* DELETE /datasets/{dataset_id}/metadata/{metadata_id}: Delete Metadata Field */
  DP_OP_METADATA_DELETE = 17,
  /* GET /datasets/{dataset_id}/metadata/built-in: Get Built-in Metadata Fields */
  DP_OP_METADATA_BUILT_IN = 18,
  /* POST /datasets/{dataset_id}/metadata/built-in/{action}: Update Built-in Metadata Field */
  DP_OP_METADATA_TOGGLE_BUILT_IN = 19,
  /* POST /datasets/{dataset_id}/documents/metadata: Update Document Metadata in Batch */
  DP_OP_METADATA_ASSIGN = 20,
  /* POST /datasets/tags: Create Knowledge Tag */
  DP_OP_TAGS_CREATE = 21,
  /* GET /datasets/tags: List Knowledge Tags */
  DP_OP_TAGS_LIST = 22,
  /* PATCH /datasets/tags: Update Knowledge Tag */
  DP_OP_TAGS_UPDATE = 23,
  /* DELETE /datasets/tags: Delete Knowledge Tag */
  DP_OP_TAGS_DELETE = 24,
  /* POST /datasets/tags/binding: Create Tag Binding */
  DP_OP_TAGS_BIND = 25,
  /* POST /datasets/tags/unbinding: Delete Tag Binding */
  DP_OP_TAGS_UNBIND = 26,
  /* GET /datasets/{dataset_id}/tags: Get Knowledge Base Tags */
  DP_OP_DATASETS_TAGS = 27,
  /* POST /datasets/{dataset_id}/documents/{document_id}/segments: Create Chunks */
  DP_OP_SEGMENTS_CREATE = 28,
  /* GET /datasets/{dataset_id}/documents/{document_id}/segments: List Chunks */
  DP_OP_SEGMENTS_LIST = 29,
  /* GET /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}: Get Chunk */
  DP_OP_SEGMENTS_GET = 30,
  /* POST /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}: Update Chunk */
  DP_OP_SEGMENTS_UPDATE = 31,
  /* DELETE /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}: Delete Chunk */
  DP_OP_SEGMENTS_DELETE = 32,
  /* POST /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks:
   * Create Child Chunk */
  DP_OP_CHILD_CHUNKS_CREATE = 33,
  /* GET /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks: List
   * Child Chunks */
  DP_OP_CHILD_CHUNKS_LIST = 34,
  /* PATCH /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks/{chi
   * ld_chunk_id}: Update Child Chunk */
  DP_OP_CHILD_CHUNKS_UPDATE = 35,
  /* DELETE /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks/{ch
   * ild_chunk_id}: Delete Child Chunk */
  DP_OP_CHILD_CHUNKS_DELETE = 36,
  /* GET /workspaces/current/models/model-types/{model_type}: Get Available Models */
  DP_OP_MODELS_LIST = 37,
  /* GET /info: Get App Info */
  DP_OP_APPS_INFO = 38,
  /* GET /parameters: Get App Parameters */
  DP_OP_APPS_PARAMETERS = 39,
  /* GET /meta: Get App Meta */
  DP_OP_APPS_META = 40,
  /* GET /site: Get App WebApp Settings */
  DP_OP_APPS_SITE = 41,
  /* POST /chat-messages/{task_id}/stop: Stop Chat Message Generation */
  DP_OP_CHAT_STOP = 42,
  /* POST /completion-messages/{task_id}/stop: Stop Completion Message Generation */
  DP_OP_COMPLETION_STOP = 43,
  /* POST /workflows/tasks/{task_id}/stop: Stop Workflow Task */
  DP_OP_WORKFLOWS_STOP = 44,
  /* GET /messages/{message_id}/suggested: Get Next Suggested Questions */
  DP_OP_MESSAGES_SUGGESTED = 45,
  /* GET /messages: List Conversation Messages */
  DP_OP_MESSAGES_LIST = 46,
  /* POST /messages/{message_id}/feedbacks: Submit Message Feedback */
  DP_OP_MESSAGES_FEEDBACK = 47,
  /* GET /app/feedbacks: List App Feedbacks */
  DP_OP_APPS_FEEDBACKS = 48,
  /* GET /end-users/{end_user_id}: Get End User Info */
  DP_OP_END_USERS_GET = 49,
  /* GET /conversations: List Conversations */
  DP_OP_CONVERSATIONS_LIST = 50,
  /* GET /conversations/{conversation_id}/variables: List Conversation Variables */
  DP_OP_CONVERSATIONS_VARIABLES = 51,
  /* POST /conversations/{conversation_id}/name: Rename Conversation */
  DP_OP_CONVERSATIONS_RENAME = 52,
  /* PUT /conversations/{conversation_id}/variables/{variable_id}: Update Conversation Variable */
  DP_OP_CONVERSATIONS_UPDATE_VARIABLE = 53,
  /* DELETE /conversations/{conversation_id}: Delete Conversation */
  DP_OP_CONVERSATIONS_DELETE = 54,
  /* POST /apps/annotations: Create Annotation */
  DP_OP_ANNOTATIONS_CREATE = 55,
  /* GET /apps/annotations: List Annotations */
  DP_OP_ANNOTATIONS_LIST = 56,
  /* PUT /apps/annotations/{annotation_id}: Update Annotation */
  DP_OP_ANNOTATIONS_UPDATE = 57,
  /* DELETE /apps/annotations/{annotation_id}: Delete Annotation */
  DP_OP_ANNOTATIONS_DELETE = 58,
  /* POST /apps/annotation-reply/{action}: Configure Annotation Reply */
  DP_OP_ANNOTATIONS_CONFIGURE_REPLY = 59,
  /* GET /apps/annotation-reply/{action}/status/{job_id}: Get Annotation Reply Job Status */
  DP_OP_ANNOTATIONS_REPLY_STATUS = 60,
  /* GET /workflows/run/{workflow_run_id}: Get Workflow Run Detail */
  DP_OP_WORKFLOWS_GET_RUN = 61,
  /* GET /workflows/logs: List Workflow Logs */
  DP_OP_WORKFLOWS_LOGS = 62,
  /* GET /form/human_input/{form_token}: Get Human Input Form */
  DP_OP_HUMAN_INPUT_GET = 63,
  /* POST /form/human_input/{form_token}: Submit Human Input Form */
  DP_OP_HUMAN_INPUT_SUBMIT = 64,
  /* GET /datasets/{dataset_id}/documents/{document_id}/download: Download Document */
  DP_OP_DOCUMENTS_DOWNLOAD = 65,
  /* GET /datasets/{dataset_id}/pipeline/datasource-plugins: List Datasource Plugins */
  DP_OP_PIPELINES_DATASOURCE_PLUGINS = 66,
  /* POST /chat-messages: Send Chat Message */
  DP_OP_CHAT_SEND = 67,
  /* POST /completion-messages: Send Completion Message */
  DP_OP_COMPLETION_SEND = 68,
  /* POST /workflows/run: Run Workflow */
  DP_OP_WORKFLOWS_RUN = 69,
  /* POST /workflows/{workflow_id}/run: Run Workflow by ID */
  DP_OP_WORKFLOWS_RUN_BY_ID = 70,
  /* GET /workflow/{workflow_run_id}/events: Stream Workflow Events */
  DP_OP_WORKFLOWS_EVENTS = 71,
  /* POST /files/upload: Upload File */
  DP_OP_FILES_UPLOAD = 72,
  /* GET /files/{file_id}/preview: Download File */
  DP_OP_FILES_PREVIEW = 73,
  /* POST /audio-to-text: Convert Audio to Text */
  DP_OP_AUDIO_TO_TEXT = 74,
  /* POST /text-to-audio: Convert Text to Audio */
  DP_OP_AUDIO_FROM_TEXT = 75,
  /* POST /datasets/{dataset_id}/document/create-by-file: Create Document by File */
  DP_OP_DOCUMENTS_CREATE_BY_FILE = 76,
  /* POST /datasets/{dataset_id}/documents/{document_id}/update-by-file: Update Document by File */
  DP_OP_DOCUMENTS_UPDATE_BY_FILE = 77,
  /* PATCH /datasets/{dataset_id}/documents/{document_id}: Update Document */
  DP_OP_DOCUMENTS_UPDATE = 78,
  /* POST /datasets/{dataset_id}/documents/download-zip: Download Documents as ZIP */
  DP_OP_DOCUMENTS_DOWNLOAD_ZIP = 79,
  /* POST /datasets/pipeline/file-upload: Upload Pipeline File */
  DP_OP_PIPELINES_UPLOAD_FILE = 80,
  /* POST /datasets/{dataset_id}/pipeline/datasource/nodes/{node_id}/run: Run Datasource Node */
  DP_OP_PIPELINES_RUN_DATASOURCE = 81,
  /* POST /datasets/{dataset_id}/pipeline/run: Run Pipeline */
  DP_OP_PIPELINES_RUN = 82,
  /* any other method and path: Find or create a knowledge base */
  DP_OP_DATASETS_ENSURE = 501,
  /* any other method and path: Find or create metadata fields */
  DP_OP_METADATA_ENSURE = 502,
  /* any other method and path: Find or create a knowledge tag */
  DP_OP_TAGS_ENSURE = 503,
  /* any other method and path: Wait until documents are indexed */
  DP_OP_DOCUMENTS_WAIT = 504,
  /* any other method and path: Make a knowledge base hold pages */
  DP_OP_PAGES_PUSH = 505,
  /* any other method and path: Many calls in one message */
  DP_OP_BATCH = 506,
  /* any other method and path: Any other request */
  DP_OP_HTTP_REQUEST = 500,
} dp_op;

/* dp_op_name - "documents.create_by_text"; NULL for a number that is no operation. Static text. Any
 * thread. Since 0.1. */
DP_EXPORT const char *dp_op_name(dp_op op);
/* dp_op_from_name - the operation of that name; DP_OP_NONE if there is none, or for NULL. Any
 * thread. Since 0.1. */
DP_EXPORT dp_op dp_op_from_name(const char *name);
/* dp_op_is_free - 1 = repeating it changes nothing at the server (a read); 0 = a write, or
 * http.request. Any thread. Since 0.1. */
DP_EXPORT int dp_op_is_free(dp_op op);

/* What a good answer of an operation is. */
typedef enum dp_answer_form {
  DP_ANSWER_JSON = 0,
  DP_ANSWER_EVENTS = 1, /* a stream of events; without a sink one answer is put together of them */
  DP_ANSWER_BINARY = 2, /* bytes of some type */
  DP_ANSWER_EMPTY = 3,
  DP_ANSWER_ANY = 4 /* http.request: whatever is there */
} dp_answer_form;

/* dp_op_answer - DP_ANSWER_ANY for a number that is no operation. Any thread. Since 0.1. */
DP_EXPORT dp_answer_form dp_op_answer(dp_op op);

#ifdef __cplusplus
}
#endif
#endif
