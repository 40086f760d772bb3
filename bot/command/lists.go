package command

// listName gives the list that a word stands for.
func listName(word string) (string, bool) {
	switch word {
	case "mine", "my", "me":
		return "mine", true
	case "unassigned", "queue", "new":
		return "unassigned", true
	case "team", "all", "snoozed", "resolved", "closed":
		return word, true
	}
	return "", false
}
