"""One page in which trained generators run in the reader's browser: their weights and its script.

`layers` turns a network into plain data, `critics` makes D fit to judge one image, `directions`
finds what is worth moving, `page` writes it all into one file; `web/engine.js` computes.
"""
