// What the controls do, in place.
export const TOLD = [
  ["Workers", "Processes that compute. Type a number, or change it with the up and down arrows."],
  ["Start", "Starts a cluster with so many workers, at least one."],
  ["Scale", "Has so many workers from now on; with 0 the cluster waits, and computes nothing."],
  ["End", "Ends the workers and the cluster. What was not computed is not; what was done is still told."],
  ["Keys", "Tab moves from control to control, Enter or space presses a button, and arrows scroll the lists of images that failed."],
  ["In Python", "panel.map(function, images) computes a function for each image, and shows here how far it is."],
];
