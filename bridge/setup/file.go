package setup

import "parley/bridge/setup/parleyfile"

// File is a checked parley.yaml. Package parleyfile explains it.
type File = parleyfile.File

// Parse reads parley.yaml: see parleyfile.Parse.
// Errors: Faults.
func Parse(raw []byte, lookupEnv func(string) (string, bool)) (*File, error) {
	return parleyfile.Parse(raw, lookupEnv)
}

// IsObjectID reports whether a text is an object id of Microsoft Entra: 00000000-0000-0000-0000-000000000000.
func IsObjectID(s string) bool { return parleyfile.IsObjectID(s) }
