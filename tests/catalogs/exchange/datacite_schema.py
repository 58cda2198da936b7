"""What the schema of DataCite asks of the metadata that are written here."""

from __future__ import annotations

# What version 4.6 of the schema demands, and the values that it controls, of what is written here.
DAY = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
RELATIONS = {"enum": ["IsDescribedBy"]}
SCHEMA = {
    "type": "object",
    "required": ["creators", "titles", "publisher", "types", "schemaVersion"],
    "additionalProperties": False,
    "properties": {
        "doi": {"type": "string", "pattern": r"^10\.\d{4,9}/\S+$"},
        "identifiers": {"type": "array", "items": {"required": ["identifier", "identifierType"]}},
        "creators": {
            "type": "array",
            "minItems": 1,
            "items": {
                "required": ["name"],
                "properties": {
                    "nameType": {"enum": ["Personal", "Organizational"]},
                    "nameIdentifiers": {
                        "items": {"required": ["nameIdentifier", "nameIdentifierScheme"]},
                    },
                },
            },
        },
        "titles": {"type": "array", "minItems": 1, "items": {"required": ["title"]}},
        "publisher": {"type": "object", "required": ["name"]},
        "publicationYear": {"type": "integer", "minimum": 1000, "maximum": 9999},
        "types": {
            "required": ["resourceTypeGeneral", "resourceType"],
            "properties": {"resourceTypeGeneral": {"enum": ["Dataset", "Image"]}},
        },
        "subjects": {"type": "array", "items": {"required": ["subject"]}},
        "dates": {
            "type": "array",
            "items": {
                "required": ["date", "dateType"],
                "properties": {"date": DAY, "dateType": {"enum": ["Issued", "Available", "Updated"]}},
            },
        },
        "relatedIdentifiers": {
            "type": "array",
            "items": {
                "required": ["relatedIdentifier", "relatedIdentifierType", "relationType"],
                "properties": {"relatedIdentifierType": {"enum": ["DOI", "PMID"]}, "relationType": RELATIONS},
            },
        },
        "relatedItems": {
            "type": "array",
            "items": {
                "required": ["titles", "relatedItemType", "relationType"],
                "properties": {"relatedItemType": {"enum": ["JournalArticle"]}, "relationType": RELATIONS},
            },
        },
        "sizes": {"type": "array", "items": {"type": "string"}},
        "formats": {"type": "array", "items": {"type": "string"}},
        "version": {"type": "string"},
        "rightsList": {
            "type": "array",
            "items": {
                "required": ["rights"],
                "additionalProperties": False,
                "properties": {
                    "rights": {"type": "string"},
                    "rightsUri": {"type": "string"},
                    "rightsIdentifier": {"type": "string"},
                    "rightsIdentifierScheme": {"const": "SPDX"},
                    "schemeUri": {"const": "https://spdx.org/licenses/"},
                },
            },
        },
        "descriptions": {"items": {"required": ["description", "descriptionType"]}},
        "url": {"type": "string"},
        "schemaVersion": {"const": "http://datacite.org/schema/kernel-4"},
    },
}
