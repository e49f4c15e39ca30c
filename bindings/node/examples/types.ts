// What the types promise: this file is compiled by the tests, as ES module and as CommonJS, and never run.
import { type Client, DifyError, type FileArg, NotFoundError, type Summary } from "difypool";

export async function use(client: Client, file: FileArg): Promise<Summary | undefined> {
  const signal = AbortSignal.timeout(5000);
  const reply = await client.documents.createByFile(
    { dataset_id: "x", file },
    { signal, deadline: 3000 },
  );
  // @ts-expect-error a parameter that does not exist
  await client.datasets.list({ pge: 1 });
  // @ts-expect-error a required parameter is missing
  await client.datasets.create({});
  // @ts-expect-error not one of the values allowed
  await client.datasets.list({}, { priority: "urgent" });
  for await (const event of client.chat.sendStream({ query: "q", user: "u", inputs: {} })) {
    const name: string = event.name;
    void name;
  }
  const response: Response = await client.fetch("/v1/datasets");
  try {
    return await client.pages.push([{ url: "https://x.test", text: reply.text() }]).summary();
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    if (error instanceof DifyError && error.retryable) void [error.retryAfterMs, response.status];
    throw error;
  }
}
