import { Client } from "difypool";

const client = new Client({
  baseUrl: process.env.DIFY_URL,
  apiKey: process.env.DIFY_KEY,
  caFile: process.env.DIFY_CA, // only for a CA of your own
});

const kb = (await client.datasets.create({ name: "difypool's first" })).json().id;
await client.documents.createByText({
  dataset_id: kb,
  name: "hello",
  text: "The text of a page.",
  indexing_technique: "economy",
  process_rule: { mode: "automatic" },
});
for await (const document of client.documents.iterate({ dataset_id: kb })) {
  console.log(document.name, document.indexing_status);
}
await client.datasets.delete({ dataset_id: kb });
await client.close();
