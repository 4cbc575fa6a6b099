"""Install the menus of the package that HANDLERS names: python setup_menu.py [--dry-run | --show | --as
OPENID | --history | --rollback N | --delete]"""

import sys

from bot.cli.menu import setup_menu

if __name__ == "__main__":
    sys.exit(setup_menu(sys.argv[1:]))
