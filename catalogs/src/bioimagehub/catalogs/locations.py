"""Where an address in an entry leads on this machine: entries hold rules, not folders."""

from __future__ import annotations

SAMPLES = "samples://"


def is_local(url: str) -> bool:
    """Tell whether an address leads to something on this machine.

    Examples
    --------
    >>> is_local("samples://nuclei-3d/image.ome.zarr"), is_local("https://example.org/image.ome.zarr")
    (True, False)
    """
    return url.startswith((SAMPLES, "file://")) or "://" not in url


def resolve(url: str) -> str:
    """Turn the address of an entry into a path or address that can be opened.

    Parameters
    ----------
    url : str
        ``samples://<dataset>/<path>`` for something in the sample archive; anything else is returned as it is.

    Raises
    ------
    SamplesNotBuiltError, DamagedSampleError
        If the dataset of the sample archive is missing, or lacks files.

    Examples
    --------
    >>> resolve("https://example.org/image.ome.zarr")
    'https://example.org/image.ome.zarr'
    """
    if not url.startswith(SAMPLES):
        return url
    from bioimagehub.catalogs.samples.archive import find_dataset

    dataset, _, path = url.removeprefix(SAMPLES).partition("/")
    return str(find_dataset(dataset) / path)
