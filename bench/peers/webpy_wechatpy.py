"""web.py with wechatpy, as tutorials show it. `python webpy_wechatpy.py PORT` runs web.py's own server."""

import settings
import web
from wechatpy import create_reply, parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import check_signature

web.config.debug = False
crypto = WeChatCrypto(settings.TOKEN, settings.AES_KEY, settings.APP_ID)


class WeChat:
    def POST(self):
        args = web.input()
        check_signature(settings.TOKEN, args.signature, args.timestamp, args.nonce)
        if args.get("encrypt_type") != "aes":
            message = parse_message(web.data())
            return create_reply(message.content, message).render()
        message = parse_message(
            crypto.decrypt_message(web.data(), args.msg_signature, args.timestamp, args.nonce)
        )
        reply = create_reply(message.content, message).render()
        return crypto.encrypt_message(reply, args.nonce, args.timestamp)


app = web.application(("/wechat", "WeChat"), globals())
application = app.wsgifunc()

if __name__ == "__main__":
    app.run()
