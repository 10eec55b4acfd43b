// The query console: posts to this page's own gateway and shows the answer.
const at = (id) => document.getElementById(id);

at("example").addEventListener("change", (event) => {
  at("query").value = event.target.value;
});

at("console").addEventListener("submit", async (event) => {
  event.preventDefault();
  const started = performance.now();
  try {
    const variables = JSON.parse(at("variables").value || "{}");
    const answer = await fetch("/v1/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", "x-hasura-role": at("role").value },
      body: JSON.stringify({ query: at("query").value, variables }),
    });
    const text = await answer.text();
    at("result").textContent = pretty(text);
  } catch (error) {
    at("result").textContent = String(error);
  }
  at("took").textContent = `${Math.round(performance.now() - started)} ms`;
});

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
