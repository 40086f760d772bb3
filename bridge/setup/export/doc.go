// Package export writes what is set up in the form of parley.yaml: the whole file, or one entry of it for a page.
//
// What does not belong here: reading such a file (package parleyfile, which can read everything that this package writes).
package export
