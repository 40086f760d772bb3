package speech

import (
	"regexp"
	"slices"
	"strings"

	"parley/store"
)

// salutation finds whom a text addresses at its beginning: the words before its first comma, colon,
// exclamation mark or dash, as in "Ben, can you check?" or "Hi Ben - please".
var salutation = regexp.MustCompile(`^[^\p{L}\n]*([\p{L}\p{M}.'’ \x{00a0}-]{1,80}?)\s*(?:[,،、，:：!！;\n]|\s[-–—]|$)`)

// typedName finds the names after an @ that were typed, and not picked from the chat's list, so that they are no mentions. An @ inside
// a mail address has no name behind it.
var typedName = regexp.MustCompile(`(?:^|[^\p{L}\p{M}\p{N}])[@＠]([\p{L}\p{M}\p{N}'’-]+)`)

// greetingWords returns the words that may stand before a name, in small letters.
func greetingWords() []string {
	return []string{
		"hi", "hey", "hello", "dear", "thanks", "sorry", "ok", "okay", "yes", "no",
		"hallo", "moin", "servus", "danke", "liebe", "lieber",
		"salut", "bonjour", "merci", "cher", "chère",
		"hola", "gracias", "olá", "oi", "obrigado", "obrigada",
		"ciao", "grazie", "caro", "cara",
		"hoi", "dag", "bedankt", "beste",
		"cześć", "hej", "dzięki", "hejsan", "tack", "tak", "kære", "ahoj", "dík", "díky",
		"merhaba", "selam", "teşekkürler", "sevgili",
	}
}

// isToColleague reports whether a typed text addresses a colleague, or Parley, by the first or the whole name: at its beginning, as in
// "Ben, …" and "Hi Ben, …", or anywhere behind an @, as in "Can you check, @ben?". It is true even if the customer has the same name,
// since nobody can tell who is meant.
func isToColleague(agents []store.Agent, author *store.Agent, typed string) bool {
	for _, found := range typedName.FindAllStringSubmatch(typed, -1) {
		name := strings.ToLower(found[1])
		if name == "parley" || isColleague(agents, author, name) {
			return true
		}
	}

	found := salutation.FindStringSubmatch(typed)
	if found == nil {
		return false
	}
	name := strings.ToLower(strings.Join(strings.Fields(found[1]), " "))
	greeting, rest, hasRest := strings.Cut(name, " ")
	if hasRest && slices.Contains(greetingWords(), greeting) {
		name = rest
	}
	return isColleague(agents, author, name)
}

// question finds a question mark that ends a sentence, so that it isn't part of a web address.
var question = regexp.MustCompile(`[?？؟][!?！？؟"'”»)*_~]*(?:\s|$)`)

// awaitsAnswer reports whether a note asks something, or addresses a colleague: what is typed next may be the answer.
func awaitsAnswer(agents []store.Agent, note string) bool {
	return question.MatchString(note) || isToColleague(agents, nil, note)
}

// isColleague reports whether an active one of some agents besides the author has a name, in small letters, as first or whole name.
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
