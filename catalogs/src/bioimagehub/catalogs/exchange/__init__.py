"""Records in the documents of other standards: RO-Crate, DataCite JSON, CSL JSON and BibTeX.

Each module has ``dump(record)``; those whose documents hold enough for a record also have ``parse(document, ...)``.
"""
