"""Whole-slide images of The Jackson Laboratory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.recorded import jax_komp

if TYPE_CHECKING:
    from bioimagehub.catalogs.archives.report import Report
    from catalogs.recorded.conftest import Recorded

HEAD = "url,written,written_human_readable,origin\n"
BUCKET = "https://storage.googleapis.com/jax-public-ngff-2024"


def test_images_carry_their_gene_and_no_driver(recorded: Recorded, report: Report) -> None:
    recorded.note(jax_komp.FOLDER, "TheJacksonLaboratory/jax-ngff-challenge-2024", "2024-10-03")
    page = "https://images.jax.org/webclient/?show=image-"
    rows = (
        f"{BUCKET}/KOMP/adult_lacZ/ndp/A1cf/24325_K24230_FColon.zarr,15659827200,14.6 GiB,{page}11164\n"
        f"{BUCKET}/KOMP/adult_lacZ/ndp/A1cf/24325_K24230_FColon.zarr,15659827200,14.6 GiB,{page}11164\n"
        f"{BUCKET}/KOMP/adult_lacZ/ndp/control/1_FColon.zarr,,,{page}1\n"
        f"{BUCKET}/KOMP/adult_lacZ/old_omero2/28285_J44655_MTestEpi.zarr,14197063680,,{page}131366\n"
    )
    recorded.write(f"{jax_komp.FOLDER}/KOMP_adult_lacZ.csv", HEAD + rows)
    recorded.write(f"{jax_komp.FOLDER}/KOMP_histopathology.csv", HEAD)
    study, gene, control, old, other = jax_komp.parse(recorded.folder, report)
    assert (study.identifier, study.images, study.size) == ("impc:jax-komp-adult-lacz", 3, 29856890880)
    assert other.identifier == "impc:jax-komp-histopathology"
    assert [term.name for term in gene.genes] == ["A1cf"]
    assert (gene.source_url, gene.size) == (f"{page}11164", 15659827200)
    assert (control.genes, old.genes, control.size) == ((), (), None)
    for record in (gene, control, old):
        assert record.driver is None
        assert "promised until December 2024" in str(record.access.how)
        assert record.licence is None
