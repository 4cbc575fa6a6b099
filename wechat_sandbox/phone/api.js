/**
 * The sandbox's control API as functions. Knows addresses and nothing about the screen. What it refuses is an
 * ApiError in the page's language.
 */

import { inWords } from "./words.js";

export class ApiError extends Error {}

async function request(method, path, body, signal) {
  const raw = body instanceof Blob;
  const response = await fetch(`/_sandbox/${path}`, {
    method,
    signal,
    headers: body === undefined || raw ? {} : { "Content-Type": "application/json" },
    body: body === undefined || raw ? body : JSON.stringify(body),
  });
  if (response.ok) return response;
  const answer = await response.json().catch(() => ({}));
  throw new ApiError(answer.error ? inWords(answer.error) : `HTTP ${response.status}`);
}

const call = async (...args) => (await request(...args)).json();
const user = (openid, what) => `users/${encodeURIComponent(openid)}/${what}`;

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
    return await call("POST", user(openid, action), body, signal);
  } catch (error) {
    if (signal.aborted) return {};
    throw error;
  }
}

export const state = () => call("GET", "state");
export const chat = (openid) => call("GET", user(openid, "chat"));
export const menu = (openid) => call("GET", user(openid, "menu"));
export const inbox = (openid) => call("GET", user(openid, "inbox"));
export const sms = () => call("GET", "sms");
export const addUser = (nickname, subscribed) => call("POST", "users", { nickname, subscribed });
export const setPhone = (openid, phone) => call("PUT", user(openid, "phone"), { phone });
export const webview = (openid) => call("POST", "webview", { openid });

export const send = (openid, message) => thumb(openid, "send", message);
export const tap = (openid, path, details = {}) => thumb(openid, "tap", { path, ...details });
export const subscribe = (openid) => thumb(openid, "subscribe");
export const unsubscribe = (openid) => thumb(openid, "unsubscribe");
export const enter = (openid) => thumb(openid, "enter");
export const location = (openid) => thumb(openid, "location");
export const scan = (openid, code) => thumb(openid, "scan", code);
export const share = (openid, card) => call("POST", user(openid, "share"), card);
export const scanLogin = (openid, uuid) => call("POST", user(openid, "login/scan"), { uuid });
export const confirmLogin = (openid, uuid) => call("POST", user(openid, "login/confirm"), { uuid });
export const cancelLogin = (openid, uuid) => call("POST", user(openid, "login/cancel"), { uuid });

export const uploadMedia = (file) => call("POST", "media", file);
export const upload = (file) => call("POST", "jssdk/upload", file);
export const media = async (mediaId) => (await request("GET", `media/${encodeURIComponent(mediaId)}`)).blob();

export const reset = () => call("POST", "reset");
export const setCallback = (url) => call("PUT", "callback", { url });
export const setSettings = (changes) => call("PUT", "settings", changes);
export const clock = (seconds) => call("POST", "clock", { advance_seconds: seconds });
export const faults = () => call("GET", "faults");
export const setFaults = (rules) => call("PUT", "faults", { faults: rules });

export const deliveries = (limit) => call("GET", `deliveries?limit=${limit}`);
export const calls = (limit) => call("GET", `calls?limit=${limit}`);
export const curl = (entry) => call("GET", `${entry.sort === "delivery" ? "deliveries" : "calls"}/${entry.id}/curl`);
export const resend = (entry, changes = {}) => call("POST", `deliveries/${entry.id}/resend`, changes);

export const recording = () => call("GET", "recording");
export const replay = (recording) => call("POST", "replay", { recording });
export const exportTest = async (recording) => (await request("POST", "export", { recording })).text();
