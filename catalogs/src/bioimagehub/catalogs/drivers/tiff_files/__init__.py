"""What the driver of TIFF is made of: directories, series, calibration, and segments."""
