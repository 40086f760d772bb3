package verb

import (
	"slices"

	"parley/bridge"
)

// listName returns the list that a word stands for. It returns false if the word stands for none.
func listName(word string) (bridge.ListName, bool) {
	switch word {
	case "mine", "my", "me":
		return bridge.ListMine, true
	case "unassigned", "queue", "new":
		return bridge.ListUnassigned, true
	}
	name := bridge.ListName(word)
	return name, slices.Contains(bridge.Lists(), name)
}
