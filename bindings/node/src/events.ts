/** An event of a stream. */

/** An event, as the server sent it. Names and members that are not known here may come. */
export interface RunEvent {
  /**
   * Of a chat or completion: `message`, `agent_message`, `agent_thought`, `message_file`, `message_replace`, `message_end`,
   * `tts_message`, `tts_message_end`, `error`; of a workflow: `workflow_started`, `node_started`, `node_finished`,
   * `node_retry`, `iteration_…`, `loop_…`, `text_chunk`, `agent_log`, `human_input_…`, `workflow_paused`,
   * `workflow_finished`; of a push: `page`, `deleted`, `indexed`, `progress`; of a batch: `result`.
   */
  readonly name: string;
  /** Its JSON; a text where it is none. */
  readonly data: any;
  /** The words of the answer that it brings; "" where it brings none. */
  readonly words: string;
  /** From 1 on. */
  readonly number: number;
}

/** The event for a piece of a stream as `stream.next` gives it. */
export function readEvent(piece: any, number: number): RunEvent {
  const text = typeof piece === "string" ? piece : String(piece?.data ?? "");
  let name = typeof piece === "string" ? "" : String(piece?.event ?? "");
  let data: any = text;
  try {
    data = JSON.parse(text);
  } catch {
    // It is given as it came.
  }
  if (typeof data?.event === "string") name = data.event;
  return { name, data, words: wordsOf(name, data), number };
}

export function wordsOf(name: string, data: any): string {
  if (name === "message" || name === "agent_message") return String(data?.answer ?? "");
  if (name === "text_chunk") return String(data?.data?.text ?? "");
  return "";
}
