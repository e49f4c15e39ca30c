/* Made by proto/gen.py from proto/difypool.toml. Do not edit: change the definition and run it. */
/* ops.h - the operations of the Dify Service API. Numbers never change. */
#ifndef DIFYPOOL_OPS_H
#define DIFYPOOL_OPS_H

#include <difypool/export.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dp_op {
  DP_OP_NONE = 0,
  DP_OP_DATASETS_LIST = 1, /* GET /datasets */
  DP_OP_DATASETS_CREATE = 2, /* POST /datasets */
  DP_OP_DATASETS_GET = 3, /* GET /datasets/{dataset_id} */
  DP_OP_DATASETS_UPDATE = 4, /* PATCH /datasets/{dataset_id} */
  DP_OP_DATASETS_DELETE = 5, /* DELETE /datasets/{dataset_id} */
  DP_OP_DATASETS_RETRIEVE = 6, /* POST /datasets/{dataset_id}/retrieve */
  DP_OP_DOCUMENTS_CREATE_BY_TEXT = 7, /* POST /datasets/{dataset_id}/document/create-by-text */
  DP_OP_DOCUMENTS_UPDATE_BY_TEXT = 8, /* POST /datasets/{dataset_id}/documents/{document_id}/update-by-text */
  DP_OP_DOCUMENTS_LIST = 9, /* GET /datasets/{dataset_id}/documents */
  DP_OP_DOCUMENTS_GET = 10, /* GET /datasets/{dataset_id}/documents/{document_id} */
  DP_OP_DOCUMENTS_DELETE = 11, /* DELETE /datasets/{dataset_id}/documents/{document_id} */
  DP_OP_DOCUMENTS_INDEXING_STATUS = 12, /* GET /datasets/{dataset_id}/documents/{batch}/indexing-status */
  DP_OP_DOCUMENTS_UPDATE_STATUS = 13, /* PATCH /datasets/{dataset_id}/documents/status/{action} */
  DP_OP_METADATA_LIST = 14, /* GET /datasets/{dataset_id}/metadata */
  DP_OP_METADATA_CREATE = 15, /* POST /datasets/{dataset_id}/metadata */
  DP_OP_METADATA_UPDATE = 16, /* PATCH /datasets/{dataset_id}/metadata/{metadata_id} */
  DP_OP_METADATA_DELETE = 17, /* DELETE /datasets/{dataset_id}/metadata/{metadata_id} */
  DP_OP_METADATA_BUILT_IN = 18, /* GET /datasets/{dataset_id}/metadata/built-in */
  DP_OP_METADATA_TOGGLE_BUILT_IN = 19, /* POST /datasets/{dataset_id}/metadata/built-in/{action} */
  DP_OP_METADATA_ASSIGN = 20, /* POST /datasets/{dataset_id}/documents/metadata */
  DP_OP_TAGS_CREATE = 21, /* POST /datasets/tags */
  DP_OP_TAGS_LIST = 22, /* GET /datasets/tags */
  DP_OP_TAGS_UPDATE = 23, /* PATCH /datasets/tags */
  DP_OP_TAGS_DELETE = 24, /* DELETE /datasets/tags */
  DP_OP_TAGS_BIND = 25, /* POST /datasets/tags/binding */
  DP_OP_TAGS_UNBIND = 26, /* POST /datasets/tags/unbinding */
  DP_OP_DATASETS_TAGS = 27, /* GET /datasets/{dataset_id}/tags */
  DP_OP_SEGMENTS_CREATE = 28, /* POST /datasets/{dataset_id}/documents/{document_id}/segments */
  DP_OP_SEGMENTS_LIST = 29, /* GET /datasets/{dataset_id}/documents/{document_id}/segments */
  DP_OP_SEGMENTS_GET = 30, /* GET /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id} */
  DP_OP_SEGMENTS_UPDATE = 31, /* POST /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id} */
  DP_OP_SEGMENTS_DELETE = 32, /* DELETE /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id} */
  DP_OP_CHILD_CHUNKS_CREATE = 33, /* POST /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks */
  DP_OP_CHILD_CHUNKS_LIST = 34, /* GET /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks */
  DP_OP_CHILD_CHUNKS_UPDATE = 35, /* PATCH /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks/{child_chunk_id} */
  DP_OP_CHILD_CHUNKS_DELETE = 36, /* DELETE /datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks/{child_chunk_id} */
  DP_OP_MODELS_LIST = 37, /* GET /workspaces/current/models/model-types/{model_type} */
  DP_OP_APPS_INFO = 38, /* GET /info */
  DP_OP_APPS_PARAMETERS = 39, /* GET /parameters */
  DP_OP_APPS_META = 40, /* GET /meta */
  DP_OP_APPS_SITE = 41, /* GET /site */
  DP_OP_HTTP_REQUEST = 500, /* any path */
} dp_op;

/* dp_op_name - "documents.create_by_text"; NULL for a number that is no operation. Static. Any thread. Since 0.1. */
DP_EXPORT const char *dp_op_name(dp_op op);
/* dp_op_from_name - the operation of that name; DP_OP_NONE if there is none. Any thread. Since 0.1. */
DP_EXPORT dp_op dp_op_from_name(const char *name);
/* dp_op_is_free - 1 = repeating it changes nothing at the server (a read); 0 = a write, or http.request. Since 0.1. */
DP_EXPORT int dp_op_is_free(dp_op op);

#ifdef __cplusplus
}
#endif
#endif
