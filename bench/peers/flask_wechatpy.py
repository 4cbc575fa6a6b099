"""Flask with wechatpy, as wechatpy's documentation shows it."""

import settings
from flask import Flask, abort, request
from wechatpy import create_reply, parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidSignatureException
from wechatpy.utils import check_signature

application = Flask(__name__)
crypto = WeChatCrypto(settings.TOKEN, settings.AES_KEY, settings.APP_ID)


@application.route("/wechat", methods=["POST"])
def wechat():
    args = request.args
    timestamp, nonce = args.get("timestamp"), args.get("nonce")
    try:
        check_signature(settings.TOKEN, args.get("signature"), timestamp, nonce)
        if args.get("encrypt_type") != "aes":
            message = parse_message(request.data)
            return create_reply(message.content, message).render()
        message = parse_message(
            crypto.decrypt_message(request.data, args.get("msg_signature"), timestamp, nonce)
        )
    except InvalidSignatureException:
        abort(403)
    return crypto.encrypt_message(create_reply(message.content, message).render(), nonce, timestamp)
