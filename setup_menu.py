"""Install the menu of the package that HANDLERS names: python setup_menu.py [--dry-run | --show |
--delete]"""

import sys

from bot.cli.menu import setup_menu

if __name__ == "__main__":
    sys.exit(setup_menu(sys.argv[1:]))
