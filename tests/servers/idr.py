"""IDR as a server of a test plays it: lists, study files, annotations, images."""

from __future__ import annotations

import json
from pathlib import Path

from servers.archives import Answer

RECORDED = Path(__file__).parents[2].parent / "shared" / "data" / "archives" / "idr"

IDR = "https://idr.openmicroscopy.org"

RAW = "https://raw.githubusercontent.com"

FILES = "https://ftp.ebi.ac.uk/pub/databases/IDR"

CRATES = f"{RAW}/German-BioImaging/idr_study_crates/main/ro-crates"

SEARCH = f"{IDR}/searchengine/api/v1/resources/image"

SCREENS = [
    ("idr0002-heriche-condensation/screenA", 102, "Publication Title\nIntegration of biological data by kernels"),
    ("idr0013-neumann-mitocheck/screenA", 1101, "Publication Title\nPhenotypic profiling of the human genome"),
    ("idr0013-neumann-mitocheck/screenB", 1302, "Publication Title\nPhenotypic profiling of the human genome"),
]

PROJECTS = [
    ("idr0041-cai-mitoticatlas/experimentA", 404, "Study Title\nExperimental and computational framework"),
    ("idr0062-blin-nuclearsegmentation/experimentA", 801, "Study Title\nNesSys: nuclei in 3D"),
    ("a test of the server", 1, ""),
]


STUDY_2 = """\
# STUDY DESCRIPTION SECTION
\t
Comment[IDR Study Accession]\tidr0002
Study Title\tFocused mitotic chromsome condensaton screen using HeLa cells
Study Type\thigh content screen\t\t
Study Organism\tHomo sapiens
Study Organism Term Accession\tNCBITaxon_9606
Study Screens Number\t1
Study External URL\t# if there is an existing web page related to the study enter it here
Study Public Release Date\t2016-05-26
Study PubMed ID\t24943848
Study Publication Title\tIntegration of biological data by kernels on graph nodes
Study Author List\tHériché JK, Lees JG, Ellenberg J
Study DOI\thttp://dx.doi.org/10.1091/mbc.E13-04-0221
Study License\tCC BY 4.0
Study License URL\thttps://creativecommons.org/licenses/by/4.0/
Study Person Email\tsomebody@example.org
Study Person Address\tMeyerhofstrasse 1
Screen Number\t1
Comment[IDR Screen Name]\tidr0002-heriche-condensation/screenA
Screen Sample Type\tcell
Screen Size\tPlates: 12\t5D Images: 1152\tTotal Tb: 2.10
Screen Imaging Method\tfluorescence microscopy
Screen Imaging Method Term Accession\tFBbi_00000246
Screen Technology Type\tRNAi screen
Phenotype Name\tshorter prophase\tlonger prophase
Phenotype Term Name\tdecreased duration of mitotic prophase phenotype\tincreased duration of mitotic prophase phenotype
Phenotype Term Accession\tCMPO_0000329\tCMPO_0000328
"""


TABLE_2 = """\
Plate,Well,Characteristics [Organism],Characteristics [Cell Line],Term Source 2 REF,Term Source 2 Accession,\
Gene Identifier,Gene Symbol,Compound Name,Compound PubChem CID,Phenotype 1,Phenotype 1 Term Name,Phenotype 1 Term Accession
plate1_1_013,A1,Homo sapiens,HeLa,EFO,EFO_0001185,ENSG00000117399,CDC20,,,,,
plate1_1_013,A2,Homo sapiens,HeLa,EFO,EFO_0001185,ENSG00000105127,AKAP8,nocodazole,4122,shorter prophase,\
decreased duration of mitotic prophase phenotype,CMPO_0000329
"""  # noqa: E501 - rows of a table

SIZES = """\
Study\tContainer\t5D Images\tSize (TB)\tSize\t# of Files
idr0002-heriche-condensation\tscreenA\t1152\t2.095992298\t2095992297526\t762482
idr0041-cai-mitoticatlas\texperimentA\t60480\t0.5\t501463982132\t181442
"""


PAIRS_2 = {
    "annotations": [
        {
            "ns": "idr.openmicroscopy.org/study/info",
            "values": [
                ["Study Title", "Focused mitotic chromsome condensaton screen using HeLa cells"],
                ["Study Type", "high content screen"],
                ["Organism", "Homo sapiens"],
                ["Imaging Method", "fluorescence microscopy"],
                ["Publication DOI", "10.1091/mbc.E13-04-0221 https://doi.org/10.1091/mbc.E13-04-0221"],
                ["PubMed ID", "24943848 https://www.ncbi.nlm.nih.gov/pubmed/24943848"],
                ["License", "CC BY 4.0 https://creativecommons.org/licenses/by/4.0/"],
                ["Release Date", "2016-05-26"],
                ["only a key"],
            ],
        },
        {"ns": "openmicroscopy.org/omero/bulk_annotations", "values": []},
    ]
}

INDEX = """\
<html><head><title>Index of /pub/databases/IDR/idr0002-heriche-condensation</title></head><body>
<a href="?C=N;O=D">Name</a> <a href="/pub/databases/IDR/">Parent Directory</a>
<tr><td><a href="screenA/">screenA/</a></td><td align="right">2016-05-26 10:00  </td><td>  - </td></tr>
<tr><td><a href="read%20me%23.txt">read me#.txt</a></td><td align="right">2016-05-27 10:00  </td><td>1.2K</td></tr>
<a href="https://elsewhere.example.org/x">elsewhere</a> <a href="%2e%2e/">up</a>
</body></html>"""

BELOW = """<html><title>Index of screenA</title><a href="../">Parent</a><a href="D2.tif">D2.tif</a> 2016-05-26</html>"""

CRATE = {
    "@context": ["https://w3id.org/ro/crate/1.2/context"],
    "@graph": [
        {"@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": f"{IDR}/study/idr0002/"}},
        {
            "@id": f"{IDR}/study/idr0002/",
            "@type": "Dataset",
            "name": "Focused mitotic chromsome condensaton screen using HeLa cells",
            "identifier": "idr0002",
            "datePublished": "2016-05-26",
            "license": "https://creativecommons.org/licenses/by/4.0/",
            "publisher": {"@id": f"{IDR}/"},
            "thumbnailUrl": [f"{IDR}/webgateway/render_thumbnail/179754/"],
            "about": [{"@id": "http://purl.obolibrary.org/obo/NCBITaxon_9606"}],
            "size": [{"@id": "#size"}],
        },
        {"@id": f"{IDR}/", "@type": "Organization", "name": "Image Data Resource"},
        {
            "@id": "http://purl.obolibrary.org/obo/NCBITaxon_9606",
            "@type": "Taxon",
            "scientificName": "Homo sapiens",
        },
        {"@id": "#size", "@type": "QuantitativeValue", "value": 2, "unitText": "bytes"},
    ],
}


def play_list(server, kind, objects, *, cap=500):
    """Play a list of OMERO.web, which gives no more than its cap, whatever the limit that is asked for."""

    def answer(request):
        start, limit = int(request.query["offset"]), min(int(request.query["limit"]), cap)
        rows = [{"@id": number, "Name": name, "Description": told} for name, number, told in objects]
        page = {"data": rows[start : start + limit], "meta": {"totalCount": len(rows), "limit": limit, "offset": start}}
        return Answer(200, json.dumps(page).encode())

    server.add(f"{IDR}/api/v0/m/{kind}/", answer=answer)


def play(server):
    play_list(server, "screens", SCREENS)
    play_list(server, "projects", PROJECTS)
    server.add(f"{SEARCH}/searchbyvalue/", json={"results": {"results": []}, "notice": ""})
    server.add(f"{IDR}/webclient/api/annotations/", json={"annotations": []})
    server.add(f"{IDR}/webclient/api/annotations/?type=map&screen=102", json=PAIRS_2)
    home = f"{RAW}/IDR/idr0002-heriche-condensation/HEAD"
    server.add(f"{home}/idr0002-study.txt", body=STUDY_2.encode())
    server.add(f"{home}/screenA/idr0002-screenA-annotation.csv", body=TABLE_2.encode())
    server.add(f"{RAW}/IDR/idr.openmicroscopy.org/master/_data/studies.tsv", body=SIZES.encode())
    server.add(f"{CRATES}/idr0002-ro-crate-metadata.json", json=CRATE)
    server.add(f"{FILES}/idr0002-heriche-condensation/", body=INDEX.encode())
    server.add(f"{FILES}/idr0002-heriche-condensation/screenA/", body=BELOW.encode())
    server.add(f"{FILES}/idr0002-heriche-condensation/read%20me%23.txt", body=b"read me")


def image(number, gene="CDC20"):
    return {
        "id": number,
        "name": f"plate1 [Well {number}]",
        "screen_name": "idr0002-heriche-condensation/screenA",
        "key_values": [
            {"name": "Gene Symbol", "value": gene},
            {"name": "Gene Identifier", "value": "ENSG00000117399"},
        ],
    }


SAMPLES = """\
OME-NGFF version,File Path,SizeX,SizeY,SizeZ,SizeC,SizeT,Axes,Wells,Fields,Keywords,License,Study,DOI,Date added,\
Representative Image ID,Thumbnail
0.1,https://livingobjects.ebi.ac.uk/idr/zarr/v0.1/179706.zarr,1344,1024,1,2,329,XYZCT,,,,CC BY 4.0,idr0002,,2020-11-04,179706,
0.4,https://livingobjects.ebi.ac.uk/idr/zarr/v0.4/idr0062A/6001240.zarr,271,275,236,2,,XYZC,,,labels (0),CC BY 4.0,idr0062,,2022-01-01,6001240,
0.5,https://livingobjects.ebi.ac.uk/idr/zarr/v0.5/idr0062A/6001240.zarr,271,275,236,2,,XYZC,,,,CC BY-NC-SA 3.0,idr0062,,2024-01-01,6001240,
0.5,https://livingobjects.ebi.ac.uk/idr/zarr/v0.5/idr0033A/BR00109990_C2.zarr,2080,1552,,5,,XYC,,,bioformats2raw.layout (9 images),CC BY 4.0,idr0033,,2025-09-22,14002892,
0.4,https://livingobjects.ebi.ac.uk/idr/zarr/v0.4/idr0048A/9846151.zarr/,2947,5192,1402,3,1,XYZCT,,,bioformats2raw.layout,CC BY 4.0,idr0048,,2023-01-12,9846151,
0.4,https://livingobjects.ebi.ac.uk/idr/zarr/v0.4/idr0072B/9512.zarr,1024,1024,1,4,1,XYZCT,72,20,,CC BY 4.0,idr0072,,2022-01-01,1,
"""  # noqa: E501 - rows of a table

CHALLENGE = """\
url,written,origin,shape,shards,chunks,dimension_names,license,name,description,organismId,fbbiId,wells,images
https://livingobjects.ebi.ac.uk/idr/share/ome2024-ngff-challenge/idr0062/P 170.ome.zarr,417816396.00000006,x,\
"2,10,510,672","2,10,510,672","1,1,510,672","c,z,y,x",https://creativecommons.org/licenses/by/4.0/,n,d,NCBI:txid10090,\
obo:FBbi_00000246,90,90
"""

LISTS = sorted(RECORDED.parent.glob("ome-zarr-lists/ome2024-ngff-challenge/idr0*_samples.csv"))
