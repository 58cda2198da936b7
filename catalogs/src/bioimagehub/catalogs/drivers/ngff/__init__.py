"""What OME-Zarr is made of: its documents, multiscale images, plates."""
