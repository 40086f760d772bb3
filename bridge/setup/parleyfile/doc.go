// Package parleyfile reads parley.yaml and checks all that can be checked without the database. What it returns says of
// each key whether the file has it, and where: a key that is missing changes nothing.
//
// What does not belong here: what is set up already, and whether the channels' fields are right. See package overlay.
package parleyfile
