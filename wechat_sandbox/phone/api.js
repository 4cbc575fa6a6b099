/**
 * Call the sandbox's control API. This module knows addresses and nothing about the screen. A refused call
 * throws an ApiError, whose message is in the page's language.
 */

/** @import * as Types from "./types.js" */

import { inWords } from "./words.js";

export class ApiError extends Error {}

/**
 * @param {string} method
 * @param {string} path below /_sandbox/
 * @param {unknown} [body] a Blob is sent as it is, anything else as JSON
 * @param {AbortSignal} [signal]
 */
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

/**
 * Return the JSON of the answer. Each caller below declares its type.
 * @param {Parameters<typeof request>} args
 */
const call = async (...args) => (await request(...args)).json();

/**
 * @param {string} openid
 * @param {string} action
 */
const user = (openid, action) => `users/${encodeURIComponent(openid)}/${action}`;

/**
 * How long the phone waits for what a touch does, in milliseconds. The server answers after the last
 * delivery, up to 15 s with a slow bot, and a browser opens only six connections to one host: a few
 * impatient taps would block the phone. Errors of the call itself come at once and the rest comes by
 * events, so the phone hangs up after this time. The deliveries go on without it.
 */
const MOMENT = 500;

/**
 * Do one act of the user.
 * @param {string} openid
 * @param {string} action
 * @param {unknown} body
 * @returns {Promise<Partial<Types.ActOutcome>>} empty if the answer takes longer than MOMENT
 */
async function touch(openid, action, body = {}) {
  const signal = AbortSignal.timeout(MOMENT);
  try {
    return await call("POST", user(openid, action), body, signal);
  } catch (error) {
    if (signal.aborted) return {};
    throw error;
  }
}

/** @type {() => Promise<Types.State>} */
export const state = () => call("GET", "state");
/** @type {(openid: string) => Promise<{ messages: Types.Message[] }>} */
export const chat = (openid) => call("GET", user(openid, "chat"));
/** @type {(openid: string) => Promise<Types.Menu>} */
export const menu = (openid) => call("GET", user(openid, "menu"));
/** @type {(openid: string) => Promise<{ items: Types.InboxItem[] }>} */
export const inbox = (openid) => call("GET", user(openid, "inbox"));
/** @type {(nickname: string, subscribed: boolean) => Promise<Types.User>} */
export const addUser = (nickname, subscribed) => call("POST", "users", { nickname, subscribed });
/** @type {(openid: string, phone: string) => Promise<unknown>} */
export const setPhone = (openid, phone) => call("PUT", user(openid, "phone"), { phone });
/** @type {(openid: string) => Promise<unknown>} */
export const webview = (openid) => call("POST", "webview", { openid });

/** @type {(openid: string, message: Types.SentMessage) => Promise<Partial<Types.ActOutcome>>} */
export const send = (openid, message) => touch(openid, "send", message);
/** @type {(openid: string, path: number[], details?: object) => Promise<Partial<Types.ActOutcome>>} */
export const tap = (openid, path, details = {}) => touch(openid, "tap", { path, ...details });
/** @param {string} openid */
export const subscribe = (openid) => touch(openid, "subscribe");
/** @param {string} openid */
export const unsubscribe = (openid) => touch(openid, "unsubscribe");
/** @param {string} openid */
export const enter = (openid) => touch(openid, "enter");
/** @param {string} openid */
export const location = (openid) => touch(openid, "location");
/** @type {(openid: string, code: Record<string, string>) => Promise<Partial<Types.ActOutcome>>} */
export const scan = (openid, code) => touch(openid, "scan", code);
/** @type {(openid: string, card: Types.ShareCard) => Promise<unknown>} */
export const share = (openid, card) => call("POST", user(openid, "share"), card);
/** @type {(openid: string, uuid: string) => Promise<unknown>} */
export const scanLogin = (openid, uuid) => call("POST", user(openid, "login/scan"), { uuid });
/** @type {(openid: string, uuid: string) => Promise<unknown>} */
export const confirmLogin = (openid, uuid) => call("POST", user(openid, "login/confirm"), { uuid });
/** @type {(openid: string, uuid: string) => Promise<unknown>} */
export const cancelLogin = (openid, uuid) => call("POST", user(openid, "login/cancel"), { uuid });

/** @type {(file: Blob) => Promise<{ media_id: string }>} */
export const uploadMedia = (file) => call("POST", "media", file);
/** @type {(file: Blob) => Promise<{ serverId: string }>} */
export const upload = (file) => call("POST", "jssdk/upload", file);
/** @param {string} mediaId */
export const media = async (mediaId) => (await request("GET", `media/${encodeURIComponent(mediaId)}`)).blob();

/** @type {() => Promise<unknown>} */
export const reset = () => call("POST", "reset");
/** @type {(url: string) => Promise<unknown>} */
export const setCallback = (url) => call("PUT", "callback", { url });
/** @type {(changes: Record<string, Types.Setting>) => Promise<Types.Settings>} */
export const setSettings = (changes) => call("PUT", "settings", changes);
/** @type {(seconds: number) => Promise<Types.Clock>} */
export const clock = (seconds) => call("POST", "clock", { advance_seconds: seconds });
/** @type {() => Promise<{ faults: Types.Fault[] }>} */
export const faults = () => call("GET", "faults");
/** @type {(rules: Types.Fault[]) => Promise<{ faults: Types.Fault[] }>} */
export const setFaults = (rules) => call("PUT", "faults", { faults: rules });

/** @type {(limit: number) => Promise<{ deliveries: Types.Delivery[], waiting: Types.Waiting[] }>} */
export const deliveries = (limit) => call("GET", `deliveries?limit=${limit}`);
/** @type {(limit: number) => Promise<{ calls: Types.Call[] }>} */
export const calls = (limit) => call("GET", `calls?limit=${limit}`);
/** @type {(entry: { sort: "delivery" | "call", id: number }) => Promise<{ curl: string }>} */
export const curl = (entry) => call("GET", `${entry.sort === "delivery" ? "deliveries" : "calls"}/${entry.id}/curl`);
/** @type {(entry: { id: number }, changes?: object) => Promise<Types.ActOutcome>} */
export const resend = (entry, changes = {}) => call("POST", `deliveries/${entry.id}/resend`, changes);

/** @type {() => Promise<Types.Recording>} */
export const recording = () => call("GET", "recording");
/** @type {(recording: Types.Recording) => Promise<{ steps: Types.ReplayedStep[], same: boolean }>} */
export const replay = (recording) => call("POST", "replay", { recording });
/** @type {(recording: Types.Recording) => Promise<string>} */
export const exportTest = async (recording) => (await request("POST", "export", { recording })).text();
