"""The commands of the catalogs, one module each: ``add`` makes the parser, ``run`` does the work."""
