/* Made by proto/gen.py from proto/difypool.toml. Do not edit: change the definition and run it. */
#include "optable.h"

static const dp__param_desc params_datasets_list[] = {
  {"page", DP__IN_QUERY, DP__TYPE_INTEGER, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"limit", DP__IN_QUERY, DP__TYPE_INTEGER, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"keyword", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"include_all", DP__IN_QUERY, DP__TYPE_BOOLEAN, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"tag_ids", DP__IN_QUERY, DP__TYPE_ARRAY, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__defect_desc defects_datasets_list[] = {
  {"tag_filter_400", "", "1.12.1",
   "The `tag_ids` filter is always a 400."},
  {"has_more", "", "1.12.1",
   "`has_more` is wrong where `limit` is over 100, and true on a last page that is exactly full: "
   "go by `total`."},
};

static const dp__param_desc params_datasets_create[] = {
  {"name", DP__IN_BODY, DP__TYPE_STRING, 1, 1, 40, NULL, 0},
  {"description", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, 400, NULL, 0},
  {"indexing_technique", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"high_quality", "economy", NULL}, 1},
  {"permission", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"only_me", "all_team_members", "partial_members", NULL}, 0},
  {"provider", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"vendor", "external", NULL}, 0},
  {"embedding_model", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"embedding_model_provider", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"retrieval_model", DP__IN_BODY, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"external_knowledge_api_id", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"external_knowledge_id", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"summary_index_setting", DP__IN_BODY, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL, 1},
};

static const dp__param_desc params_datasets_get[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_datasets_update[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"name", DP__IN_BODY, DP__TYPE_STRING, 0, 1, 40, NULL, 0},
  {"description", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, 400, NULL, 0},
  {"indexing_technique", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"high_quality", "economy", NULL}, 1},
  {"permission", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"only_me", "all_team_members", "partial_members", NULL}, 0},
  {"embedding_model", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"embedding_model_provider", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"retrieval_model", DP__IN_BODY, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"partial_member_list", DP__IN_BODY, DP__TYPE_ARRAY, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"external_retrieval_model", DP__IN_BODY, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"external_knowledge_id", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"external_knowledge_api_id", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_datasets_delete[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_datasets_retrieve[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"query", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, 250, NULL, 0},
  {"retrieval_model", DP__IN_BODY, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"attachment_ids", DP__IN_BODY, DP__TYPE_ARRAY, 0, INT64_MIN, INT64_MAX, NULL, 1},
  {"external_retrieval_model", DP__IN_BODY, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__defect_desc defects_datasets_retrieve[] = {
  {"economy_default", "", "1.12.1",
   "An `economy` knowledge base that was made without a retrieval_model is searched semantically:"
   " 400, no default model for text-embedding. Make it with one, or send one."},
  {"retrieval_switches", "", "1.12.1",
   "A retrieval_model without its switches is a 500 whose message is the missing one's name. "
   "Filled in from the knowledge base's own."},
};

static const dp__param_desc params_documents_create_by_text[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"name", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"text", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"indexing_technique", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"high_quality", "economy", NULL}, 0},
  {"doc_form", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"text_model", "hierarchical_model", "qa_model", NULL}, 0},
  {"doc_language", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"process_rule", DP__IN_BODY, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"retrieval_model", DP__IN_BODY, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"embedding_model", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"embedding_model_provider", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"original_document_id", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__defect_desc defects_documents_create_by_text[] = {
  {"technique_required", "", "1.12.1",
   "indexing_technique must be in every create, also where the knowledge base has one: else 400, "
   "or 500 where neither has one. Filled in from the knowledge base."},
  {"same_name_overwrites", "", "1.12.1",
   "A name that a document has already replaces its content, also that of a file that somebody "
   "uploaded, and an archived one becomes retrievable again; an empty text leaves it with no "
   "chunks."},
  {"bad_rule_kept", "", "1.12.1",
   "A chunk size that cannot be (`max_tokens` 10 or 99999) is a 200; its indexing fails, and it "
   "becomes the default of later documents that send no rule."},
};

static const dp__param_desc params_documents_update_by_text[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"name", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"text", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"process_rule", DP__IN_BODY, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"doc_form", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"text_model", "hierarchical_model", "qa_model", NULL}, 0},
  {"doc_language", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"retrieval_model", DP__IN_BODY, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__defect_desc defects_documents_update_by_text[] = {
  {"update_hangs_indexing", "", "1.12.1",
   "The indexing worker hangs for good; every later document stays `waiting` until the worker is "
   "restarted. Carried out as a create by the same name where that is safe, else refused as "
   "`unsupported` unless `allow_hazard` is set."},
};

static const dp__param_desc params_documents_list[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"page", DP__IN_QUERY, DP__TYPE_INTEGER, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"limit", DP__IN_QUERY, DP__TYPE_INTEGER, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"keyword", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"status", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"queuing", "indexing", "paused", "error", "available", "disabled", "archived", NULL},
   0},
};

static const dp__defect_desc defects_documents_list[] = {
  {"has_more", "", "1.12.1",
   "`has_more` is wrong where `limit` is over 100, and true on a last page that is exactly full: "
   "go by `total`."},
};

static const dp__param_desc params_documents_get[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"metadata", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"all", "only", "without", NULL}, 0},
};

static const dp__param_desc params_documents_delete[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_documents_indexing_status[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"batch", DP__IN_PATH, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_documents_update_status[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"action", DP__IN_PATH, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX,
   (const char *const[]){"enable", "disable", "archive", "un_archive", NULL}, 0},
  {"document_ids", DP__IN_BODY, DP__TYPE_ARRAY, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_metadata_list[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_metadata_create[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"type", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX,
   (const char *const[]){"string", "number", "time", NULL}, 0},
  {"name", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_metadata_update[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"metadata_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"name", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__defect_desc defects_metadata_update[] = {
  {"absent_is_200", "", "1.12.1",
   "A field that does not exist is a 200 with nulls."},
  {"rename_loses_values", "", "1.12.1",
   "Documents that are disabled or not completed lose their value for the field."},
};

static const dp__param_desc params_metadata_delete[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"metadata_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_metadata_built_in[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_metadata_toggle_built_in[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"action", DP__IN_PATH, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX,
   (const char *const[]){"enable", "disable", NULL}, 0},
};

static const dp__param_desc params_metadata_assign[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"operation_data", DP__IN_BODY, DP__TYPE_ARRAY, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__defect_desc defects_metadata_assign[] = {
  {"failures_swallowed", "", "1.12.1",
   "A value that could not be kept (an unknown document or field, a NUL) is a 200 all the same: "
   "read back what matters."},
  {"partial_writes_race", "", "1.12.1",
   "Partial writes to one document at once are all 200 and some are lost: one at a time for each "
   "document."},
};

static const dp__param_desc params_tags_create[] = {
  {"name", DP__IN_BODY, DP__TYPE_STRING, 1, 1, 50, NULL, 0},
};

static const dp__defect_desc defects_tags_create[] = {
  {"done_but_400", "", "1.12.1",
   "The tag is created, and the answer is a 400 of the server's own validation (`1 validation "
   "error for DataSetTag`), without the new id."},
};

static const dp__defect_desc defects_tags_list[] = {
  {"list_400", "", "1.12.1",
   "400 as soon as one tag exists; `datasets.tags` works."},
};

static const dp__param_desc params_tags_update[] = {
  {"tag_id", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"name", DP__IN_BODY, DP__TYPE_STRING, 1, 1, 50, NULL, 0},
};

static const dp__defect_desc defects_tags_update[] = {
  {"done_but_400", "", "1.12.1",
   "The tag is renamed, and the answer is a 400 of the server's own validation (`1 validation "
   "error for DataSetTag`)."},
};

static const dp__param_desc params_tags_delete[] = {
  {"tag_id", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_tags_bind[] = {
  {"tag_ids", DP__IN_BODY, DP__TYPE_ARRAY, 1, 1, INT64_MAX, NULL, 0},
  {"target_id", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_tags_unbind[] = {
  {"tag_ids", DP__IN_BODY, DP__TYPE_ARRAY, 0, 1, INT64_MAX, NULL, 0},
  {"tag_id", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"target_id", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_datasets_tags[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_segments_create[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"segments", DP__IN_BODY, DP__TYPE_ARRAY, 1, 1, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_segments_list[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"page", DP__IN_QUERY, DP__TYPE_INTEGER, 0, 1, INT64_MAX, NULL, 0},
  {"limit", DP__IN_QUERY, DP__TYPE_INTEGER, 0, 1, INT64_MAX, NULL, 0},
  {"status", DP__IN_QUERY, DP__TYPE_ARRAY, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"keyword", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_segments_get[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"segment_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_segments_update[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"segment_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"segment", DP__IN_BODY, DP__TYPE_OBJECT, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_segments_delete[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"segment_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_child_chunks_create[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"segment_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"content", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_child_chunks_list[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"segment_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"page", DP__IN_QUERY, DP__TYPE_INTEGER, 0, 1, INT64_MAX, NULL, 0},
  {"limit", DP__IN_QUERY, DP__TYPE_INTEGER, 0, 1, INT64_MAX, NULL, 0},
  {"keyword", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_child_chunks_update[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"segment_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"child_chunk_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"content", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_child_chunks_delete[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"segment_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"child_chunk_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__defect_desc defects_child_chunks_delete[] = {
  {"gone_but_400", "", "1.12.1",
   "The vector store is asked also where an `economy` knowledge base needs none: without one the "
   "answer is a 400, and the child chunk is gone. The list of child chunks is looked at then: "
   "where it shows that the chunk is gone, the call is a success."},
};

static const dp__param_desc params_models_list[] = {
  {"model_type", DP__IN_PATH, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX,
   (const char *const[]){"text-embedding", "rerank", "llm", "tts", "speech2text", "moderation", NULL},
   0},
};

static const dp__param_desc params_chat_stop[] = {
  {"task_id", DP__IN_PATH, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"user", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_completion_stop[] = {
  {"task_id", DP__IN_PATH, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"user", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_workflows_stop[] = {
  {"task_id", DP__IN_PATH, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"user", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_messages_suggested[] = {
  {"message_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"user", DP__IN_QUERY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_messages_list[] = {
  {"conversation_id", DP__IN_QUERY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"user", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"first_id", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"limit", DP__IN_QUERY, DP__TYPE_INTEGER, 0, 1, 100, NULL, 0},
};

static const dp__param_desc params_messages_feedback[] = {
  {"message_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"rating", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"like", "dislike", NULL}, 1},
  {"user", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"content", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_apps_feedbacks[] = {
  {"page", DP__IN_QUERY, DP__TYPE_INTEGER, 0, 1, INT64_MAX, NULL, 0},
  {"limit", DP__IN_QUERY, DP__TYPE_INTEGER, 0, 1, 101, NULL, 0},
};

static const dp__param_desc params_end_users_get[] = {
  {"end_user_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_conversations_list[] = {
  {"user", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"last_id", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"limit", DP__IN_QUERY, DP__TYPE_INTEGER, 0, 1, 100, NULL, 0},
  {"sort_by", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"created_at", "-created_at", "updated_at", "-updated_at", NULL}, 0},
};

static const dp__param_desc params_conversations_variables[] = {
  {"conversation_id", DP__IN_PATH, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"user", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"last_id", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"limit", DP__IN_QUERY, DP__TYPE_INTEGER, 0, 1, 100, NULL, 0},
  {"variable_name", DP__IN_QUERY, DP__TYPE_STRING, 0, 1, 255, NULL, 0},
};

static const dp__param_desc params_conversations_rename[] = {
  {"conversation_id", DP__IN_PATH, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"name", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"auto_generate", DP__IN_BODY, DP__TYPE_BOOLEAN, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"user", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_conversations_update_variable[] = {
  {"conversation_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"variable_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"value", DP__IN_BODY, DP__TYPE_ANY, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"user", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_conversations_delete[] = {
  {"conversation_id", DP__IN_PATH, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"user", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_annotations_create[] = {
  {"question", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"answer", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_annotations_list[] = {
  {"page", DP__IN_QUERY, DP__TYPE_INTEGER, 0, 1, INT64_MAX, NULL, 0},
  {"limit", DP__IN_QUERY, DP__TYPE_INTEGER, 0, 1, INT64_MAX, NULL, 0},
  {"keyword", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_annotations_update[] = {
  {"annotation_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"question", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"answer", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_annotations_delete[] = {
  {"annotation_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_annotations_configure_reply[] = {
  {"action", DP__IN_PATH, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX,
   (const char *const[]){"enable", "disable", NULL}, 0},
  {"embedding_provider_name", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"embedding_model_name", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"score_threshold", DP__IN_BODY, DP__TYPE_NUMBER, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_annotations_reply_status[] = {
  {"action", DP__IN_PATH, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX,
   (const char *const[]){"enable", "disable", NULL}, 0},
  {"job_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_workflows_get_run[] = {
  {"workflow_run_id", DP__IN_PATH, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__defect_desc defects_workflows_get_run[] = {
  {"absent_is_200", "", "1.12.1",
   "A run that does not exist is a 200 with nulls."},
};

static const dp__param_desc params_workflows_logs[] = {
  {"keyword", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"status", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"succeeded", "failed", "stopped", NULL}, 0},
  {"page", DP__IN_QUERY, DP__TYPE_INTEGER, 0, 1, 99999, NULL, 0},
  {"limit", DP__IN_QUERY, DP__TYPE_INTEGER, 0, 1, 100, NULL, 0},
  {"created_at__before", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"created_at__after", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"created_by_end_user_session_id", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL,
   0},
  {"created_by_account", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_human_input_get[] = {
  {"form_token", DP__IN_PATH, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_human_input_submit[] = {
  {"form_token", DP__IN_PATH, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"inputs", DP__IN_BODY, DP__TYPE_OBJECT, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"action", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"user", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_documents_download[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_pipelines_datasource_plugins[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"is_published", DP__IN_QUERY, DP__TYPE_BOOLEAN, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_chat_send[] = {
  {"query", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"inputs", DP__IN_BODY, DP__TYPE_OBJECT, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"response_mode", DP__IN_LOCAL, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"streaming", "blocking", NULL}, 0},
  {"user", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"conversation_id", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"files", DP__IN_BODY, DP__TYPE_ARRAY, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"auto_generate_name", DP__IN_BODY, DP__TYPE_BOOLEAN, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"workflow_id", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__defect_desc defects_chat_send[] = {
  {"broken_model_is_200", "", "1.12.1",
   "Blocking: a model that breaks midway is a 200 with a truncated answer. Read as a stream it is"
   " an error."},
  {"ceiling_is_400", "", "1.12.1",
   "The app's ceiling of concurrent runs is a 400 where 429 is documented; it passes."},
};

static const dp__param_desc params_completion_send[] = {
  {"inputs", DP__IN_BODY, DP__TYPE_OBJECT, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"query", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"response_mode", DP__IN_LOCAL, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"streaming", "blocking", NULL}, 0},
  {"user", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"files", DP__IN_BODY, DP__TYPE_ARRAY, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__defect_desc defects_completion_send[] = {
  {"broken_model_is_200", "", "1.12.1",
   "Blocking: a model that breaks midway is a 200 with a truncated answer. Read as a stream it is"
   " an error."},
  {"ceiling_is_400", "", "1.12.1",
   "The app's ceiling of concurrent runs is a 400 where 429 is documented; it passes."},
};

static const dp__param_desc params_workflows_run[] = {
  {"inputs", DP__IN_BODY, DP__TYPE_OBJECT, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"response_mode", DP__IN_LOCAL, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"streaming", "blocking", NULL}, 0},
  {"user", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"files", DP__IN_BODY, DP__TYPE_ARRAY, 0, INT64_MIN, INT64_MAX, NULL, 1},
};

static const dp__defect_desc defects_workflows_run[] = {
  {"ceiling_is_400", "", "1.12.1",
   "The app's ceiling of concurrent runs is a 400 where 429 is documented; it passes."},
};

static const dp__param_desc params_workflows_run_by_id[] = {
  {"workflow_id", DP__IN_PATH, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"inputs", DP__IN_BODY, DP__TYPE_OBJECT, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"response_mode", DP__IN_LOCAL, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"streaming", "blocking", NULL}, 0},
  {"user", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"files", DP__IN_BODY, DP__TYPE_ARRAY, 0, INT64_MIN, INT64_MAX, NULL, 1},
};

static const dp__defect_desc defects_workflows_run_by_id[] = {
  {"ceiling_is_400", "", "1.12.1",
   "The app's ceiling of concurrent runs is a 400 where 429 is documented; it passes."},
};

static const dp__param_desc params_workflows_events[] = {
  {"workflow_run_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"user", DP__IN_QUERY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"include_state_snapshot", DP__IN_QUERY, DP__TYPE_BOOLEAN, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"continue_on_pause", DP__IN_QUERY, DP__TYPE_BOOLEAN, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_files_upload[] = {
  {"file", DP__IN_FILE, DP__TYPE_FILE, 1, INT64_MIN, 104857600, NULL, 0},
  {"user", DP__IN_PART, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__defect_desc defects_files_upload[] = {
  {"literal_message", "", "1.12.1",
   "The message of a 413 holds a literal `{message}`: go by its code."},
};

static const dp__param_desc params_files_preview[] = {
  {"file_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"as_attachment", DP__IN_QUERY, DP__TYPE_BOOLEAN, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"user", DP__IN_QUERY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_audio_to_text[] = {
  {"file", DP__IN_FILE, DP__TYPE_FILE, 1, INT64_MIN, 31457280, NULL, 0},
  {"user", DP__IN_PART, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_audio_from_text[] = {
  {"message_id", DP__IN_BODY, DP__TYPE_UUID, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"text", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"user", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"voice", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"streaming", DP__IN_BODY, DP__TYPE_BOOLEAN, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_documents_create_by_file[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"file", DP__IN_FILE, DP__TYPE_FILE, 1, INT64_MIN, 15728640, NULL, 0},
  {"indexing_technique", DP__IN_DATA, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"high_quality", "economy", NULL}, 0},
  {"doc_form", DP__IN_DATA, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"text_model", "hierarchical_model", "qa_model", NULL}, 0},
  {"doc_language", DP__IN_DATA, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"process_rule", DP__IN_DATA, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"retrieval_model", DP__IN_DATA, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"embedding_model", DP__IN_DATA, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"embedding_model_provider", DP__IN_DATA, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__defect_desc defects_documents_create_by_file[] = {
  {"empty_message_400", "", "1.12.1",
   "A file that is too large, or of an extension that is not taken, is a 400 without a message."},
  {"same_name_overwrites", "", "1.12.1",
   "A name that a document has already replaces its content, and an archived one becomes "
   "retrievable again."},
  {"bad_rule_kept", "", "1.12.1",
   "A chunk size that cannot be (`max_tokens` 10 or 99999) is a 200; its indexing fails, and it "
   "becomes the default of later documents that send no rule."},
};

static const dp__param_desc params_documents_update_by_file[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"file", DP__IN_FILE, DP__TYPE_FILE, 0, INT64_MIN, 15728640, NULL, 0},
  {"doc_form", DP__IN_DATA, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"text_model", "hierarchical_model", "qa_model", NULL}, 0},
  {"doc_language", DP__IN_DATA, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"process_rule", DP__IN_DATA, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"retrieval_model", DP__IN_DATA, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"embedding_model", DP__IN_DATA, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"embedding_model_provider", DP__IN_DATA, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__defect_desc defects_documents_update_by_file[] = {
  {"update_hangs_indexing", "", "1.12.1",
   "The indexing worker hangs for good; every later document stays `waiting` until the worker is "
   "restarted. Refused as `unsupported` unless `allow_hazard` is set."},
  {"literal_message", "", "1.12.1",
   "The message of a 413 holds a literal `{message}`: go by its code."},
};

static const dp__param_desc params_documents_update[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"document_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"file", DP__IN_FILE, DP__TYPE_FILE, 0, INT64_MIN, 15728640, NULL, 0},
  {"doc_form", DP__IN_DATA, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"text_model", "hierarchical_model", "qa_model", NULL}, 0},
  {"doc_language", DP__IN_DATA, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"process_rule", DP__IN_DATA, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"retrieval_model", DP__IN_DATA, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"embedding_model", DP__IN_DATA, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"embedding_model_provider", DP__IN_DATA, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_documents_download_zip[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"document_ids", DP__IN_BODY, DP__TYPE_ARRAY, 1, 1, 100, NULL, 0},
};

static const dp__param_desc params_pipelines_upload_file[] = {
  {"file", DP__IN_FILE, DP__TYPE_FILE, 1, INT64_MIN, 104857600, NULL, 0},
};

static const dp__param_desc params_pipelines_run_datasource[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"node_id", DP__IN_PATH, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"inputs", DP__IN_BODY, DP__TYPE_OBJECT, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"datasource_type", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX,
   (const char *const[]){"online_document", "local_file", "website_crawl", "online_drive", NULL},
   0},
  {"credential_id", DP__IN_BODY, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 1},
  {"is_published", DP__IN_BODY, DP__TYPE_BOOLEAN, 1, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_pipelines_run[] = {
  {"dataset_id", DP__IN_PATH, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"inputs", DP__IN_BODY, DP__TYPE_OBJECT, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"datasource_type", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX,
   (const char *const[]){"local_file", "online_document", "website_crawl", "online_drive", NULL},
   0},
  {"datasource_info_list", DP__IN_BODY, DP__TYPE_ARRAY, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"start_node_id", DP__IN_BODY, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"is_published", DP__IN_BODY, DP__TYPE_BOOLEAN, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"response_mode", DP__IN_LOCAL, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"streaming", "blocking", NULL}, 0},
};

static const dp__param_desc params_datasets_ensure[] = {
  {"name", DP__IN_LOCAL, DP__TYPE_STRING, 1, 1, 40, NULL, 0},
  {"description", DP__IN_LOCAL, DP__TYPE_STRING, 0, INT64_MIN, 400, NULL, 0},
  {"indexing_technique", DP__IN_LOCAL, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"high_quality", "economy", NULL}, 0},
  {"permission", DP__IN_LOCAL, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"only_me", "all_team_members", "partial_members", NULL}, 0},
  {"embedding_model", DP__IN_LOCAL, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"embedding_model_provider", DP__IN_LOCAL, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"retrieval_model", DP__IN_LOCAL, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"create", DP__IN_LOCAL, DP__TYPE_BOOLEAN, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

static const dp__param_desc params_metadata_ensure[] = {
  {"dataset_id", DP__IN_LOCAL, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"fields", DP__IN_LOCAL, DP__TYPE_ARRAY, 1, 1, 200, NULL, 0},
};

static const dp__param_desc params_tags_ensure[] = {
  {"name", DP__IN_LOCAL, DP__TYPE_STRING, 1, 1, 50, NULL, 0},
};

static const dp__param_desc params_documents_wait[] = {
  {"dataset_id", DP__IN_LOCAL, DP__TYPE_UUID, 1, INT64_MIN, INT64_MAX, NULL, 0},
  {"ids", DP__IN_LOCAL, DP__TYPE_ARRAY, 1, INT64_MIN, 100000, NULL, 0},
  {"stall_ms", DP__IN_LOCAL, DP__TYPE_INTEGER, 0, 1000, 86400000, NULL, 0},
};

static const dp__param_desc params_pages_push[] = {
  {"dataset_id", DP__IN_LOCAL, DP__TYPE_UUID, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"dataset", DP__IN_LOCAL, DP__TYPE_STRING, 0, 1, 40, NULL, 0},
  {"pages", DP__IN_LOCAL, DP__TYPE_ARRAY, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"set", DP__IN_LOCAL, DP__TYPE_STRING, 0, 1, 64, NULL, 0},
  {"process_rule", DP__IN_LOCAL, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"preset", DP__IN_LOCAL, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"marked_sections", "marked_parent_child", NULL}, 0},
  {"doc_form", DP__IN_LOCAL, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"text_model", "hierarchical_model", "qa_model", NULL}, 0},
  {"doc_language", DP__IN_LOCAL, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"indexing_technique", DP__IN_LOCAL, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"high_quality", "economy", NULL}, 0},
  {"wait", DP__IN_LOCAL, DP__TYPE_BOOLEAN, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"prune", DP__IN_LOCAL, DP__TYPE_BOOLEAN, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"prune_adopted", DP__IN_LOCAL, DP__TYPE_BOOLEAN, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"max_delete", DP__IN_LOCAL, DP__TYPE_INTEGER, 0, 0, 100, NULL, 0},
  {"adopt", DP__IN_LOCAL, DP__TYPE_BOOLEAN, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"rechunk", DP__IN_LOCAL, DP__TYPE_BOOLEAN, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"mend", DP__IN_LOCAL, DP__TYPE_BOOLEAN, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"dry_run", DP__IN_LOCAL, DP__TYPE_BOOLEAN, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"on_duplicate", DP__IN_LOCAL, DP__TYPE_STRING, 0, INT64_MIN, INT64_MAX,
   (const char *const[]){"error", "last", "number", NULL}, 0},
};

static const dp__param_desc params_batch[] = {
  {"calls", DP__IN_LOCAL, DP__TYPE_ARRAY, 1, 1, 10000, NULL, 0},
  {"concurrency", DP__IN_LOCAL, DP__TYPE_INTEGER, 0, 1, 1024, NULL, 0},
};

static const dp__param_desc params_http_request[] = {
  {"method", DP__IN_LOCAL, DP__TYPE_STRING, 1, INT64_MIN, INT64_MAX,
   (const char *const[]){"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", NULL}, 0},
  {"path", DP__IN_LOCAL, DP__TYPE_STRING, 1, 1, 8192, NULL, 0},
  {"query", DP__IN_LOCAL, DP__TYPE_ANY, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"headers", DP__IN_LOCAL, DP__TYPE_OBJECT, 0, INT64_MIN, INT64_MAX, NULL, 0},
  {"body", DP__IN_LOCAL, DP__TYPE_BYTES, 0, INT64_MIN, INT64_MAX, NULL, 0},
};

const dp__op_desc dp__optable[] = {
  {DP_OP_ANNOTATIONS_CONFIGURE_REPLY, "annotations.configure_reply", "POST",
   "/apps/annotation-reply/{action}", DP__ANSWER_JSON, DP__RETRY_NEVER, 0, DP__CIRCUIT_APP, "",
   NULL, params_annotations_configure_reply, 4, "", NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_ANNOTATIONS_CREATE, "annotations.create", "POST", "/apps/annotations", DP__ANSWER_JSON,
   DP__RETRY_NEVER, 0, DP__CIRCUIT_APP, "", NULL, params_annotations_create, 2, "", NULL, 0,
   DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_ANNOTATIONS_DELETE, "annotations.delete", "DELETE", "/apps/annotations/{annotation_id}",
   DP__ANSWER_EMPTY, DP__RETRY_VERIFY, 0, DP__CIRCUIT_APP, "", NULL, params_annotations_delete, 1,
   "", NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_ANNOTATIONS_LIST, "annotations.list", "GET", "/apps/annotations", DP__ANSWER_JSON,
   DP__RETRY_FREE, 0, DP__CIRCUIT_APP, "", NULL, params_annotations_list, 3, "", NULL, 0,
   DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_ANNOTATIONS_REPLY_STATUS, "annotations.reply_status", "GET",
   "/apps/annotation-reply/{action}/status/{job_id}", DP__ANSWER_JSON, DP__RETRY_FREE, 0,
   DP__CIRCUIT_APP, "", NULL, params_annotations_reply_status, 2, "", NULL, 0, DP_OP_NONE,
   DP_OP_NONE, ""},
  {DP_OP_ANNOTATIONS_UPDATE, "annotations.update", "PUT", "/apps/annotations/{annotation_id}",
   DP__ANSWER_JSON, DP__RETRY_VERIFY, 0, DP__CIRCUIT_APP, "", NULL, params_annotations_update, 3,
   "", NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_APPS_FEEDBACKS, "apps.feedbacks", "GET", "/app/feedbacks", DP__ANSWER_JSON, DP__RETRY_FREE,
   0, DP__CIRCUIT_APP, "", NULL, params_apps_feedbacks, 2, "", NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_APPS_INFO, "apps.info", "GET", "/info", DP__ANSWER_JSON, DP__RETRY_FREE, 0,
   DP__CIRCUIT_APP, "", NULL, NULL, 0, "", NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_APPS_META, "apps.meta", "GET", "/meta", DP__ANSWER_JSON, DP__RETRY_FREE, 0,
   DP__CIRCUIT_APP, "", NULL, NULL, 0, "", NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_APPS_PARAMETERS, "apps.parameters", "GET", "/parameters", DP__ANSWER_JSON, DP__RETRY_FREE,
   0, DP__CIRCUIT_APP, "", NULL, NULL, 0, "", NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_APPS_SITE, "apps.site", "GET", "/site", DP__ANSWER_JSON, DP__RETRY_FREE, 0,
   DP__CIRCUIT_APP, "", NULL, NULL, 0, "", NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_AUDIO_FROM_TEXT, "audio.from_text", "POST", "/text-to-audio", DP__ANSWER_BINARY,
   DP__RETRY_NEVER, 0, DP__CIRCUIT_APP, "", NULL, params_audio_from_text, 5, "", NULL, 0,
   DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_AUDIO_TO_TEXT, "audio.to_text", "POST", "/audio-to-text", DP__ANSWER_JSON, DP__RETRY_NEVER,
   0, DP__CIRCUIT_APP, "", NULL, params_audio_to_text, 2, "", NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_BATCH, "batch", "", "", DP__ANSWER_JSON, DP__RETRY_NEVER, 0, DP__CIRCUIT_APP, "", NULL,
   params_batch, 2, "", NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_CHAT_SEND, "chat.send", "POST", "/chat-messages", DP__ANSWER_EVENTS, DP__RETRY_NEVER, 0,
   DP__CIRCUIT_APP, "", NULL, params_chat_send, 8, "", defects_chat_send, 2, DP_OP_CHAT_STOP,
   DP_OP_NONE, "response_mode"},
  {DP_OP_CHAT_STOP, "chat.stop", "POST", "/chat-messages/{task_id}/stop", DP__ANSWER_JSON,
   DP__RETRY_NEVER, 0, DP__CIRCUIT_APP, "", NULL, params_chat_stop, 2, "", NULL, 0, DP_OP_NONE,
   DP_OP_NONE, ""},
  {DP_OP_CHILD_CHUNKS_CREATE, "child_chunks.create", "POST",
   "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks",
   DP__ANSWER_JSON, DP__RETRY_NEVER, 1, DP__CIRCUIT_DOC_CREATION, "", NULL,
   params_child_chunks_create, 4, "", NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_CHILD_CHUNKS_DELETE, "child_chunks.delete", "DELETE",
   "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks/{child_chunk_id}",
   DP__ANSWER_EMPTY, DP__RETRY_VERIFY, 1, DP__CIRCUIT_DOC_CREATION, "", NULL,
   params_child_chunks_delete, 4, "", defects_child_chunks_delete, 1, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_CHILD_CHUNKS_LIST, "child_chunks.list", "GET",
   "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks",
   DP__ANSWER_JSON, DP__RETRY_FREE, 0, DP__CIRCUIT_RETRIEVAL, "", NULL, params_child_chunks_list, 6,
   "", NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_CHILD_CHUNKS_UPDATE, "child_chunks.update", "PATCH",
   "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks/{child_chunk_id}",
   DP__ANSWER_JSON, DP__RETRY_VERIFY, 1, DP__CIRCUIT_DOC_CREATION, "", NULL,
   params_child_chunks_update, 5, "", NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_COMPLETION_SEND, "completion.send", "POST", "/completion-messages", DP__ANSWER_EVENTS,
   DP__RETRY_NEVER, 0, DP__CIRCUIT_APP, "", NULL, params_completion_send, 5, "",
   defects_completion_send, 2, DP_OP_COMPLETION_STOP, DP_OP_NONE, "response_mode"},
  {DP_OP_COMPLETION_STOP, "completion.stop", "POST", "/completion-messages/{task_id}/stop",
   DP__ANSWER_JSON, DP__RETRY_NEVER, 0, DP__CIRCUIT_APP, "", NULL, params_completion_stop, 2, "",
   NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_CONVERSATIONS_DELETE, "conversations.delete", "DELETE", "/conversations/{conversation_id}",
   DP__ANSWER_EMPTY, DP__RETRY_VERIFY, 0, DP__CIRCUIT_APP, "1.12.1", NULL,
   params_conversations_delete, 2, "", NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_CONVERSATIONS_LIST, "conversations.list", "GET", "/conversations", DP__ANSWER_JSON,
   DP__RETRY_FREE, 0, DP__CIRCUIT_APP, "", NULL, params_conversations_list, 4, "", NULL, 0,
   DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_CONVERSATIONS_RENAME, "conversations.rename", "POST",
   "/conversations/{conversation_id}/name", DP__ANSWER_JSON, DP__RETRY_VERIFY, 0, DP__CIRCUIT_APP,
   "", NULL, params_conversations_rename, 4, "", NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_CONVERSATIONS_UPDATE_VARIABLE, "conversations.update_variable", "PUT",
   "/conversations/{conversation_id}/variables/{variable_id}", DP__ANSWER_JSON, DP__RETRY_VERIFY, 0,
   DP__CIRCUIT_APP, "", NULL, params_conversations_update_variable, 4, "", NULL, 0, DP_OP_NONE,
   DP_OP_NONE, ""},
  {DP_OP_CONVERSATIONS_VARIABLES, "conversations.variables", "GET",
   "/conversations/{conversation_id}/variables", DP__ANSWER_JSON, DP__RETRY_FREE, 0,
   DP__CIRCUIT_APP, "", NULL, params_conversations_variables, 5, "", NULL, 0, DP_OP_NONE,
   DP_OP_NONE, ""},
  {DP_OP_DATASETS_CREATE, "datasets.create", "POST", "/datasets", DP__ANSWER_JSON, DP__RETRY_VERIFY,
   1, DP__CIRCUIT_KB_CREATION, "", NULL, params_datasets_create, 11, "", NULL, 0, DP_OP_NONE,
   DP_OP_NONE, ""},
  {DP_OP_DATASETS_DELETE, "datasets.delete", "DELETE", "/datasets/{dataset_id}", DP__ANSWER_EMPTY,
   DP__RETRY_VERIFY, 1, DP__CIRCUIT_KB_CREATION, "", NULL, params_datasets_delete, 1, "", NULL, 0,
   DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_DATASETS_ENSURE, "datasets.ensure", "", "", DP__ANSWER_JSON, DP__RETRY_VERIFY, 0,
   DP__CIRCUIT_KB_CREATION, "", NULL, params_datasets_ensure, 8, "", NULL, 0, DP_OP_NONE,
   DP_OP_NONE, ""},
  {DP_OP_DATASETS_GET, "datasets.get", "GET", "/datasets/{dataset_id}", DP__ANSWER_JSON,
   DP__RETRY_FREE, 0, DP__CIRCUIT_RETRIEVAL, "", NULL, params_datasets_get, 1, "", NULL, 0,
   DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_DATASETS_LIST, "datasets.list", "GET", "/datasets", DP__ANSWER_JSON, DP__RETRY_FREE, 0,
   DP__CIRCUIT_RETRIEVAL, "", NULL, params_datasets_list, 5, "", defects_datasets_list, 2,
   DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_DATASETS_RETRIEVE, "datasets.retrieve", "POST", "/datasets/{dataset_id}/retrieve",
   DP__ANSWER_JSON, DP__RETRY_FREE, 1, DP__CIRCUIT_RETRIEVAL, "",
   (const char *const[]){"/datasets/{dataset_id}/hit-testing", NULL}, params_datasets_retrieve, 5,
   "", defects_datasets_retrieve, 2, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_DATASETS_TAGS, "datasets.tags", "GET", "/datasets/{dataset_id}/tags", DP__ANSWER_JSON,
   DP__RETRY_FREE, 0, DP__CIRCUIT_RETRIEVAL, "", NULL, params_datasets_tags, 1, "", NULL, 0,
   DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_DATASETS_UPDATE, "datasets.update", "PATCH", "/datasets/{dataset_id}", DP__ANSWER_JSON,
   DP__RETRY_VERIFY, 1, DP__CIRCUIT_KB_CREATION, "", NULL, params_datasets_update, 12, "", NULL, 0,
   DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_DOCUMENTS_CREATE_BY_FILE, "documents.create_by_file", "POST",
   "/datasets/{dataset_id}/document/create-by-file", DP__ANSWER_JSON, DP__RETRY_VERIFY, 1,
   DP__CIRCUIT_DOC_CREATION, "1.12.1",
   (const char *const[]){"/datasets/{dataset_id}/document/create_by_file", NULL},
   params_documents_create_by_file, 9, "", defects_documents_create_by_file, 3, DP_OP_NONE,
   DP_OP_NONE, ""},
  {DP_OP_DOCUMENTS_CREATE_BY_TEXT, "documents.create_by_text", "POST",
   "/datasets/{dataset_id}/document/create-by-text", DP__ANSWER_JSON, DP__RETRY_VERIFY, 1,
   DP__CIRCUIT_DOC_CREATION, "1.12.1",
   (const char *const[]){"/datasets/{dataset_id}/document/create_by_text", NULL},
   params_documents_create_by_text, 11, "", defects_documents_create_by_text, 3, DP_OP_NONE,
   DP_OP_NONE, ""},
  {DP_OP_DOCUMENTS_DELETE, "documents.delete", "DELETE",
   "/datasets/{dataset_id}/documents/{document_id}", DP__ANSWER_EMPTY, DP__RETRY_VERIFY, 1,
   DP__CIRCUIT_DOC_CREATION, "", NULL, params_documents_delete, 2, "", NULL, 0, DP_OP_NONE,
   DP_OP_NONE, ""},
  {DP_OP_DOCUMENTS_DOWNLOAD, "documents.download", "GET",
   "/datasets/{dataset_id}/documents/{document_id}/download", DP__ANSWER_JSON, DP__RETRY_FREE, 0,
   DP__CIRCUIT_RETRIEVAL, "", NULL, params_documents_download, 2, "1.12.1", NULL, 0, DP_OP_NONE,
   DP_OP_NONE, ""},
  {DP_OP_DOCUMENTS_DOWNLOAD_ZIP, "documents.download_zip", "POST",
   "/datasets/{dataset_id}/documents/download-zip", DP__ANSWER_BINARY, DP__RETRY_FREE, 1,
   DP__CIRCUIT_RETRIEVAL, "", NULL, params_documents_download_zip, 2, "1.12.1", NULL, 0, DP_OP_NONE,
   DP_OP_NONE, ""},
  {DP_OP_DOCUMENTS_GET, "documents.get", "GET", "/datasets/{dataset_id}/documents/{document_id}",
   DP__ANSWER_JSON, DP__RETRY_FREE, 0, DP__CIRCUIT_RETRIEVAL, "", NULL, params_documents_get, 3, "",
   NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_DOCUMENTS_INDEXING_STATUS, "documents.indexing_status", "GET",
   "/datasets/{dataset_id}/documents/{batch}/indexing-status", DP__ANSWER_JSON, DP__RETRY_FREE, 0,
   DP__CIRCUIT_RETRIEVAL, "", NULL, params_documents_indexing_status, 2, "", NULL, 0, DP_OP_NONE,
   DP_OP_NONE, ""},
  {DP_OP_DOCUMENTS_LIST, "documents.list", "GET", "/datasets/{dataset_id}/documents",
   DP__ANSWER_JSON, DP__RETRY_FREE, 0, DP__CIRCUIT_RETRIEVAL, "", NULL, params_documents_list, 5,
   "", defects_documents_list, 1, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_DOCUMENTS_UPDATE, "documents.update", "PATCH",
   "/datasets/{dataset_id}/documents/{document_id}", DP__ANSWER_JSON, DP__RETRY_VERIFY, 1,
   DP__CIRCUIT_DOC_CREATION, "", NULL, params_documents_update, 9, "1.12.1", NULL, 0, DP_OP_NONE,
   DP_OP_NONE, ""},
  {DP_OP_DOCUMENTS_UPDATE_BY_FILE, "documents.update_by_file", "POST",
   "/datasets/{dataset_id}/documents/{document_id}/update-by-file", DP__ANSWER_JSON,
   DP__RETRY_VERIFY, 1, DP__CIRCUIT_DOC_CREATION, "",
   (const char *const[]){"/datasets/{dataset_id}/documents/{document_id}/update_by_file", NULL},
   params_documents_update_by_file, 9, "", defects_documents_update_by_file, 2, DP_OP_NONE,
   DP_OP_NONE, ""},
  {DP_OP_DOCUMENTS_UPDATE_BY_TEXT, "documents.update_by_text", "POST",
   "/datasets/{dataset_id}/documents/{document_id}/update-by-text", DP__ANSWER_JSON,
   DP__RETRY_VERIFY, 1, DP__CIRCUIT_DOC_CREATION, "",
   (const char *const[]){"/datasets/{dataset_id}/documents/{document_id}/update_by_text", NULL},
   params_documents_update_by_text, 8, "", defects_documents_update_by_text, 1, DP_OP_NONE,
   DP_OP_NONE, ""},
  {DP_OP_DOCUMENTS_UPDATE_STATUS, "documents.update_status", "PATCH",
   "/datasets/{dataset_id}/documents/status/{action}", DP__ANSWER_JSON, DP__RETRY_VERIFY, 0,
   DP__CIRCUIT_DOC_CREATION, "", NULL, params_documents_update_status, 3, "", NULL, 0, DP_OP_NONE,
   DP_OP_NONE, ""},
  {DP_OP_DOCUMENTS_WAIT, "documents.wait", "", "", DP__ANSWER_JSON, DP__RETRY_FREE, 0,
   DP__CIRCUIT_RETRIEVAL, "", NULL, params_documents_wait, 3, "", NULL, 0, DP_OP_NONE, DP_OP_NONE,
   ""},
  {DP_OP_END_USERS_GET, "end_users.get", "GET", "/end-users/{end_user_id}", DP__ANSWER_JSON,
   DP__RETRY_FREE, 0, DP__CIRCUIT_APP, "", NULL, params_end_users_get, 1, "1.12.1", NULL, 0,
   DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_FILES_PREVIEW, "files.preview", "GET", "/files/{file_id}/preview", DP__ANSWER_BINARY,
   DP__RETRY_FREE, 0, DP__CIRCUIT_APP, "", NULL, params_files_preview, 3, "", NULL, 0, DP_OP_NONE,
   DP_OP_NONE, ""},
  {DP_OP_FILES_UPLOAD, "files.upload", "POST", "/files/upload", DP__ANSWER_JSON, DP__RETRY_NEVER, 0,
   DP__CIRCUIT_APP, "", NULL, params_files_upload, 2, "", defects_files_upload, 1, DP_OP_NONE,
   DP_OP_NONE, ""},
  {DP_OP_HTTP_REQUEST, "http.request", "", "", DP__ANSWER_ANY, DP__RETRY_NEVER, 0, DP__CIRCUIT_APP,
   "", NULL, params_http_request, 5, "", NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_HUMAN_INPUT_GET, "human_input.get", "GET", "/form/human_input/{form_token}",
   DP__ANSWER_JSON, DP__RETRY_FREE, 0, DP__CIRCUIT_APP, "", NULL, params_human_input_get, 1,
   "1.12.1", NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_HUMAN_INPUT_SUBMIT, "human_input.submit", "POST", "/form/human_input/{form_token}",
   DP__ANSWER_JSON, DP__RETRY_NEVER, 0, DP__CIRCUIT_APP, "", NULL, params_human_input_submit, 4,
   "1.12.1", NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_MESSAGES_FEEDBACK, "messages.feedback", "POST", "/messages/{message_id}/feedbacks",
   DP__ANSWER_JSON, DP__RETRY_VERIFY, 0, DP__CIRCUIT_APP, "", NULL, params_messages_feedback, 4, "",
   NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_MESSAGES_LIST, "messages.list", "GET", "/messages", DP__ANSWER_JSON, DP__RETRY_FREE, 0,
   DP__CIRCUIT_APP, "", NULL, params_messages_list, 4, "", NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_MESSAGES_SUGGESTED, "messages.suggested", "GET", "/messages/{message_id}/suggested",
   DP__ANSWER_JSON, DP__RETRY_FREE, 0, DP__CIRCUIT_APP, "", NULL, params_messages_suggested, 2, "",
   NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_METADATA_ASSIGN, "metadata.assign", "POST", "/datasets/{dataset_id}/documents/metadata",
   DP__ANSWER_JSON, DP__RETRY_VERIFY, 1, DP__CIRCUIT_METADATA, "", NULL, params_metadata_assign, 2,
   "", defects_metadata_assign, 2, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_METADATA_BUILT_IN, "metadata.built_in", "GET", "/datasets/{dataset_id}/metadata/built-in",
   DP__ANSWER_JSON, DP__RETRY_FREE, 0, DP__CIRCUIT_RETRIEVAL, "", NULL, params_metadata_built_in, 1,
   "", NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_METADATA_CREATE, "metadata.create", "POST", "/datasets/{dataset_id}/metadata",
   DP__ANSWER_JSON, DP__RETRY_VERIFY, 1, DP__CIRCUIT_METADATA, "", NULL, params_metadata_create, 3,
   "", NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_METADATA_DELETE, "metadata.delete", "DELETE",
   "/datasets/{dataset_id}/metadata/{metadata_id}", DP__ANSWER_EMPTY, DP__RETRY_VERIFY, 1,
   DP__CIRCUIT_METADATA, "1.12.1", NULL, params_metadata_delete, 2, "", NULL, 0, DP_OP_NONE,
   DP_OP_NONE, ""},
  {DP_OP_METADATA_ENSURE, "metadata.ensure", "", "", DP__ANSWER_JSON, DP__RETRY_VERIFY, 0,
   DP__CIRCUIT_METADATA, "", NULL, params_metadata_ensure, 2, "", NULL, 0, DP_OP_NONE, DP_OP_NONE,
   ""},
  {DP_OP_METADATA_LIST, "metadata.list", "GET", "/datasets/{dataset_id}/metadata", DP__ANSWER_JSON,
   DP__RETRY_FREE, 0, DP__CIRCUIT_RETRIEVAL, "", NULL, params_metadata_list, 1, "", NULL, 0,
   DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_METADATA_TOGGLE_BUILT_IN, "metadata.toggle_built_in", "POST",
   "/datasets/{dataset_id}/metadata/built-in/{action}", DP__ANSWER_JSON, DP__RETRY_VERIFY, 1,
   DP__CIRCUIT_METADATA, "1.12.1", NULL, params_metadata_toggle_built_in, 2, "", NULL, 0,
   DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_METADATA_UPDATE, "metadata.update", "PATCH",
   "/datasets/{dataset_id}/metadata/{metadata_id}", DP__ANSWER_JSON, DP__RETRY_VERIFY, 1,
   DP__CIRCUIT_METADATA, "", NULL, params_metadata_update, 3, "", defects_metadata_update, 2,
   DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_MODELS_LIST, "models.list", "GET", "/workspaces/current/models/model-types/{model_type}",
   DP__ANSWER_JSON, DP__RETRY_FREE, 0, DP__CIRCUIT_RETRIEVAL, "", NULL, params_models_list, 1, "",
   NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_PAGES_PUSH, "pages.push", "", "", DP__ANSWER_JSON, DP__RETRY_VERIFY, 0,
   DP__CIRCUIT_DOC_CREATION, "", NULL, params_pages_push, 18, "", NULL, 0, DP_OP_NONE, DP_OP_NONE,
   ""},
  {DP_OP_PIPELINES_DATASOURCE_PLUGINS, "pipelines.datasource_plugins", "GET",
   "/datasets/{dataset_id}/pipeline/datasource-plugins", DP__ANSWER_JSON, DP__RETRY_FREE, 0,
   DP__CIRCUIT_RETRIEVAL, "", NULL, params_pipelines_datasource_plugins, 2, "1.12.1", NULL, 0,
   DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_PIPELINES_RUN, "pipelines.run", "POST", "/datasets/{dataset_id}/pipeline/run",
   DP__ANSWER_EVENTS, DP__RETRY_NEVER, 0, DP__CIRCUIT_DOC_CREATION, "", NULL, params_pipelines_run,
   7, "1.12.1", NULL, 0, DP_OP_NONE, DP_OP_NONE, "response_mode"},
  {DP_OP_PIPELINES_RUN_DATASOURCE, "pipelines.run_datasource", "POST",
   "/datasets/{dataset_id}/pipeline/datasource/nodes/{node_id}/run", DP__ANSWER_EVENTS,
   DP__RETRY_NEVER, 0, DP__CIRCUIT_DOC_CREATION, "", NULL, params_pipelines_run_datasource, 6,
   "1.12.1", NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_PIPELINES_UPLOAD_FILE, "pipelines.upload_file", "POST", "/datasets/pipeline/file-upload",
   DP__ANSWER_JSON, DP__RETRY_NEVER, 0, DP__CIRCUIT_DOC_CREATION, "", NULL,
   params_pipelines_upload_file, 1, "1.12.1", NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_SEGMENTS_CREATE, "segments.create", "POST",
   "/datasets/{dataset_id}/documents/{document_id}/segments", DP__ANSWER_JSON, DP__RETRY_NEVER, 1,
   DP__CIRCUIT_DOC_CREATION, "", NULL, params_segments_create, 3, "", NULL, 0, DP_OP_NONE,
   DP_OP_NONE, ""},
  {DP_OP_SEGMENTS_DELETE, "segments.delete", "DELETE",
   "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}", DP__ANSWER_EMPTY,
   DP__RETRY_VERIFY, 1, DP__CIRCUIT_DOC_CREATION, "", NULL, params_segments_delete, 3, "", NULL, 0,
   DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_SEGMENTS_GET, "segments.get", "GET",
   "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}", DP__ANSWER_JSON,
   DP__RETRY_FREE, 0, DP__CIRCUIT_RETRIEVAL, "", NULL, params_segments_get, 3, "", NULL, 0,
   DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_SEGMENTS_LIST, "segments.list", "GET",
   "/datasets/{dataset_id}/documents/{document_id}/segments", DP__ANSWER_JSON, DP__RETRY_FREE, 0,
   DP__CIRCUIT_RETRIEVAL, "", NULL, params_segments_list, 6, "", NULL, 0, DP_OP_NONE, DP_OP_NONE,
   ""},
  {DP_OP_SEGMENTS_UPDATE, "segments.update", "POST",
   "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}", DP__ANSWER_JSON,
   DP__RETRY_VERIFY, 1, DP__CIRCUIT_DOC_CREATION, "", NULL, params_segments_update, 4, "", NULL, 0,
   DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_TAGS_BIND, "tags.bind", "POST", "/datasets/tags/binding", DP__ANSWER_EMPTY,
   DP__RETRY_VERIFY, 0, DP__CIRCUIT_KB_CREATION, "1.12.1", NULL, params_tags_bind, 2, "", NULL, 0,
   DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_TAGS_CREATE, "tags.create", "POST", "/datasets/tags", DP__ANSWER_JSON, DP__RETRY_VERIFY, 0,
   DP__CIRCUIT_KB_CREATION, "", NULL, params_tags_create, 1, "", defects_tags_create, 1, DP_OP_NONE,
   DP_OP_NONE, ""},
  {DP_OP_TAGS_DELETE, "tags.delete", "DELETE", "/datasets/tags", DP__ANSWER_EMPTY, DP__RETRY_VERIFY,
   0, DP__CIRCUIT_KB_CREATION, "", NULL, params_tags_delete, 1, "", NULL, 0, DP_OP_NONE, DP_OP_NONE,
   ""},
  {DP_OP_TAGS_ENSURE, "tags.ensure", "", "", DP__ANSWER_JSON, DP__RETRY_VERIFY, 0,
   DP__CIRCUIT_KB_CREATION, "", NULL, params_tags_ensure, 1, "", NULL, 0, DP_OP_NONE, DP_OP_NONE,
   ""},
  {DP_OP_TAGS_LIST, "tags.list", "GET", "/datasets/tags", DP__ANSWER_JSON, DP__RETRY_FREE, 0,
   DP__CIRCUIT_RETRIEVAL, "", NULL, NULL, 0, "", defects_tags_list, 1, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_TAGS_UNBIND, "tags.unbind", "POST", "/datasets/tags/unbinding", DP__ANSWER_EMPTY,
   DP__RETRY_VERIFY, 0, DP__CIRCUIT_KB_CREATION, "1.12.1", NULL, params_tags_unbind, 3, "", NULL, 0,
   DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_TAGS_UPDATE, "tags.update", "PATCH", "/datasets/tags", DP__ANSWER_JSON, DP__RETRY_VERIFY,
   0, DP__CIRCUIT_KB_CREATION, "", NULL, params_tags_update, 2, "", defects_tags_update, 1,
   DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_WORKFLOWS_EVENTS, "workflows.events", "GET", "/workflow/{workflow_run_id}/events",
   DP__ANSWER_EVENTS, DP__RETRY_FREE, 0, DP__CIRCUIT_APP, "", NULL, params_workflows_events, 4,
   "1.12.1", NULL, 0, DP_OP_NONE, DP_OP_WORKFLOWS_GET_RUN, ""},
  {DP_OP_WORKFLOWS_GET_RUN, "workflows.get_run", "GET", "/workflows/run/{workflow_run_id}",
   DP__ANSWER_JSON, DP__RETRY_FREE, 0, DP__CIRCUIT_APP, "", NULL, params_workflows_get_run, 1, "",
   defects_workflows_get_run, 1, DP_OP_NONE, DP_OP_NONE, ""},
  {DP_OP_WORKFLOWS_LOGS, "workflows.logs", "GET", "/workflows/logs", DP__ANSWER_JSON,
   DP__RETRY_FREE, 0, DP__CIRCUIT_APP, "", NULL, params_workflows_logs, 8, "", NULL, 0, DP_OP_NONE,
   DP_OP_NONE, ""},
  {DP_OP_WORKFLOWS_RUN, "workflows.run", "POST", "/workflows/run", DP__ANSWER_EVENTS,
   DP__RETRY_NEVER, 0, DP__CIRCUIT_APP, "", NULL, params_workflows_run, 4, "",
   defects_workflows_run, 1, DP_OP_WORKFLOWS_STOP, DP_OP_WORKFLOWS_GET_RUN, "response_mode"},
  {DP_OP_WORKFLOWS_RUN_BY_ID, "workflows.run_by_id", "POST", "/workflows/{workflow_id}/run",
   DP__ANSWER_EVENTS, DP__RETRY_NEVER, 0, DP__CIRCUIT_APP, "", NULL, params_workflows_run_by_id, 5,
   "", defects_workflows_run_by_id, 1, DP_OP_WORKFLOWS_STOP, DP_OP_WORKFLOWS_GET_RUN,
   "response_mode"},
  {DP_OP_WORKFLOWS_STOP, "workflows.stop", "POST", "/workflows/tasks/{task_id}/stop",
   DP__ANSWER_JSON, DP__RETRY_NEVER, 0, DP__CIRCUIT_APP, "", NULL, params_workflows_stop, 2, "",
   NULL, 0, DP_OP_NONE, DP_OP_NONE, ""},
};
const size_t dp__optable_count = sizeof dp__optable / sizeof dp__optable[0];

const dp__route_desc dp__routes[] = {
  {"DELETE", 2, 78, "/datasets/tags"},
  {"DELETE", 2, 22, "/conversations/{conversation_id}"},
  {"DELETE", 2, 28, "/datasets/{dataset_id}"},
  {"DELETE", 3, 2, "/apps/annotations/{annotation_id}"},
  {"DELETE", 4, 37, "/datasets/{dataset_id}/documents/{document_id}"},
  {"DELETE", 4, 60, "/datasets/{dataset_id}/metadata/{metadata_id}"},
  {"DELETE", 6, 72, "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}"},
  {"DELETE", 8, 17,
   "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks/{child_chunk_id}"},
  {"GET", 1, 23, "/conversations"},
  {"GET", 1, 31, "/datasets"},
  {"GET", 1, 7, "/info"},
  {"GET", 1, 55, "/messages"},
  {"GET", 1, 8, "/meta"},
  {"GET", 1, 9, "/parameters"},
  {"GET", 1, 10, "/site"},
  {"GET", 2, 6, "/app/feedbacks"},
  {"GET", 2, 3, "/apps/annotations"},
  {"GET", 2, 80, "/datasets/tags"},
  {"GET", 2, 85, "/workflows/logs"},
  {"GET", 2, 30, "/datasets/{dataset_id}"},
  {"GET", 2, 48, "/end-users/{end_user_id}"},
  {"GET", 3, 52, "/form/human_input/{form_token}"},
  {"GET", 3, 84, "/workflows/run/{workflow_run_id}"},
  {"GET", 3, 26, "/conversations/{conversation_id}/variables"},
  {"GET", 3, 42, "/datasets/{dataset_id}/documents"},
  {"GET", 3, 62, "/datasets/{dataset_id}/metadata"},
  {"GET", 3, 33, "/datasets/{dataset_id}/tags"},
  {"GET", 3, 49, "/files/{file_id}/preview"},
  {"GET", 3, 56, "/messages/{message_id}/suggested"},
  {"GET", 3, 83, "/workflow/{workflow_run_id}/events"},
  {"GET", 4, 58, "/datasets/{dataset_id}/metadata/built-in"},
  {"GET", 4, 67, "/datasets/{dataset_id}/pipeline/datasource-plugins"},
  {"GET", 4, 40, "/datasets/{dataset_id}/documents/{document_id}"},
  {"GET", 5, 65, "/workspaces/current/models/model-types/{model_type}"},
  {"GET", 5, 4, "/apps/annotation-reply/{action}/status/{job_id}"},
  {"GET", 5, 41, "/datasets/{dataset_id}/documents/{batch}/indexing-status"},
  {"GET", 5, 38, "/datasets/{dataset_id}/documents/{document_id}/download"},
  {"GET", 5, 74, "/datasets/{dataset_id}/documents/{document_id}/segments"},
  {"GET", 6, 73, "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}"},
  {"GET", 7, 18,
   "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks"},
  {"PATCH", 2, 82, "/datasets/tags"},
  {"PATCH", 2, 34, "/datasets/{dataset_id}"},
  {"PATCH", 4, 43, "/datasets/{dataset_id}/documents/{document_id}"},
  {"PATCH", 4, 64, "/datasets/{dataset_id}/metadata/{metadata_id}"},
  {"PATCH", 5, 46, "/datasets/{dataset_id}/documents/status/{action}"},
  {"PATCH", 8, 19,
   "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks/{child_chunk_id}"},
  {"POST", 1, 12, "/audio-to-text"},
  {"POST", 1, 14, "/chat-messages"},
  {"POST", 1, 20, "/completion-messages"},
  {"POST", 1, 27, "/datasets"},
  {"POST", 1, 11, "/text-to-audio"},
  {"POST", 2, 1, "/apps/annotations"},
  {"POST", 2, 77, "/datasets/tags"},
  {"POST", 2, 50, "/files/upload"},
  {"POST", 2, 86, "/workflows/run"},
  {"POST", 3, 70, "/datasets/pipeline/file-upload"},
  {"POST", 3, 76, "/datasets/tags/binding"},
  {"POST", 3, 81, "/datasets/tags/unbinding"},
  {"POST", 3, 0, "/apps/annotation-reply/{action}"},
  {"POST", 3, 53, "/form/human_input/{form_token}"},
  {"POST", 3, 15, "/chat-messages/{task_id}/stop"},
  {"POST", 3, 21, "/completion-messages/{task_id}/stop"},
  {"POST", 3, 24, "/conversations/{conversation_id}/name"},
  {"POST", 3, 32, "/datasets/{dataset_id}/hit-testing"},
  {"POST", 3, 59, "/datasets/{dataset_id}/metadata"},
  {"POST", 3, 32, "/datasets/{dataset_id}/retrieve"},
  {"POST", 3, 54, "/messages/{message_id}/feedbacks"},
  {"POST", 3, 87, "/workflows/{workflow_id}/run"},
  {"POST", 4, 88, "/workflows/tasks/{task_id}/stop"},
  {"POST", 4, 35, "/datasets/{dataset_id}/document/create-by-file"},
  {"POST", 4, 36, "/datasets/{dataset_id}/document/create-by-text"},
  {"POST", 4, 35, "/datasets/{dataset_id}/document/create_by_file"},
  {"POST", 4, 36, "/datasets/{dataset_id}/document/create_by_text"},
  {"POST", 4, 39, "/datasets/{dataset_id}/documents/download-zip"},
  {"POST", 4, 57, "/datasets/{dataset_id}/documents/metadata"},
  {"POST", 4, 68, "/datasets/{dataset_id}/pipeline/run"},
  {"POST", 5, 63, "/datasets/{dataset_id}/metadata/built-in/{action}"},
  {"POST", 5, 71, "/datasets/{dataset_id}/documents/{document_id}/segments"},
  {"POST", 5, 44, "/datasets/{dataset_id}/documents/{document_id}/update-by-file"},
  {"POST", 5, 45, "/datasets/{dataset_id}/documents/{document_id}/update-by-text"},
  {"POST", 5, 44, "/datasets/{dataset_id}/documents/{document_id}/update_by_file"},
  {"POST", 5, 45, "/datasets/{dataset_id}/documents/{document_id}/update_by_text"},
  {"POST", 6, 75, "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}"},
  {"POST", 7, 69, "/datasets/{dataset_id}/pipeline/datasource/nodes/{node_id}/run"},
  {"POST", 7, 16,
   "/datasets/{dataset_id}/documents/{document_id}/segments/{segment_id}/child_chunks"},
  {"PUT", 3, 5, "/apps/annotations/{annotation_id}"},
  {"PUT", 4, 25, "/conversations/{conversation_id}/variables/{variable_id}"},
};
const size_t dp__route_count = sizeof dp__routes / sizeof dp__routes[0];

const uint8_t dp__op_index[] = {
  [DP_OP_ANNOTATIONS_CONFIGURE_REPLY] = 1,
  [DP_OP_ANNOTATIONS_CREATE] = 2,
  [DP_OP_ANNOTATIONS_DELETE] = 3,
  [DP_OP_ANNOTATIONS_LIST] = 4,
  [DP_OP_ANNOTATIONS_REPLY_STATUS] = 5,
  [DP_OP_ANNOTATIONS_UPDATE] = 6,
  [DP_OP_APPS_FEEDBACKS] = 7,
  [DP_OP_APPS_INFO] = 8,
  [DP_OP_APPS_META] = 9,
  [DP_OP_APPS_PARAMETERS] = 10,
  [DP_OP_APPS_SITE] = 11,
  [DP_OP_AUDIO_FROM_TEXT] = 12,
  [DP_OP_AUDIO_TO_TEXT] = 13,
  [DP_OP_BATCH] = 14,
  [DP_OP_CHAT_SEND] = 15,
  [DP_OP_CHAT_STOP] = 16,
  [DP_OP_CHILD_CHUNKS_CREATE] = 17,
  [DP_OP_CHILD_CHUNKS_DELETE] = 18,
  [DP_OP_CHILD_CHUNKS_LIST] = 19,
  [DP_OP_CHILD_CHUNKS_UPDATE] = 20,
  [DP_OP_COMPLETION_SEND] = 21,
  [DP_OP_COMPLETION_STOP] = 22,
  [DP_OP_CONVERSATIONS_DELETE] = 23,
  [DP_OP_CONVERSATIONS_LIST] = 24,
  [DP_OP_CONVERSATIONS_RENAME] = 25,
  [DP_OP_CONVERSATIONS_UPDATE_VARIABLE] = 26,
  [DP_OP_CONVERSATIONS_VARIABLES] = 27,
  [DP_OP_DATASETS_CREATE] = 28,
  [DP_OP_DATASETS_DELETE] = 29,
  [DP_OP_DATASETS_ENSURE] = 30,
  [DP_OP_DATASETS_GET] = 31,
  [DP_OP_DATASETS_LIST] = 32,
  [DP_OP_DATASETS_RETRIEVE] = 33,
  [DP_OP_DATASETS_TAGS] = 34,
  [DP_OP_DATASETS_UPDATE] = 35,
  [DP_OP_DOCUMENTS_CREATE_BY_FILE] = 36,
  [DP_OP_DOCUMENTS_CREATE_BY_TEXT] = 37,
  [DP_OP_DOCUMENTS_DELETE] = 38,
  [DP_OP_DOCUMENTS_DOWNLOAD] = 39,
  [DP_OP_DOCUMENTS_DOWNLOAD_ZIP] = 40,
  [DP_OP_DOCUMENTS_GET] = 41,
  [DP_OP_DOCUMENTS_INDEXING_STATUS] = 42,
  [DP_OP_DOCUMENTS_LIST] = 43,
  [DP_OP_DOCUMENTS_UPDATE] = 44,
  [DP_OP_DOCUMENTS_UPDATE_BY_FILE] = 45,
  [DP_OP_DOCUMENTS_UPDATE_BY_TEXT] = 46,
  [DP_OP_DOCUMENTS_UPDATE_STATUS] = 47,
  [DP_OP_DOCUMENTS_WAIT] = 48,
  [DP_OP_END_USERS_GET] = 49,
  [DP_OP_FILES_PREVIEW] = 50,
  [DP_OP_FILES_UPLOAD] = 51,
  [DP_OP_HTTP_REQUEST] = 52,
  [DP_OP_HUMAN_INPUT_GET] = 53,
  [DP_OP_HUMAN_INPUT_SUBMIT] = 54,
  [DP_OP_MESSAGES_FEEDBACK] = 55,
  [DP_OP_MESSAGES_LIST] = 56,
  [DP_OP_MESSAGES_SUGGESTED] = 57,
  [DP_OP_METADATA_ASSIGN] = 58,
  [DP_OP_METADATA_BUILT_IN] = 59,
  [DP_OP_METADATA_CREATE] = 60,
  [DP_OP_METADATA_DELETE] = 61,
  [DP_OP_METADATA_ENSURE] = 62,
  [DP_OP_METADATA_LIST] = 63,
  [DP_OP_METADATA_TOGGLE_BUILT_IN] = 64,
  [DP_OP_METADATA_UPDATE] = 65,
  [DP_OP_MODELS_LIST] = 66,
  [DP_OP_PAGES_PUSH] = 67,
  [DP_OP_PIPELINES_DATASOURCE_PLUGINS] = 68,
  [DP_OP_PIPELINES_RUN] = 69,
  [DP_OP_PIPELINES_RUN_DATASOURCE] = 70,
  [DP_OP_PIPELINES_UPLOAD_FILE] = 71,
  [DP_OP_SEGMENTS_CREATE] = 72,
  [DP_OP_SEGMENTS_DELETE] = 73,
  [DP_OP_SEGMENTS_GET] = 74,
  [DP_OP_SEGMENTS_LIST] = 75,
  [DP_OP_SEGMENTS_UPDATE] = 76,
  [DP_OP_TAGS_BIND] = 77,
  [DP_OP_TAGS_CREATE] = 78,
  [DP_OP_TAGS_DELETE] = 79,
  [DP_OP_TAGS_ENSURE] = 80,
  [DP_OP_TAGS_LIST] = 81,
  [DP_OP_TAGS_UNBIND] = 82,
  [DP_OP_TAGS_UPDATE] = 83,
  [DP_OP_WORKFLOWS_EVENTS] = 84,
  [DP_OP_WORKFLOWS_GET_RUN] = 85,
  [DP_OP_WORKFLOWS_LOGS] = 86,
  [DP_OP_WORKFLOWS_RUN] = 87,
  [DP_OP_WORKFLOWS_RUN_BY_ID] = 88,
  [DP_OP_WORKFLOWS_STOP] = 89,
};
const size_t dp__op_index_count = sizeof dp__op_index / sizeof dp__op_index[0];
