/*
 * Put the QR page of a website login into an element of the site's page. This is the sandbox's copy of
 * WeChat's res.wx.qq.com/connect/zh_CN/htmledition/js/wxLogin.js. As in the original, redirect_uri goes into
 * the address as it is: the caller encodes it.
 */
(function (global) {
  "use strict";

  var SANDBOX = new URL(/** @type {HTMLScriptElement} */ (document.currentScript).src).origin;

  /** @param {WxLoginOptions} options */
  function address(options) {
    var self = options.self_redirect === true ? "true" : options.self_redirect === false ? "false" : "default";
    var url = SANDBOX + "/connect/qrconnect?appid=" + options.appid + "&scope=" + options.scope +
      "&redirect_uri=" + options.redirect_uri + "&state=" + (options.state || "") +
      "&login_type=jssdk&self_redirect=" + self + "&styletype=" + (options.styletype || "") +
      "&sizetype=" + (options.sizetype || "") + "&bgcolor=" + (options.bgcolor || "") +
      "&rst=" + (options.rst || "");
    if (options.style) url += "&style=" + options.style;
    if (options.href) url += "&href=" + encodeURIComponent(options.href);
    if (options.lang === "en") url += "&lang=en";
    if (options.stylelite === 1) url += "&stylelite=1";
    if (options.fast_login === 0) url += "&fast_login=0";
    if (options.color_scheme) url += "&color_scheme=" + options.color_scheme;
    return url;
  }

  /**
   * @constructor
   * @param {WxLoginOptions} options
   */
  function WxLogin(options) {
    var frame = document.createElement("iframe");
    frame.src = address(options);
    frame.frameBorder = "0";
    frame.scrolling = "no";
    frame.width = options.stylelite === 1 ? "220px" : "300px";
    frame.height = options.stylelite === 1 ? "220px" : "400px";
    // Chromium 142 and later want this where a page of the internet frames a page of this computer.
    frame.allow = "local-network-access";
    frame.addEventListener("load", function () {
      if (options.onReady) options.onReady(true);
    });
    frame.addEventListener("error", function () {
      if (options.onReady) options.onReady(false);
    });
    global.addEventListener("message", function (event) {
      if (event.source !== frame.contentWindow || event.origin !== SANDBOX) return;
      var ready = options.onQRcodeReady || options.onQRCodeReady;
      if (event.data && event.data.sandbox === "qrcode-ready" && ready) ready();
    });
    var element = document.getElementById(options.id);
    if (!element) throw new Error("WxLogin: no element with the id " + options.id);
    element.textContent = "";
    element.appendChild(frame);
  }

  global.WxLogin = WxLogin;
})(window);
