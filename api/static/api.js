// Reading the public API: one question, one outcome. Nothing here throws, and nothing here touches the page.

const TIMEOUT_MS = 20_000;
const cache = new Map(); // path → { etag, data }: the last good answer

/**
 * Read one path. The outcome's `kind` is
 * - `data`: `data`, and `changed` false when it is the answer we had (304)
 * - `setup`: Amazon is not configured: `message`, `missing`
 * - `login`: a key is needed
 * - `failed`: `message` a person can read, and `reached` false when no answer came at all.
 * With `isKept` false the answer is not remembered.
 */
export async function read(path, { isKept = true } = {}) {
  const known = isKept ? cache.get(path) : null;
  let response;
  let body;
  try {
    response = await fetch(path, {
      headers: { Accept: "application/json", ...(known ? { "If-None-Match": known.etag } : {}) },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status === 304 && known) return { kind: "data", data: known.data, changed: false };
    if (response.status === 401) return { kind: "login" };
    body = await response.json();
  } catch {
    return response ? failure(response, null) : { kind: "failed", reached: false, message: "The API does not answer." };
  }
  if (body.setupRequired) return { kind: "setup", message: body.message, missing: body.missing ?? [] };
  if (!response.ok || !body.success) return failure(response, body);
  if (isKept) remember(path, response.headers.get("ETag"), body.data);
  return { kind: "data", data: body.data, changed: true };
}

function remember(path, etag, data) {
  cache.delete(path);
  if (etag) cache.set(path, { etag, data });
  if (cache.size > 40) cache.delete(cache.keys().next().value);
}

function failure(response, body) {
  const message = body?.message || body?.error || `The API answered with an error (${response.status}).`;
  return { kind: "failed", reached: true, status: response.status, message };
}
