package engine

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"parley/bridge"
	"parley/bridge/analysis/offline"
	"parley/store"
)

// Agents talk to the customer and to each other in one thread. A text that addresses a colleague by name may
// not be meant for the customer, so its author is asked before it leaves. If an agent is called Ben Ng, these
// texts address a colleague:
//
//	Ben, can you check?
//	Hi Ben Ng - please
//	Can you check, @ben?
//	Ben can you check?
//	Does anybody know this order, @here?
//
// These don't: "Ben is looking at it.", "Ben can help you." and "Write to ben@example.org."

// namingOf returns how a text addresses a colleague of its author, or Parley, by first or full name, or a team after an
// @. A name counts even if the customer has the same, since it is unclear who is meant. author may be nil.
func namingOf(dir *Directory, author *store.Agent, typed string) Naming {
	if isColleague(dir.Agents, author, nameAtBeginning(typed)) || isColleague(dir.Agents, author, nameBeforeRequest(typed)) {
		return NamesColleague
	}
	for _, name := range namesAfterAt(typed) {
		if slices.Contains(everybodysNames(), name) || isColleague(dir.Agents, author, name) || dir.FindTeam(name) != nil {
			return NamesAfterAt
		}
	}
	return NamesNobody
}

// everybodysNames returns the names that mean Parley or everybody in the channel when they follow an @.
func everybodysNames() []string {
	return []string{"parley", "here", "channel", "everyone", "everybody", "all", "team"}
}

// isColleague reports whether name is the first or full name of an active agent other than the author, whatever its accents.
func isColleague(agents []store.Agent, author *store.Agent, name string) bool {
	called := wordsToCompare(name)
	return len(called) > 0 && slices.ContainsFunc(agents, func(a store.Agent) bool {
		isAuthor := author != nil && a.ID == author.ID
		words := wordsToCompare(a.Name)
		return a.Active && !isAuthor && len(called) <= len(words) && slices.Equal(called, words[:len(called)])
	})
}

// isNamed reports whether name may be a customer's first, last or full name: "maria", "ms lopez" or "maria
// lopez" for Maria Lopez.
func isNamed(customer bridge.PartyRef, name string) bool {
	customerWords, words := wordsToCompare(customer.Name), wordsToCompare(name)
	if len(customerWords) == 0 || len(words) == 0 {
		return false
	}
	isFirst := len(words) <= len(customerWords) && slices.Equal(customerWords[:len(words)], words)
	isLast := words[len(words)-1] == customerWords[len(customerWords)-1]
	return isFirst || isLast
}

// greetsCustomer reports whether a text plainly begins a reply to this conversation's customer (see greets). remark is the
// colleague's message that it may answer otherwise, or nil. If an agent wrote that, it is known that they are called
// otherwise.
func (w *work) greetsCustomer(c *Conversation, text string, remark *Message) bool {
	if remark != nil && remark.AgentID == nil {
		return false
	}
	customer := c.Customer()
	names := []string{c.Traits[bridge.TraitName]}
	if customer.Name != customer.Address {
		names = append(names, customer.Name)
	}
	return greets(w.Dir, names, text)
}

// greets reports whether a text begins with a salutation of the person with these names: "Hi Maria, …" or "Dear Maria
// Lopez, …" for "Maria Lopez". It is false if a colleague or a team has the name, too.
func greets(dir *Directory, names []string, text string) bool {
	found := beginning.FindStringSubmatch(text)
	if found == nil {
		return false
	}
	greeting, name, _ := strings.Cut(strings.ToLower(found[1]), " ")
	called := wordsToCompare(name)
	isColleagues := slices.ContainsFunc(dir.Agents, func(a store.Agent) bool { // by the last name, too
		return a.Active && isNamed(bridge.PartyRef{Name: a.Name}, name)
	})
	isOthers := slices.Contains(everybodysNames(), name) || isColleagues || dir.FindTeam(name) != nil
	if len(called) == 0 || isOthers || !bridge.IsSalutation(greeting) {
		return false
	}
	return slices.ContainsFunc(names, func(known string) bool {
		words := wordsToCompare(known)
		return slices.Equal(called, words) || len(words) > 0 && slices.Equal(called, words[:1])
	})
}

// wordsToCompare returns the words of a text, normalised for the comparison of names: in lower case, without
// accents and apostrophes. For "O'Brien, José-María" it returns "obrien", "jose" and "maria".
func wordsToCompare(text string) []string {
	words := strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && !offline.IsApostrophe(r)
	})
	for i, word := range words {
		words[i] = offline.Fold(word)
	}
	return words
}

// atName matches a name that was typed after an @. A name that was picked from the chat's list is a mention and
// never gets here. The @ in a mail address doesn't match, because it follows a letter or a digit.
var atName = regexp.MustCompile(`(?:^|[^\p{L}\p{M}\p{N}])[@＠]([\p{L}\p{M}\p{N}'’-]+)`)

// namesAfterAt returns the names that follow an @, in lower case.
func namesAfterAt(typed string) (names []string) {
	for _, found := range atName.FindAllStringSubmatch(typed, -1) {
		names = append(names, strings.ToLower(found[1]))
	}
	return names
}

// beginning matches the words before the first comma, colon, semicolon, question or exclamation mark, dash or
// end of line, if they could be names: letters, dots, apostrophes and hyphens.
var beginning = regexp.MustCompile(`^[^\p{L}\n]*([\p{L}\p{M}.'’ \x{00a0}-]{1,80}?)\s*(?:[,،、，:：!！?？;\n]|\s[-–—]|$)`)

// nameAtBeginning returns what may be the name of the person whom a text addresses at its beginning, in lower
// case and without a greeting, or "". For "Hi Ben Ng - please" it returns "ben ng".
func nameAtBeginning(typed string) string {
	found := beginning.FindStringSubmatch(typed)
	if found == nil {
		return ""
	}
	return strings.Join(withoutGreeting(strings.Fields(strings.ToLower(found[1]))), " ")
}

// withoutGreeting removes a greeting from the beginning of words, which are in lower case.
func withoutGreeting(words []string) []string {
	if len(words) > 1 && bridge.IsGreeting(words[0]) {
		return words[1:]
	}
	return words
}

// nameBeforeRequest returns the first word after a greeting, in lower case, if a request or a question follows
// it without a comma: "ben" for "Ben can you check?" and "Ben please check". Otherwise it returns "".
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

// pleas returns words that begin a request after a name, in lower case.
func pleas() []string { return []string{"please", "pls", "plz", "bitte"} }

// questionWords returns words that begin a question after a name, in lower case.
func questionWords() []string {
	return []string{
		"can you", "could you", "would you", "do you", "did you", "have you", "are you", "any", "is", "what", "who", "how", "when", "where",
		"why", "kannst", "könntest", "weißt", "hast", "bist", "tu peux", "tu sais", "puedes", "sabes", "puoi", "sai", "kun", "weet",
	}
}

// question matches a question mark that ends a sentence, as opposed to one in a URL.
var question = regexp.MustCompile(`[?？؟][!?！？؟"'”»)*_~]*(?:\s|$)`)

// awaitsAnswer reports whether a note asks something or addresses a colleague, so that the next text may be an
// answer to it.
func awaitsAnswer(dir *Directory, note string) bool {
	return question.MatchString(note) || namingOf(dir, nil, note) != NamesNobody
}
