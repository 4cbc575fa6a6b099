// Hands the server's configuration to the JS-SDK and shows whether WeChat took it.
const status = document.getElementById("jssdk-status");
const config = JSON.parse(document.getElementById("jssdk-config").textContent);

function show(state, text) {
  status.dataset.state = state;
  status.textContent = text;
}

if (window.wx) {
  wx.config(config);
  wx.ready(() => {
    show("ready", "JS-SDK 已就绪");
    const card = { title: document.title, desc: "来看看我的主页", link: location.href.split("#")[0], imgUrl: "" };
    wx.updateAppMessageShareData(card);
    wx.updateTimelineShareData(card);
    wx.getNetworkType({
      success: (result) => { document.getElementById("network").textContent = result.networkType; },
    });
  });
  wx.error((result) => show("failed", `JS-SDK 没有就绪：${result.errMsg}`));
} else {
  show("failed", "JS-SDK 的脚本没有加载");
}
