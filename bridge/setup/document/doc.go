// Package document reads and writes one YAML document of keys, texts, lists and groups. Every value keeps its position, so
// that all faults of a file are reported together, each with its line. ${NAME} is replaced by the environment's value.
//
// What does not belong here: the keys of parley.yaml and what they mean. Those are in package parleyfile.
package document
