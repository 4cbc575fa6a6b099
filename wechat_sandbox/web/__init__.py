"""What a browser sees: WeChat's authorize pages, pictures and script, and the phone itself."""
