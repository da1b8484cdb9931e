"""One page in which trained networks run in the reader's browser: their weights and its script.

`layers` turns a network into plain data, `critics` makes D fit to judge one image, `directions`
finds what is worth moving; `generators` and `translators` are the two kinds of page, which `html`
writes; `web/engine.js` computes.
"""
