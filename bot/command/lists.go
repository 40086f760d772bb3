package command

// listName returns the list that a word stands for. It returns false if the word stands for none.
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
