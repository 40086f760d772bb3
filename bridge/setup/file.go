package setup

// Parse reads parley.yaml: see parleyfile.Parse.
// Errors: Faults.
func Parse(raw []byte, lookupEnv func(string) (string, bool)) (*ParleyfileFile, error) {
	return ParseParleyfile(raw, lookupEnv)
}
