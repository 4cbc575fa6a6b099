/*
 * Provide the JS-SDK to pages in the sandbox, as WeChat's res.wx.qq.com/open/js/jweixin-1.6.0.js does. The
 * sandbox checks wx.config (signature, page address, JS domain). The phone does what is seen on the screen; it
 * is asked by postMessage. An API that is not simulated fails with "function not exist". Outside of the phone's
 * web view neither wx.ready nor wx.error is called, unless `debug` is on, as with the real script outside of
 * WeChat.
 */
/**
 * The answer of the phone or of this script to a call.
 * @typedef {object} Answer
 * @property {"ok" | "cancel" | "fail"} status
 * @property {string} [why]
 * @property {Record<string, unknown> & { file?: Blob, files?: Blob[] }} [result]
 */
/** @typedef {(options: WxOptions, name: string) => Answer | Promise<Answer>} Api */
(function (global) {
  "use strict";

  // As with the real script, a page that loads it twice keeps the first one and its settings.
  if (global.jWeixin) return;

  var SANDBOX = new URL(/** @type {HTMLScriptElement} */ (document.currentScript).src).origin;

  /** What the phone does, with the page's parameters. */
  var PHONE = [
    "updateAppMessageShareData", "updateTimelineShareData", "openLocation", "getLocation",
    "scanQRCode", "getNetworkType", "hideOptionMenu", "showOptionMenu", "hideMenuItems", "showMenuItems",
    "hideAllNonBaseMenuItem", "showAllNonBaseMenuItem"
  ];
  /**
   * Calls that are called back each time the user shares the page, and the names in WeChat's errMsg.
   * @type {Record<string, string>}
   */
  var SHARES = {
    onMenuShareTimeline: "shareTimeline", onMenuShareAppMessage: "sendAppMessage", onMenuShareQQ: "shareQQ",
    onMenuShareWeibo: "shareWeiboApp", onMenuShareQZone: "shareQZone"
  };
  /** Calls that register what to do when something ends. */
  var ENDINGS = ["onVoiceRecordEnd", "onVoicePlayEnd"];
  /** What the real script has and this phone has not. */
  var ABSENT = ["translateVoice", "openProductSpecificView", "addCard", "chooseCard", "openCard", "chooseWXPay"];

  /** How long a debug box stays, in milliseconds. */
  var DEBUG_TIME = 4000;
  var boxes = document.createElement("div");
  boxes.style.cssText = "position:fixed;z-index:2147483647;left:10%;right:10%;top:12%;max-height:76%;" +
    "display:flex;flex-direction:column;gap:8px;overflow:auto";

  /** @type {WxConfig & { jsApiList: string[] }} */
  var settings = { jsApiList: [] };
  var verified = false;
  /** @type {string[]} names that the account has no right to, although they can be in jsApiList */
  var denied = [];
  /** @type {WxResult | null} the sandbox's answer to wx.config, null until it comes */
  var judgement = null;
  /** @type {(() => void)[]} */
  var whenReady = [];
  /** @type {((result: WxResult) => void) | null} */
  var whenFailed = null;
  /** @type {Record<string, WxOptions>} what the page has registered by a name of SHARES or ENDINGS */
  var registered = {};
  var inPhone = global.parent !== global;

  // -- messages to and from the phone

  var asked = 0;
  /** @type {Record<number, (answer: Answer) => void>} */
  var waiting = {};

  /** @param {object} message */
  function tellPhone(message) {
    if (inPhone) global.parent.postMessage(message, SANDBOX);
  }

  /**
   * Promise the phone's answer. A page outside of WeChat has no phone.
   * @param {string} name
   * @param {object} options
   * @returns {Promise<Answer>}
   */
  function askPhone(name, options) {
    if (!inPhone) return Promise.resolve({ status: "fail", why: "function not exist" });
    return new Promise(function (resolve) {
      asked += 1;
      waiting[asked] = resolve;
      tellPhone({ sandbox: "call", id: asked, name: name, options: options });
    });
  }

  addEventListener("message", function (event) {
    var data = event.data;
    if (event.source !== global.parent || event.origin !== SANDBOX || !data) return;
    if (data.sandbox === "answer" && waiting[data.id]) {
      waiting[data.id](data);
      delete waiting[data.id];
    }
    if (data.sandbox === "shared") shared(data.kind, data.outcome);
  });

  /**
   * Copy what postMessage can carry: no functions, no elements.
   * @param {WxOptions} options
   */
  function plain(options) {
    /** @type {Record<string, unknown>} */
    var copy = {};
    Object.keys(options).forEach(function (name) {
      if (options[name] instanceof Blob) copy[name] = options[name];
      else if (typeof options[name] !== "function" && options[name] !== undefined) {
        copy[name] = JSON.parse(JSON.stringify(options[name]));
      }
    });
    return copy;
  }

  /**
   * Tell the phone which page this is. Only one of these messages has `shown`: the phone pairs it with the load.
   * @param {{ type: string }} event
   */
  function tellPage(event) {
    tellPhone({ sandbox: "page", title: document.title, url: location.href, shown: event.type === "pageshow" });
  }

  // -- pictures and sounds: a localId is an address that the page itself can show or play

  /** @type {Record<string, Blob>} */
  var files = {};
  /** @type {Record<string, HTMLAudioElement>} */
  var sounds = {};

  /** @param {Blob} file */
  function localId(file) {
    var id = URL.createObjectURL(file);
    files[id] = file;
    return id;
  }

  /** @type {Answer} */
  var NO_LOCAL_ID = { status: "fail", why: "localId not found" };

  /** @type {Api} gives the file of a localId to the phone; fails as WeChat does for an unknown id */
  function upload(options, name) {
    var file = files[String(options.localId)];
    if (!file) return Promise.resolve(NO_LOCAL_ID);
    return askPhone(name, { file: file, isShowProgressTips: options.isShowProgressTips });
  }

  /**
   * @param {Answer} answer
   * @returns {Answer}
   */
  function withLocalId(answer) {
    if (answer.status !== "ok" || !answer.result || !answer.result.file) return answer;
    return { status: "ok", result: { localId: localId(answer.result.file) } };
  }

  /** @type {Api} */
  function download(options, name) {
    return askPhone(name, { serverId: options.serverId }).then(withLocalId);
  }

  /**
   * @param {Blob} file
   * @returns {Promise<unknown>} a data: address
   */
  function dataOf(file) {
    return new Promise(function (resolve) {
      var reader = new FileReader();
      reader.onload = function () { resolve(reader.result); };
      reader.readAsDataURL(file);
    });
  }

  /**
   * @param {string} id a localId
   * @returns {HTMLAudioElement | undefined}
   */
  function sound(id) {
    if (!sounds[id] && files[id]) {
      sounds[id] = new Audio(id);
      sounds[id].addEventListener("ended", function () { ended("onVoicePlayEnd", { localId: id }); });
    }
    return sounds[id];
  }

  /**
   * Build an API that does `act` with the sound of the localId.
   * @param {(audio: HTMLAudioElement) => unknown} act
   * @returns {Api}
   */
  function withSound(act) {
    return function (options) {
      var found = sound(String(options.localId));
      if (!found) return NO_LOCAL_ID;
      return Promise.resolve(act(found)).then(done, failed);
    };
  }

  /** @returns {Answer} */
  function done() {
    return { status: "ok" };
  }

  /**
   * @param {unknown} error
   * @returns {Answer}
   */
  function failed(error) {
    return { status: "fail", why: error instanceof Error ? error.message : String(error) };
  }

  /**
   * Call what the page has registered under `name`.
   * @param {string} name
   * @param {object} fields
   */
  function ended(name, fields) {
    var handlers = registered[name];
    if (!handlers) return;
    var result = Object.assign({ errMsg: name + ":ok" }, fields);
    debug(name, result);
    if (handlers.success) handlers.success(result);
    if (handlers.complete) handlers.complete(result);
  }

  // -- the APIs

  /** @type {Record<string, Api>} */
  var SIMULATED = {
    checkJsApi: function (options) {
      /** @type {Record<string, boolean>} */
      var checkResult = {};
      namesIn(options.jsApiList).forEach(function (name) {
        checkResult[name] = Object.prototype.hasOwnProperty.call(SIMULATED, name) && denied.indexOf(name) < 0;
      });
      return { status: "ok", result: { checkResult: checkResult } };
    },
    closeWindow: function () {
      tellPhone({ sandbox: "close" });
      return { status: "ok" };
    },
    chooseImage: function (options) {
      return askPhone("chooseImage", plain(options)).then(function (answer) {
        if (answer.status !== "ok" || !answer.result || !answer.result.files) return answer;
        return { status: "ok", result: { sourceType: answer.result.sourceType, localIds: answer.result.files.map(localId) } };
      });
    },
    // The phone cannot open a localId, which belongs to the page: it gets the picture itself.
    previewImage: function (options) {
      /** @param {unknown} url */
      var given = function (url) { return files[String(url)] || url; };
      /** @type {unknown[]} */
      var urls = Array.isArray(options.urls) ? options.urls : [];
      return askPhone("previewImage", { current: given(options.current), urls: urls.map(given) });
    },
    getLocalImgData: function (options) {
      var file = files[String(options.localId)];
      if (!file) return NO_LOCAL_ID;
      return dataOf(file).then(function (data) { return { status: "ok", result: { localData: data } }; });
    },
    startRecord: function () {
      return askPhone("startRecord", {}).then(function (answer) {
        if (answer.status === "ok") {
          askPhone("onVoiceRecordEnd", {}).then(withLocalId).then(function (end) {
            if (end.status === "ok" && end.result) ended("onVoiceRecordEnd", end.result);
          });
        }
        return answer;
      });
    },
    stopRecord: function () { return askPhone("stopRecord", {}).then(withLocalId); },
    playVoice: withSound(function (audio) { return audio.play(); }),
    pauseVoice: withSound(function (audio) { audio.pause(); }),
    stopVoice: withSound(function (audio) { audio.pause(); audio.currentTime = 0; }),
    uploadImage: upload,
    uploadVoice: upload,
    downloadImage: download,
    downloadVoice: download
  };
  PHONE.forEach(function (name) {
    SIMULATED[name] = function (options) { return askPhone(name, plain(options)); };
  });
  Object.keys(SHARES).forEach(function (name) {
    SIMULATED[name] = function (options) { return askPhone(name, plain(options)); };
  });
  ENDINGS.forEach(function (name) {
    SIMULATED[name] = done;
  });

  /**
   * @param {unknown} names
   * @returns {string[]}
   */
  function namesIn(names) {
    return Array.isArray(names) ? names : [];
  }

  // -- wx.config and what follows from it

  /** The signature covers the address without its fragment. */
  function pageAddress() {
    return location.href.split("#")[0];
  }

  /** @param {WxConfig} options */
  function config(options) {
    settings = {
      debug: options.debug === true,
      appId: options.appId,
      timestamp: options.timestamp,
      nonceStr: options.nonceStr,
      signature: options.signature,
      jsApiList: options.jsApiList || []
    };
    verified = false;
    judgement = null;
    // The real script waits for WeChat's bridge, which does not exist outside WeChat: no callback runs.
    if (!inPhone && !settings.debug) return;
    // A browser sends text/plain to another origin without a preflight request.
    fetch(SANDBOX + "/_sandbox/jssdk/config", {
      method: "POST",
      headers: { "Content-Type": "text/plain" },
      body: JSON.stringify({
        appId: settings.appId,
        timestamp: settings.timestamp,
        nonceStr: settings.nonceStr,
        signature: settings.signature,
        url: pageAddress(),
        jsApiList: settings.jsApiList
      })
    }).then(function (response) {
      return response.json();
    }).catch(function () {
      return { ok: false, errMsg: "config:fail" };
    }).then(judged);
  }

  /**
   * Call the page back. As in the real script, a refused config calls wx.error and then the wx.ready callbacks
   * too, so a page must not take wx.ready for success.
   * @param {{ ok: boolean, errMsg?: string, denied?: string[] }} answer
   */
  function judged(answer) {
    verified = answer.ok === true;
    denied = answer.denied || [];
    judgement = { errMsg: answer.errMsg || "config:fail" };
    debug("config", judgement);
    if (!verified && whenFailed) whenFailed(judgement);
    var callbacks = whenReady;
    whenReady = [];
    callbacks.forEach(function (callback) { callback(); });
  }

  /** @param {() => void} callback */
  function ready(callback) {
    if (judgement) callback();
    else whenReady.push(callback);
  }

  /** @param {(result: WxResult) => void} callback */
  function error(callback) {
    whenFailed = callback;
    if (judgement && !verified) callback(judgement);
  }

  /**
   * Return why the page must not call this API, or null.
   * @param {string} name
   */
  function refusal(name) {
    if (!verified) return "the permission value is offline verifying";
    if (name === "checkJsApi") return null;
    if (settings.jsApiList.indexOf(name) < 0 || denied.indexOf(name) >= 0) return "permission denied";
    if (!Object.prototype.hasOwnProperty.call(SIMULATED, name)) return "function not exist";
    return null;
  }

  // -- calls

  /**
   * Answer a call later, never during the call, as a phone does.
   * @param {string} name
   * @param {WxOptions} [options]
   */
  function invoke(name, options) {
    var handlers = options || {};
    var why = refusal(name);
    setTimeout(function () {
      Promise.resolve(why ? failed(why) : SIMULATED[name](handlers, name)).then(function (given) {
        settle(name, handlers, given);
      });
    });
  }

  /**
   * @param {string} name
   * @param {WxOptions} handlers
   * @param {Answer} answer
   */
  function settle(name, handlers, answer) {
    var registers = Object.prototype.hasOwnProperty.call(SHARES, name) || ENDINGS.indexOf(name) >= 0;
    if (registers && answer.status === "ok") {
      registered[name] = handlers;
      return;
    }
    report(name, handlers, answer);
  }

  /**
   * Call the page's callbacks with an answer.
   * @param {string} name
   * @param {WxOptions} handlers
   * @param {Answer} answer
   */
  function report(name, handlers, answer) {
    var outcome = answer.status === "fail" ? answer.why || "fail" : answer.status;
    var result = Object.assign({}, answer.result, { errMsg: name + ":" + outcome });
    debug(name, result);
    var handler = { ok: handlers.success, cancel: handlers.cancel, fail: handlers.fail }[answer.status];
    if (handler) handler(result);
    if (handlers.complete) handlers.complete(result);
  }

  /**
   * Report that the user has shared the page, or has cancelled it.
   * @param {string} name
   * @param {Answer["status"]} outcome
   */
  function shared(name, outcome) {
    var handlers = registered[name];
    if (!handlers) return;
    if (handlers.trigger) handlers.trigger({ errMsg: SHARES[name] + ":ok" });
    report(SHARES[name], handlers, { status: outcome });
  }

  /**
   * Show a result in a box, if debug is on. WeChat shows an alert, which would stop the page.
   * @param {string} name
   * @param {WxResult} result
   */
  function debug(name, result) {
    if (!settings.debug) return;
    if (!boxes.isConnected) (document.body || document.documentElement).appendChild(boxes);
    var box = document.createElement("div");
    box.setAttribute("role", "alert");
    box.textContent = name + "\n" + JSON.stringify(result, null, 2);
    box.style.cssText = "padding:12px 16px;border-radius:10px;background:rgba(40,40,40,.94);color:#fff;" +
      "font:13px/1.5 monospace;white-space:pre-wrap;overflow-wrap:anywhere;cursor:pointer";
    box.addEventListener("click", function () { box.remove(); });
    setTimeout(function () { box.remove(); }, DEBUG_TIME);
    boxes.appendChild(box);
  }

  /** @type {Record<string, (options?: WxOptions) => void>} */
  var apis = {};
  Object.keys(SIMULATED).concat(ABSENT).forEach(function (name) {
    apis[name] = function (options) { invoke(name, options); };
  });
  var wx = /** @type {Wx} */ (Object.assign(/** @type {object} */ (apis), { config: config, ready: ready, error: error }));

  // The title can be set late, and the address can change without a load: tell the phone each time.
  addEventListener("DOMContentLoaded", tellPage);
  addEventListener("load", tellPage);
  addEventListener("popstate", tellPage);
  addEventListener("hashchange", tellPage);
  addEventListener("pageshow", tellPage);
  // A script that is loaded late has missed these events.
  if (document.readyState === "complete") tellPage({ type: "pageshow" });

  global.wx = global.jWeixin = wx;
})(window);
