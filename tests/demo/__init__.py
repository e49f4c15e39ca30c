"""The demo: a real crawl into a knowledge base, four ways, and what each of them costs.

Run it by `./dev demo`. The README of this directory says what is measured and how.
"""
