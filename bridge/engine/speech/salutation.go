package speech

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"parley/bridge"
	"parley/bridge/analysis/offline/wordform"
	"parley/store"
)

// Agents talk to the customer and to each other in one thread. A text that addresses a colleague by name isn't plainly for the
// customer, so its author is asked. With an agent named Ben Ng, these address him:
//
//	Ben, can you check?
//	Hi Ben Ng - please
//	Can you check, @ben?
//	Ben can you check?
//	Does anybody know this order, @here?
//
// These don't: "Ben is looking at it.", "Ben can help you." and "Write to ben@example.org."

// isToColleague reports whether a typed text addresses a colleague of its author, or Parley, by the first or the whole name. It is
// true even if the customer has the same name, since nobody can tell who is meant. author may be nil.
func isToColleague(agents []store.Agent, author *store.Agent, typed string) bool {
	for _, name := range namesBehindAt(typed) {
		if slices.Contains(everybodysNames(), name) || isColleague(agents, author, name) {
			return true
		}
	}
	return isColleague(agents, author, nameAtBeginning(typed)) || isColleague(agents, author, nameBeforeRequest(typed))
}

// everybodysNames returns the names behind an @ that mean Parley, or everybody in the channel.
func everybodysNames() []string { return []string{"parley", "here", "channel", "everyone"} }

// isColleague reports whether an active agent other than the author has a name, in small letters, as first or whole name.
func isColleague(agents []store.Agent, author *store.Agent, name string) bool {
	return name != "" && slices.ContainsFunc(agents, func(a store.Agent) bool {
		isAuthor := author != nil && a.ID == author.ID
		if !a.Active || isAuthor {
			return false
		}

		whole := strings.ToLower(strings.Join(strings.Fields(a.Name), " "))
		first, _, _ := strings.Cut(whole, " ")
		return name == whole || name == first
	})
}

// isNamed reports whether a customer has a name, in small letters, as first, last or whole name: "maria", "ms lopez", "maria lopez".
func isNamed(customer bridge.PartyRef, name string) bool {
	words, called := wordsToCompare(customer.Name), wordsToCompare(name)
	if len(words) == 0 || len(called) == 0 {
		return false
	}
	isFirst := len(called) <= len(words) && slices.Equal(words[:len(called)], called)
	isLast := called[len(called)-1] == words[len(words)-1]
	return isFirst || isLast
}

// wordsToCompare returns the words of a name or a text in the form in which names are compared: in small letters, without accents and
// apostrophes. For "O'Brien, José-María" it is "obrien", "jose" and "maria".
func wordsToCompare(text string) []string {
	words := strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && !wordform.IsApostrophe(r)
	})
	for i, word := range words {
		words[i] = wordform.Fold(word)
	}
	return words
}

// atName finds a name that was typed behind an @, and not picked from the chat's list, so that it isn't a mention. The @ inside a mail
// address follows a letter or a digit, and so isn't found.
var atName = regexp.MustCompile(`(?:^|[^\p{L}\p{M}\p{N}])[@＠]([\p{L}\p{M}\p{N}'’-]+)`)

// namesBehindAt returns the names that a text has behind an @, in small letters.
func namesBehindAt(typed string) (names []string) {
	for _, found := range atName.FindAllStringSubmatch(typed, -1) {
		names = append(names, strings.ToLower(found[1]))
	}
	return names
}

// beginning finds the words before the first comma, colon, semicolon, question or exclamation mark, dash or end of line, if they could be
// names: they have letters, and dots, apostrophes and hyphens at most.
var beginning = regexp.MustCompile(`^[^\p{L}\n]*([\p{L}\p{M}.'’ \x{00a0}-]{1,80}?)\s*(?:[,،、，:：!！?？;\n]|\s[-–—]|$)`)

// nameAtBeginning returns what may be the name of whom a text addresses at its beginning, in small letters and without a greeting, or
// "". For "Hi Ben Ng - please" it is "ben ng".
func nameAtBeginning(typed string) string {
	found := beginning.FindStringSubmatch(typed)
	if found == nil {
		return ""
	}
	return strings.Join(withoutGreeting(strings.Fields(strings.ToLower(found[1]))), " ")
}

// withoutGreeting removes a greeting from the beginning of words in small letters.
func withoutGreeting(words []string) []string {
	if len(words) > 1 && bridge.IsGreeting(words[0]) {
		return words[1:]
	}
	return words
}

// nameBeforeRequest returns the first word of a text, in small letters and without a greeting, if what follows it without a comma asks
// something of whoever has that name: "Ben can you check?", "Ben please check". Otherwise it returns "".
func nameBeforeRequest(typed string) string {
	line, _, _ := strings.Cut(typed, "\n")
	words := withoutGreeting(strings.Fields(strings.ToLower(line)))
	if len(words) < 2 {
		return ""
	}

	request := strings.Join(words[1:], " ") + " "
	begins := func(word string) bool { return strings.HasPrefix(request, word+" ") }
	isQuestion := slices.ContainsFunc(questionWords(), begins) && question.MatchString(line)
	if isQuestion || slices.ContainsFunc(pleas(), begins) {
		return words[0]
	}
	return ""
}

// pleas returns words that make a request of what follows a name, in small letters.
func pleas() []string { return []string{"please", "pls", "plz", "bitte"} }

// questionWords returns words that make a question of what follows a name, in small letters.
func questionWords() []string {
	return []string{
		"can you", "could you", "would you", "do you", "did you", "have you", "are you", "any", "is", "what", "who", "how", "when", "where",
		"why", "kannst", "könntest", "weißt", "hast", "bist", "tu peux", "tu sais", "puedes", "sabes", "puoi", "sai", "kun", "weet",
	}
}

// question finds a question mark that ends a sentence, so that it isn't part of a web address.
var question = regexp.MustCompile(`[?？؟][!?！？؟"'”»)*_~]*(?:\s|$)`)

// awaitsAnswer reports whether a note asks something, or addresses a colleague: what is typed next may be the answer.
func awaitsAnswer(agents []store.Agent, note string) bool {
	return question.MatchString(note) || isToColleague(agents, nil, note)
}
