// Show WeChat's QR code within our page, by wxLogin.js and the options that the server has put here.
/** @type {WxLoginOptions} */
const options = JSON.parse(document.getElementById("wxlogin-options")?.textContent ?? "");
const problem = /** @type {HTMLElement} */ (document.getElementById("wxlogin-problem"));
const failed = () => { problem.hidden = false; };
if (window.WxLogin) {
  new window.WxLogin({ ...options, onReady: (ready) => { if (ready === false) failed(); } });
} else {
  failed();
}
