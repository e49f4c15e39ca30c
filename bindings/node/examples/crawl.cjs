// Pushes pages as they are found, from CommonJS. Doing it twice changes nothing.
const { Client } = require("difypool");

async function* crawl() {
  for (const name of ["install", "configure", "use"]) {
    yield { url: `https://docs.test/${name}`, title: name, text: `How to ${name} it.` };
  }
}

async function main() {
  const client = new Client({
    baseUrl: process.env.DIFY_URL,
    apiKey: process.env.DIFY_KEY,
    caFile: process.env.DIFY_CA,
  });
  const push = client.pages.push(crawl(), { dataset: "Guides", indexing_technique: "economy" });
  for await (const result of push) console.log(result.outcome, result.key);
  console.log((await push.summary()).counts);
  await client.close();
}

main();
