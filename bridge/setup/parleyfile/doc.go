// Package parleyfile reads parley.yaml and checks everything that can be checked without the database. For each key, the
// result (File) says whether the file has it, and where. A key that is missing changes nothing in the set-up.
//
// What does not belong here: what is set up already, and whether the fields of a channel are right (package overlay).
package parleyfile
