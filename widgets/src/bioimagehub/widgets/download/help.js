// What hands and keys do, in place.
export const TOLD = [
  ["Choose files", "A tick takes a file, or a folder with all in it. A search finds in all folders. A button of a format takes that alone."],
  ["Keys of the list", "Arrows, Page up and down, Home and End move. Right opens a folder, left closes it. Space takes or leaves out. Enter opens a folder, or takes a file."],
  ["A part of the images", "Levels, channels, a region and label images of OME-Zarr images. The download is planned anew."],
  ["Download", "It is fetched by a process of its own, and goes on when the page is closed. Run the cell again to see it again."],
  ["Pause, Cancel", "What came is kept, and Resume gets the rest."],
  ["In Python", "widget.as_text() tells what is on the screen; widget.wait() waits for the end, and widget.result tells what came."],
];
