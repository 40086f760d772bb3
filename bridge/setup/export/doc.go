// Package export writes what is set up in the form of parley.yaml: the whole file, or one entry of it for a page.
//
// What does not belong here: reading the file. What this package writes, parleyfile reads again.
package export
