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

// typedName finds a name after an @ that was typed, and not picked from the chat's list, so that it is no mention.
var typedName = regexp.MustCompile(`^\s*@([\p{L}\p{M}\p{N}'’-]+)`)

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

// isToColleague reports whether a typed text begins by addressing a colleague by the first or the whole name: "Ben, …",
// "Hi Ben, …" or "@ben …". It doesn't matter that the customer may have the same name, since nobody can tell who is meant.
func (sp *UseCases) isToColleague(author *store.Agent, typed string) bool {
	found := typedName.FindStringSubmatch(typed)
	if found == nil {
		found = salutation.FindStringSubmatch(typed)
	}
	if found == nil {
		return false
	}

	name := strings.ToLower(strings.Join(strings.Fields(found[1]), " "))
	greeting, rest, hasRest := strings.Cut(name, " ")
	if hasRest && slices.Contains(greetingWords(), greeting) {
		name = rest
	}
	if name == "" {
		return false
	}

	return slices.ContainsFunc(sp.Dir.Agents, func(a store.Agent) bool {
		isAuthor := author != nil && a.ID == author.ID
		if !a.Active || isAuthor {
			return false
		}

		whole := strings.ToLower(strings.Join(strings.Fields(a.Name), " "))
		first, _, _ := strings.Cut(whole, " ")
		return name == whole || name == first
	})
}
