package setup

import (
	"cmp"

	"parley/store"
)

// Author is who changes the set-up, for the record of changes.
type Author struct {
	Agent *store.AgentID // nil means nobody was signed in
	Name  string         // an e-mail address, or the command
	Token string         // the name of the API token by which a program does it for the agent; "" means none
}

// describeChanges returns the changes for the log, after a line that names the API token by which they were made, if there is one.
func (a Author) describeChanges(changes []string) []string {
	if a.Token == "" {
		return changes
	}
	return append([]string{"by the API token " + a.Token + ":"}, changes...)
}

// String names the author.
func (a Author) String() string { return cmp.Or(a.Name, "parley apply") }
