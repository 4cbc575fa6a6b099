"""What WeChat sends and is sent, as bytes: signature, encryption, XML, typed messages."""
