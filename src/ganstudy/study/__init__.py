"""A study on disk: where its files lie, its runs read back, tables of variants to try."""
