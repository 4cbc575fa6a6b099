// WeChat's QR code within our page, by wxLogin.js with the options that the server has put here.
const options = JSON.parse(document.getElementById("wxlogin-options").textContent);
const failed = () => { document.getElementById("wxlogin-problem").hidden = false; };
if (window.WxLogin) {
  new window.WxLogin({ ...options, onReady: (ready) => { if (ready === false) failed(); } });
} else {
  failed();
}
