// Made by proto/gen.py from proto/difypool.toml. Do not edit: change the definition and run it.

export const MESSAGE_MAX = 67174400;

/** Operations that are read as the bytes of a file. */
export const BINARY: ReadonlySet<string> = new Set([
  "files.preview",
  "audio.from_text",
  "documents.download_zip",
]);

/** Operations with a file, and the parameter that it is. */
export const FILES: Readonly<Record<string, string>> = {
  "files.upload": "file",
  "audio.to_text": "file",
  "documents.create_by_file": "file",
  "documents.update_by_file": "file",
  "documents.update": "file",
  "pipelines.upload_file": "file",
};

/** Operations that may be repeated at will. */
export const FREE: ReadonlySet<string> = new Set([
  "datasets.list",
  "datasets.get",
  "datasets.retrieve",
  "documents.list",
  "documents.get",
  "documents.indexing_status",
  "metadata.list",
  "metadata.built_in",
  "tags.list",
  "datasets.tags",
  "segments.list",
  "segments.get",
  "child_chunks.list",
  "models.list",
  "apps.info",
  "apps.parameters",
  "apps.meta",
  "apps.site",
  "messages.suggested",
  "messages.list",
  "apps.feedbacks",
  "end_users.get",
  "conversations.list",
  "conversations.variables",
  "annotations.list",
  "annotations.reply_status",
  "workflows.get_run",
  "workflows.logs",
  "human_input.get",
  "documents.download",
  "pipelines.datasource_plugins",
  "workflows.events",
  "files.preview",
  "documents.download_zip",
  "documents.wait",
  "service.ping",
  "service.info",
  "service.stats",
  "service.profiles",
  "service.operations",
  "service.connect",
  "service.set",
  "service.cancel",
  "service.warm",
  "service.drain",
  "stream.next",
  "stream.close",
  "upload.open",
  "upload.write",
  "push.add",
  "push.next",
  "push.finish",
  "push.close",
]);
