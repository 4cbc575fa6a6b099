"""Serve pages and files to browsers: WeChat's authorize pages, pictures and scripts, and the phone page."""
