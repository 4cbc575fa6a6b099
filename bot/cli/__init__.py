"""The commands of `python -m bot` and the menu script, one file for each.

Exit status of every command: 0 done, 1 refused by WeChat or a store, 2 wrong settings or input.
"""
