// Hands the server's configuration to the JS-SDK and shows whether WeChat took it.
const status = document.getElementById("jssdk-status");
const config = JSON.parse(document.getElementById("jssdk-config").textContent);

function show(state, text) {
  status.dataset.state = state;
  status.textContent = text;
}

if (window.wx) {
  wx.config(config);
  let refused = false;
  wx.error((result) => {
    refused = true;
    show("failed", `JS-SDK 没有就绪：${result.errMsg}`);
  });
  wx.ready(() => {
    if (refused) return; // the SDK calls ready after error, too
    show("ready", "JS-SDK 已就绪");
    const card = { title: document.title, desc: "来看看我的主页", link: location.href.split("#")[0], imgUrl: "" };
    wx.updateAppMessageShareData(card);
    wx.updateTimelineShareData(card);
    wx.getNetworkType({
      success: (result) => { document.getElementById("network").textContent = result.networkType; },
    });
  });
} else {
  show("failed", "JS-SDK 的脚本没有加载");
}
