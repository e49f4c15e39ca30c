/* Made by proto/gen.py from proto/difypool.toml. Do not edit: change the definition and run it. */
#include "optable.h"

static const dp__param_desc params_datasets_list[] = {
  {"page", DP__IN_QUERY, DP__TYPE_INTEGER, 0, INT64_MIN, INT64_MAX, NULL},
  {"limit", DP__IN_QUERY, DP__TYPE_INTEGER, 0, INT64_MIN, INT64_MAX, NULL},
  {"keyword", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL},
  {"include_all", DP__IN_QUERY, DP__TYPE_BOOLEAN, 0, INT64_MIN, INT64_MAX, NULL},
  {"tag_ids", DP__IN_QUERY, DP__TYPE_ARRAY, 0, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_datasets_create[] = {
  {"name", DP__IN_BODY, DP__TYPE_STRING, 1, 1, 40, NULL},
  {"description", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, 400, NULL},
  {"indexing_technique", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"high_quality", "economy", NULL}},
  {"permission", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"only_me", "all_team_members", "partial_members", NULL}},
  {"provider", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"vendor", "external", NULL}},
  {"embedding_model", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL},
  {"embedding_model_provider", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL},
  {"retrieval_model", DP__IN_BODY, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL},
  {"external_knowledge_api_id", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL},
  {"external_knowledge_id", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL},
  {"summary_index_setting", DP__IN_BODY, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_datasets_get[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_datasets_update[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"name", DP__IN_BODY, DP__TYPE_STRING, 0, 1, 40, NULL},
  {"description", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, 400, NULL},
  {"indexing_technique", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"high_quality", "economy", NULL}},
  {"permission", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"only_me", "all_team_members", "partial_members", NULL}},
  {"embedding_model", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL},
  {"embedding_model_provider", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL},
  {"retrieval_model", DP__IN_BODY, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL},
  {"partial_member_list", DP__IN_BODY, DP__TYPE_ARRAY, 0, INT64_MIN, INT64_MAX, NULL},
  {"external_retrieval_model", DP__IN_BODY, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL},
  {"external_knowledge_id", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL},
  {"external_knowledge_api_id", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_datasets_delete[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_datasets_retrieve[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"query", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, 250, NULL},
  {"retrieval_model", DP__IN_BODY, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL},
  {"attachment_ids", DP__IN_BODY, DP__TYPE_ARRAY, 0, INT64_MIN, INT64_MAX, NULL},
  {"external_retrieval_model", DP__IN_BODY, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL},
};

static const dp__defect_desc defects_datasets_retrieve[] = {
  {"retrieval_switches", "", "1.12.1",
   "A retrieval_model without its switches is a 500 that names the missing one; filled in from "
   "the knowledge base."},
};

static const dp__param_desc params_documents_create_by_text[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"name", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL},
  {"text", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL},
  {"indexing_technique", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"high_quality", "economy", NULL}},
  {"doc_form", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"text_model", "hierarchical_model", "qa_model", NULL}},
  {"doc_language", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL},
  {"process_rule", DP__IN_BODY, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL},
  {"retrieval_model", DP__IN_BODY, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL},
  {"embedding_model", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL},
  {"embedding_model_provider", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL},
  {"original_document_id", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL},
};

static const dp__defect_desc defects_documents_create_by_text[] = {
  {"technique_required", "", "1.12.1",
   "indexing_technique must be in every create, also where the knowledge base has one; filled in "
   "from there."},
};

static const dp__param_desc params_documents_update_by_text[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"name", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL},
  {"text", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL},
  {"process_rule", DP__IN_BODY, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL},
  {"doc_form", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"text_model", "hierarchical_model", "qa_model", NULL}},
  {"doc_language", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL},
  {"retrieval_model", DP__IN_BODY, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL},
};

static const dp__defect_desc defects_documents_update_by_text[] = {
  {"update_hangs_indexing", "", "1.12.1",
   "The indexing worker hangs for good; every later document stays `waiting` until it is "
   "restarted. Carried out as a create by the same name where that is safe, else refused."},
};

static const dp__param_desc params_documents_list[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"page", DP__IN_QUERY, DP__TYPE_INTEGER, 0, INT64_MIN, INT64_MAX, NULL},
  {"limit", DP__IN_QUERY, DP__TYPE_INTEGER, 0, INT64_MIN, INT64_MAX, NULL},
  {"keyword", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL},
  {"status", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"queuing", "indexing", "paused", "error", "available", "disabled", "archived", NULL}},
};

static const dp__param_desc params_documents_get[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"metadata", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"all", "only", "without", NULL}},
};

static const dp__param_desc params_documents_delete[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_documents_indexing_status[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"batch", DP__IN_PATH, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_documents_update_status[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"action", DP__IN_PATH, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX,
   (const char *const[]){"enable", "disable", "archive", "un_archive", NULL}},
  {"document_ids", DP__IN_BODY, DP__TYPE_ARRAY, 1, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_metadata_list[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_metadata_create[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"type", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX,
   (const char *const[]){"string", "number", "time", NULL}},
  {"name", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_metadata_update[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"metadata_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"name", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_metadata_delete[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"metadata_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_metadata_built_in[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_metadata_toggle_built_in[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"action", DP__IN_PATH, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX,
   (const char *const[]){"enable", "disable", NULL}},
};

static const dp__param_desc params_metadata_assign[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"operation_data", DP__IN_BODY, DP__TYPE_ARRAY, 1, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_tags_create[] = {
  {"name", DP__IN_BODY, DP__TYPE_STRING, 1, 1, 50, NULL},
};

static const dp__defect_desc defects_tags_create[] = {
  {"done_but_400", "", "1.12.1",
   "The tag is created, and the answer is a 400 of the server's own validation."},
};

static const dp__defect_desc defects_tags_list[] = {
  {"list_400", "", "1.12.1",
   "400 as soon as one tag exists."},
};

static const dp__param_desc params_tags_update[] = {
  {"tag_id", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL},
  {"name", DP__IN_BODY, DP__TYPE_STRING, 1, 1, 50, NULL},
};

static const dp__defect_desc defects_tags_update[] = {
  {"done_but_400", "", "1.12.1",
   "The tag is renamed, and the answer is a 400 of the server's own validation."},
};

static const dp__param_desc params_tags_delete[] = {
  {"tag_id", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_tags_bind[] = {
  {"tag_ids", DP__IN_BODY, DP__TYPE_ARRAY, 1, INT64_MIN, INT64_MAX, NULL},
  {"target_id", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_tags_unbind[] = {
  {"tag_ids", DP__IN_BODY, DP__TYPE_ARRAY, 0, INT64_MIN, INT64_MAX, NULL},
  {"tag_id", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL},
  {"target_id", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_datasets_tags[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_segments_create[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"segments", DP__IN_BODY, DP__TYPE_ARRAY, 1, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_segments_list[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"page", DP__IN_QUERY, DP__TYPE_INTEGER, 0, 1, INT64_MAX, NULL},
  {"limit", DP__IN_QUERY, DP__TYPE_INTEGER, 0, 1, INT64_MAX, NULL},
  {"status", DP__IN_QUERY, DP__TYPE_ARRAY, 0, INT64_MIN, INT64_MAX, NULL},
  {"keyword", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_segments_get[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"segment_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_segments_update[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"segment_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"segment", DP__IN_BODY, DP__TYPE_OBJECT, 1, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_segments_delete[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"segment_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_child_chunks_create[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"segment_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"content", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_child_chunks_list[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"segment_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"page", DP__IN_QUERY, DP__TYPE_INTEGER, 0, 1, INT64_MAX, NULL},
  {"limit", DP__IN_QUERY, DP__TYPE_INTEGER, 0, 1, INT64_MAX, NULL},
  {"keyword", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_child_chunks_update[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"segment_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"child_chunk_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"content", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_child_chunks_delete[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"segment_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
  {"child_chunk_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL},
};

static const dp__param_desc params_models_list[] = {
  {"model_type", DP__IN_PATH, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX,
   (const char *const[]){"text-embedding", "rerank", "llm", "tts", "speech2text", "moderation", NULL}},
};

static const dp__param_desc params_http_request[] = {
  {"method", DP__IN_LOCAL, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX,
   (const char *const[]){"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", NULL}},
  {"path", DP__IN_LOCAL, DP__TYPE_STRING, 1, 1, 8192, NULL},
  {"query", DP__IN_LOCAL, DP__TYPE_ANY, 0, INT64_MIN, INT64_MAX, NULL},
  {"headers", DP__IN_LOCAL, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL},
  {"body", DP__IN_LOCAL, DP__TYPE_BYTES, 0, INT64_MIN, INT64_MAX, NULL},
};

const dp__op_desc dp__optable[] = {
  {DP_OP_APPS_INFO, "apps.info", "GET", "/info", DP__ANSWER_JSON, DP__RETRY_FREE, 0,
   DP__CIRCUIT_APP, "", NULL, NULL, 0, "", NULL, 0},
  {DP_OP_APPS_META, "apps.meta", "GET", "/meta", DP__ANSWER_JSON, DP__RETRY_FREE, 0,
   DP__CIRCUIT_APP, "", NULL, NULL, 0, "", NULL, 0},
  {DP_OP_APPS_PARAMETERS, "apps.parameters", "GET", "/parameters", DP__ANSWER_JSON, DP__RETRY_FREE,
   0, DP__CIRCUIT_APP, "", NULL, NULL, 0, "", NULL, 0},
  {DP_OP_APPS_SITE, "apps.site", "GET", "/site", DP__ANSWER_JSON, DP__RETRY_FREE, 0,
   DP__CIRCUIT_APP, "", NULL, NULL, 0, "", NULL, 0},
  {DP_OP_CHILD_CHUNKS_CREATE, "child_chunks.create", "POST",
   "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks",
   DP__ANSWER_JSON, DP__RETRY_NEVER, 1, DP__CIRCUIT_DOC_CREATION, "", NULL,
   params_child_chunks_create, 4, "", NULL, 0},
  {DP_OP_CHILD_CHUNKS_DELETE, "child_chunks.delete", "DELETE",
   "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks/{child_chunk_id}",
   DP__ANSWER_EMPTY, DP__RETRY_VERIFY, 1, DP__CIRCUIT_DOC_CREATION, "", NULL,
   params_child_chunks_delete, 4, "", NULL, 0},
  {DP_OP_CHILD_CHUNKS_LIST, "child_chunks.list", "GET",
   "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks",
   DP__ANSWER_JSON, DP__RETRY_FREE, 0, DP__CIRCUIT_RETRIEVAL, "", NULL, params_child_chunks_list, 6,
   "", NULL, 0},
  {DP_OP_CHILD_CHUNKS_UPDATE, "child_chunks.update", "PATCH",
   "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks/{child_chunk_id}",
   DP__ANSWER_JSON, DP__RETRY_VERIFY, 1, DP__CIRCUIT_DOC_CREATION, "", NULL,
   params_child_chunks_update, 5, "", NULL, 0},
  {DP_OP_DATASETS_CREATE, "datasets.create", "POST", "/datasets", DP__ANSWER_JSON, DP__RETRY_VERIFY,
   1, DP__CIRCUIT_KB_CREATION, "", NULL, params_datasets_create, 11, "", NULL, 0},
  {DP_OP_DATASETS_DELETE, "datasets.delete", "DELETE", "/datasets/{dataset_id}", DP__ANSWER_EMPTY,
   DP__RETRY_VERIFY, 1, DP__CIRCUIT_KB_CREATION, "", NULL, params_datasets_delete, 1, "", NULL, 0},
  {DP_OP_DATASETS_GET, "datasets.get", "GET", "/datasets/{dataset_id}", DP__ANSWER_JSON,
   DP__RETRY_FREE, 0, DP__CIRCUIT_RETRIEVAL, "", NULL, params_datasets_get, 1, "", NULL, 0},
  {DP_OP_DATASETS_LIST, "datasets.list", "GET", "/datasets", DP__ANSWER_JSON, DP__RETRY_FREE, 0,
   DP__CIRCUIT_RETRIEVAL, "", NULL, params_datasets_list, 5, "", NULL, 0},
  {DP_OP_DATASETS_RETRIEVE, "datasets.retrieve", "POST", "/datasets/{dataset_id}/retrieve",
   DP__ANSWER_JSON, DP__RETRY_FREE, 1, DP__CIRCUIT_RETRIEVAL, "",
   (const char *const[]){"/datasets/{dataset_id}/hit-testing", NULL}, params_datasets_retrieve, 5,
   "", defects_datasets_retrieve, 1},
  {DP_OP_DATASETS_TAGS, "datasets.tags", "GET", "/datasets/{dataset_id}/tags", DP__ANSWER_JSON,
   DP__RETRY_FREE, 0, DP__CIRCUIT_RETRIEVAL, "", NULL, params_datasets_tags, 1, "", NULL, 0},
  {DP_OP_DATASETS_UPDATE, "datasets.update", "PATCH", "/datasets/{dataset_id}", DP__ANSWER_JSON,
   DP__RETRY_VERIFY, 1, DP__CIRCUIT_KB_CREATION, "", NULL, params_datasets_update, 12, "", NULL, 0},
  {DP_OP_DOCUMENTS_CREATE_BY_TEXT, "documents.create_by_text", "POST",
   "/datasets/{dataset_id}/document/create-by-text", DP__ANSWER_JSON, DP__RETRY_VERIFY, 1,
   DP__CIRCUIT_DOC_CREATION, "1.12.1",
   (const char *const[]){"/datasets/{dataset_id}/document/create_by_text", NULL},
   params_documents_create_by_text, 11, "", defects_documents_create_by_text, 1},
  {DP_OP_DOCUMENTS_DELETE, "documents.delete", "DELETE",
   "/datasets/{dataset_id}/documents/{document_id}", DP__ANSWER_EMPTY, DP__RETRY_VERIFY, 1,
   DP__CIRCUIT_DOC_CREATION, "", NULL, params_documents_delete, 2, "", NULL, 0},
  {DP_OP_DOCUMENTS_GET, "documents.get", "GET", "/datasets/{dataset_id}/documents/{document_id}",
   DP__ANSWER_JSON, DP__RETRY_FREE, 0, DP__CIRCUIT_RETRIEVAL, "", NULL, params_documents_get, 3, "",
   NULL, 0},
  {DP_OP_DOCUMENTS_INDEXING_STATUS, "documents.indexing_status", "GET",
   "/datasets/{dataset_id}/documents/{batch}/indexing-status", DP__ANSWER_JSON, DP__RETRY_FREE, 0,
   DP__CIRCUIT_RETRIEVAL, "", NULL, params_documents_indexing_status, 2, "", NULL, 0},
  {DP_OP_DOCUMENTS_LIST, "documents.list", "GET", "/datasets/{dataset_id}/documents",
   DP__ANSWER_JSON, DP__RETRY_FREE, 0, DP__CIRCUIT_RETRIEVAL, "", NULL, params_documents_list, 5,
   "", NULL, 0},
  {DP_OP_DOCUMENTS_UPDATE_BY_TEXT, "documents.update_by_text", "POST",
   "/datasets/{dataset_id}/documents/{document_id}/update-by-text", DP__ANSWER_JSON,
   DP__RETRY_VERIFY, 1, DP__CIRCUIT_DOC_CREATION, "",
   (const char *const[]){"/datasets/{dataset_id}/documents/{document_id}/update_by_text", NULL},
   params_documents_update_by_text, 8, "", defects_documents_update_by_text, 1},
  {DP_OP_DOCUMENTS_UPDATE_STATUS, "documents.update_status", "PATCH",
   "/datasets/{dataset_id}/documents/status/{action}", DP__ANSWER_JSON, DP__RETRY_VERIFY, 0,
   DP__CIRCUIT_DOC_CREATION, "", NULL, params_documents_update_status, 3, "", NULL, 0},
  {DP_OP_HTTP_REQUEST, "http.request", "", "", DP__ANSWER_ANY, DP__RETRY_NEVER, 0, DP__CIRCUIT_APP,
   "", NULL, params_http_request, 5, "", NULL, 0},
  {DP_OP_METADATA_ASSIGN, "metadata.assign", "POST", "/datasets/{dataset_id}/documents/metadata",
   DP__ANSWER_JSON, DP__RETRY_VERIFY, 1, DP__CIRCUIT_METADATA, "", NULL, params_metadata_assign, 2,
   "", NULL, 0},
  {DP_OP_METADATA_BUILT_IN, "metadata.built_in", "GET", "/datasets/{dataset_id}/metadata/built-in",
   DP__ANSWER_JSON, DP__RETRY_FREE, 0, DP__CIRCUIT_RETRIEVAL, "", NULL, params_metadata_built_in, 1,
   "", NULL, 0},
  {DP_OP_METADATA_CREATE, "metadata.create", "POST", "/datasets/{dataset_id}/metadata",
   DP__ANSWER_JSON, DP__RETRY_VERIFY, 1, DP__CIRCUIT_METADATA, "", NULL, params_metadata_create, 3,
   "", NULL, 0},
  {DP_OP_METADATA_DELETE, "metadata.delete", "DELETE",
   "/datasets/{dataset_id}/metadata/{metadata_id}", DP__ANSWER_EMPTY, DP__RETRY_VERIFY, 1,
   DP__CIRCUIT_METADATA, "", NULL, params_metadata_delete, 2, "", NULL, 0},
  {DP_OP_METADATA_LIST, "metadata.list", "GET", "/datasets/{dataset_id}/metadata", DP__ANSWER_JSON,
   DP__RETRY_FREE, 0, DP__CIRCUIT_RETRIEVAL, "", NULL, params_metadata_list, 1, "", NULL, 0},
  {DP_OP_METADATA_TOGGLE_BUILT_IN, "metadata.toggle_built_in", "POST",
   "/datasets/{dataset_id}/metadata/built-in/{action}", DP__ANSWER_JSON, DP__RETRY_VERIFY, 1,
   DP__CIRCUIT_METADATA, "", NULL, params_metadata_toggle_built_in, 2, "", NULL, 0},
  {DP_OP_METADATA_UPDATE, "metadata.update", "PATCH",
   "/datasets/{dataset_id}/metadata/{metadata_id}", DP__ANSWER_JSON, DP__RETRY_VERIFY, 1,
   DP__CIRCUIT_METADATA, "", NULL, params_metadata_update, 3, "", NULL, 0},
  {DP_OP_MODELS_LIST, "models.list", "GET", "/workspaces/current/models/model-types/{model_type}",
   DP__ANSWER_JSON, DP__RETRY_FREE, 0, DP__CIRCUIT_RETRIEVAL, "", NULL, params_models_list, 1, "",
   NULL, 0},
  {DP_OP_SEGMENTS_CREATE, "segments.create", "POST",
   "/datasets/{dataset_id}/documents/{document_id}/segments", DP__ANSWER_JSON, DP__RETRY_NEVER, 1,
   DP__CIRCUIT_DOC_CREATION, "", NULL, params_segments_create, 3, "", NULL, 0},
  {DP_OP_SEGMENTS_DELETE, "segments.delete", "DELETE",
   "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}", DP__ANSWER_EMPTY,
   DP__RETRY_VERIFY, 1, DP__CIRCUIT_DOC_CREATION, "", NULL, params_segments_delete, 3, "", NULL, 0},
  {DP_OP_SEGMENTS_GET, "segments.get", "GET",
   "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}", DP__ANSWER_JSON,
   DP__RETRY_FREE, 0, DP__CIRCUIT_RETRIEVAL, "", NULL, params_segments_get, 3, "", NULL, 0},
  {DP_OP_SEGMENTS_LIST, "segments.list", "GET",
   "/datasets/{dataset_id}/documents/{document_id}/segments", DP__ANSWER_JSON, DP__RETRY_FREE, 0,
   DP__CIRCUIT_RETRIEVAL, "", NULL, params_segments_list, 6, "", NULL, 0},
  {DP_OP_SEGMENTS_UPDATE, "segments.update", "POST",
   "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}", DP__ANSWER_JSON,
   DP__RETRY_VERIFY, 1, DP__CIRCUIT_DOC_CREATION, "", NULL, params_segments_update, 4, "", NULL, 0},
  {DP_OP_TAGS_BIND, "tags.bind", "POST", "/datasets/tags/binding", DP__ANSWER_EMPTY,
   DP__RETRY_VERIFY, 0, DP__CIRCUIT_KB_CREATION, "", NULL, params_tags_bind, 2, "", NULL, 0},
  {DP_OP_TAGS_CREATE, "tags.create", "POST", "/datasets/tags", DP__ANSWER_JSON, DP__RETRY_VERIFY, 0,
   DP__CIRCUIT_KB_CREATION, "", NULL, params_tags_create, 1, "", defects_tags_create, 1},
  {DP_OP_TAGS_DELETE, "tags.delete", "DELETE", "/datasets/tags", DP__ANSWER_EMPTY, DP__RETRY_VERIFY,
   0, DP__CIRCUIT_KB_CREATION, "", NULL, params_tags_delete, 1, "", NULL, 0},
  {DP_OP_TAGS_LIST, "tags.list", "GET", "/datasets/tags", DP__ANSWER_JSON, DP__RETRY_FREE, 0,
   DP__CIRCUIT_RETRIEVAL, "", NULL, NULL, 0, "", defects_tags_list, 1},
  {DP_OP_TAGS_UNBIND, "tags.unbind", "POST", "/datasets/tags/unbinding", DP__ANSWER_EMPTY,
   DP__RETRY_VERIFY, 0, DP__CIRCUIT_KB_CREATION, "", NULL, params_tags_unbind, 3, "", NULL, 0},
  {DP_OP_TAGS_UPDATE, "tags.update", "PATCH", "/datasets/tags", DP__ANSWER_JSON, DP__RETRY_VERIFY,
   0, DP__CIRCUIT_KB_CREATION, "", NULL, params_tags_update, 2, "", defects_tags_update, 1},
};
const size_t dp__optable_count = sizeof dp__optable / sizeof dp__optable[0];

const dp__route_desc dp__routes[] = {
  {"DELETE", 2, 38, "/datasets/tags"},
  {"DELETE", 2, 9, "/datasets/{dataset_id}"},
  {"DELETE", 4, 16, "/datasets/{dataset_id}/documents/{document_id}"},
  {"DELETE", 4, 26, "/datasets/{dataset_id}/metadata/{metadata_id}"},
  {"DELETE", 6, 32, "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}"},
  {"DELETE", 8, 5,
   "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks/{child_chunk_id}"},
  {"GET", 1, 11, "/datasets"},
  {"GET", 1, 0, "/info"},
  {"GET", 1, 1, "/meta"},
  {"GET", 1, 2, "/parameters"},
  {"GET", 1, 3, "/site"},
  {"GET", 2, 39, "/datasets/tags"},
  {"GET", 2, 10, "/datasets/{dataset_id}"},
  {"GET", 3, 19, "/datasets/{dataset_id}/documents"},
  {"GET", 3, 27, "/datasets/{dataset_id}/metadata"},
  {"GET", 3, 13, "/datasets/{dataset_id}/tags"},
  {"GET", 4, 24, "/datasets/{dataset_id}/metadata/built-in"},
  {"GET", 4, 17, "/datasets/{dataset_id}/documents/{document_id}"},
  {"GET", 5, 30, "/workspaces/current/models/model-types/{model_type}"},
  {"GET", 5, 18, "/datasets/{dataset_id}/documents/{batch}/indexing-status"},
  {"GET", 5, 34, "/datasets/{dataset_id}/documents/{document_id}/segments"},
  {"GET", 6, 33, "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}"},
  {"GET", 7, 6,
   "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks"},
  {"PATCH", 2, 41, "/datasets/tags"},
  {"PATCH", 2, 14, "/datasets/{dataset_id}"},
  {"PATCH", 4, 29, "/datasets/{dataset_id}/metadata/{metadata_id}"},
  {"PATCH", 5, 21, "/datasets/{dataset_id}/documents/status/{action}"},
  {"PATCH", 8, 7,
   "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks/{child_chunk_id}"},
  {"POST", 1, 8, "/datasets"},
  {"POST", 2, 37, "/datasets/tags"},
  {"POST", 3, 36, "/datasets/tags/binding"},
  {"POST", 3, 40, "/datasets/tags/unbinding"},
  {"POST", 3, 12, "/datasets/{dataset_id}/hit-testing"},
  {"POST", 3, 25, "/datasets/{dataset_id}/metadata"},
  {"POST", 3, 12, "/datasets/{dataset_id}/retrieve"},
  {"POST", 4, 15, "/datasets/{dataset_id}/document/create-by-text"},
  {"POST", 4, 15, "/datasets/{dataset_id}/document/create_by_text"},
  {"POST", 4, 23, "/datasets/{dataset_id}/documents/metadata"},
  {"POST", 5, 28, "/datasets/{dataset_id}/metadata/built-in/{action}"},
  {"POST", 5, 31, "/datasets/{dataset_id}/documents/{document_id}/segments"},
  {"POST", 5, 20, "/datasets/{dataset_id}/documents/{document_id}/update-by-text"},
  {"POST", 5, 20, "/datasets/{dataset_id}/documents/{document_id}/update_by_text"},
  {"POST", 6, 35, "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}"},
  {"POST", 7, 4,
   "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks"},
};
const size_t dp__route_count = sizeof dp__routes / sizeof dp__routes[0];

const uint8_t dp__op_index[] = {
  [DP_OP_APPS_INFO] = 1,
  [DP_OP_APPS_META] = 2,
  [DP_OP_APPS_PARAMETERS] = 3,
  [DP_OP_APPS_SITE] = 4,
  [DP_OP_CHILD_CHUNKS_CREATE] = 5,
  [DP_OP_CHILD_CHUNKS_DELETE] = 6,
  [DP_OP_CHILD_CHUNKS_LIST] = 7,
  [DP_OP_CHILD_CHUNKS_UPDATE] = 8,
  [DP_OP_DATASETS_CREATE] = 9,
  [DP_OP_DATASETS_DELETE] = 10,
  [DP_OP_DATASETS_GET] = 11,
  [DP_OP_DATASETS_LIST] = 12,
  [DP_OP_DATASETS_RETRIEVE] = 13,
  [DP_OP_DATASETS_TAGS] = 14,
  [DP_OP_DATASETS_UPDATE] = 15,
  [DP_OP_DOCUMENTS_CREATE_BY_TEXT] = 16,
  [DP_OP_DOCUMENTS_DELETE] = 17,
  [DP_OP_DOCUMENTS_GET] = 18,
  [DP_OP_DOCUMENTS_INDEXING_STATUS] = 19,
  [DP_OP_DOCUMENTS_LIST] = 20,
  [DP_OP_DOCUMENTS_UPDATE_BY_TEXT] = 21,
  [DP_OP_DOCUMENTS_UPDATE_STATUS] = 22,
  [DP_OP_HTTP_REQUEST] = 23,
  [DP_OP_METADATA_ASSIGN] = 24,
  [DP_OP_METADATA_BUILT_IN] = 25,
  [DP_OP_METADATA_CREATE] = 26,
  [DP_OP_METADATA_DELETE] = 27,
  [DP_OP_METADATA_LIST] = 28,
  [DP_OP_METADATA_TOGGLE_BUILT_IN] = 29,
  [DP_OP_METADATA_UPDATE] = 30,
  [DP_OP_MODELS_LIST] = 31,
  [DP_OP_SEGMENTS_CREATE] = 32,
  [DP_OP_SEGMENTS_DELETE] = 33,
  [DP_OP_SEGMENTS_GET] = 34,
  [DP_OP_SEGMENTS_LIST] = 35,
  [DP_OP_SEGMENTS_UPDATE] = 36,
  [DP_OP_TAGS_BIND] = 37,
  [DP_OP_TAGS_CREATE] = 38,
  [DP_OP_TAGS_DELETE] = 39,
  [DP_OP_TAGS_LIST] = 40,
  [DP_OP_TAGS_UNBIND] = 41,
  [DP_OP_TAGS_UPDATE] = 42,
};
const size_t dp__op_index_count = sizeof dp__op_index / sizeof dp__op_index[0];
