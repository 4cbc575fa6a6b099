/**
 * The sandbox's control API as functions. Knows addresses and nothing about the screen.
 */

export class ApiError extends Error {}

async function call(method, path, body, signal) {
  const raw = body instanceof Blob;
  const response = await fetch(`/_sandbox/${path}`, {
    method,
    signal,
    headers: body === undefined || raw ? {} : { "Content-Type": "application/json" },
    body: body === undefined || raw ? body : JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(answer.error || `HTTP ${response.status}`);
  return answer;
}

/**
 * What a thumb does. The server answers after the last delivery, up to 15 s with a slow bot, and a
 * browser opens only six connections to one host: held open, a few impatient taps would block the
 * phone. Faults of the call itself are answered at once, and all that follows comes by events, so
 * the phone waits a moment and hangs up. The deliveries go on without it.
 */
const MOMENT = 500;

async function thumb(openid, action, body = {}) {
  const signal = AbortSignal.timeout(MOMENT);
  try {
    return await call("POST", `users/${encodeURIComponent(openid)}/${action}`, body, signal);
  } catch (error) {
    if (signal.aborted) return {};
    throw error;
  }
}

export const state = () => call("GET", "state");
export const chat = (openid) => call("GET", `users/${encodeURIComponent(openid)}/chat`);
export const deliveries = (limit) => call("GET", `deliveries?limit=${limit}`);
export const calls = () => call("GET", "calls");
export const setCallback = (url) => call("PUT", "callback", { url });
export const addUser = (nickname, subscribed) => call("POST", "users", { nickname, subscribed });
export const webview = (openid) => call("POST", "webview", { openid });
export const uploadMedia = (file) => call("POST", "media", file);

export const send = (openid, message) => thumb(openid, "send", message);
export const tap = (openid, path, details = {}) => thumb(openid, "tap", { path, ...details });
export const subscribe = (openid) => thumb(openid, "subscribe");
export const unsubscribe = (openid) => thumb(openid, "unsubscribe");
export const scan = (openid, code) => thumb(openid, "scan", code);
