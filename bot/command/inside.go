package command

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"parley/bot/typed"
	"parley/bridge"
	"parley/bridge/spelling"
)

// A text that an agent types in a chat thread goes to the customer, unless the agent marks it as an internal note
// with "note: …" or "// …". Many people use words of their own instead: "internal - she is angry", "FYI, …",
// "Notiz an mich". This file recognizes such texts in twelve languages. Parley asks the agent before it sends one
// of them.

// internalWords returns the words that introduce an internal text, by language: lower case, and separated by ", ". Words that
// also begin ordinary sentences to customers aren't among them.
func internalWords() map[string]string {
	return map[string]string{
		"English": "note, notes, note to self, internal, internally, private, privately, confidential, for internal use, team note, " +
			"not for the customer, not for customers",
		"German":     "notiz, notizen, intern, interne, interner, internes, anmerkung, anmerkungen, privat, vertraulich, nur intern",
		"French":     "note, notes, interne, en interne, privé, privée, confidentiel, remarque, entre nous",
		"Spanish":    "nota, notas, interno, interna, privado, privada, confidencial, entre nosotros",
		"Portuguese": "nota, notas, interno, interna, privado, privada, confidencial, observação",
		"Italian":    "nota, note, appunti, interno, interna, privato, privata, confidenziale",
		"Dutch":      "notitie, notities, opmerking, intern, interne, privé, vertrouwelijk, onder ons",
		"Polish":     "notatka, notatki, wewnętrzne, wewnętrzna, wewnętrznie, prywatne, prywatnie, poufne, uwaga wewnętrzna",
		"Swedish":    "anteckning, anteckningar, notering, internt, intern, privat, konfidentiellt",
		"Danish":     "note, noter, notat, internt, intern, privat, fortroligt",
		"Czech":      "poznámka, poznámky, interně, interní, soukromé, soukromá, důvěrné",
		"Turkish":    "notlar, dahili, iç not, şirket içi, gizli",
	}
}

// allInternalWords returns the words of all languages as plainLetters writes them, longest first.
var allInternalWords = sync.OnceValue(func() []string { //nolint:gochecknoglobals // a table that never changes
	var list []string
	for _, words := range internalWords() {
		list = append(list, strings.Split(plainLetters(words), ", ")...)
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return slices.Compact(list)
})

// beginningRunes limits how much of a line is compared with the table. It exceeds the longest word.
const beginningRunes = 80

// startsLikeNote reports whether a text begins like an internal note: "internal: …", "Note - …", "(note) …",
// "note customer is angry".
func startsLikeNote(text string) bool {
	if strings.HasPrefix(text, internalSign) {
		return true
	}
	if _, found := cutInternalWord(text); found {
		return true
	}
	after, isFYI := strings.CutPrefix(plainBeginning(text), "fyi") // a reply may have it in a later line
	return isFYI && !continuesWord(after) || isMistypedNote(text)
}

// internalSign is the emoji with which Parley marks internal texts. Agents who know it may type it before a
// note of their own.
const internalSign = "🔒"

// isMistypedNote reports whether a line begins with "note:" with one typing error: "ntoe: …".
func isMistypedNote(line string) bool {
	word, _, hasColon := strings.Cut(plainBeginning(line), ":")
	switch word = strings.TrimRight(word, " *_~`"); word {
	case "noted", "none", "nope", "vote": // real words
		return false
	}
	return hasColon && spelling.CountSlips(word, "note") == 1
}

// markerBelow returns the marker of a text of which a line after the first begins like a note or with a command: "note: …",
// "// …", "(internal) …", "!resolve". It is stricter than startsLikeNote: a word needs a separator after it, since
// replies contain such lines. A "!" or "/" needs a verb after it.
func markerBelow(text string, opt Options) bridge.Marker {
	for line := range laterLines(text, opt) {
		if isCommandLine(line) {
			return bridge.MarkCommandBelow
		}
		marker, _ := cutMarker(line)
		after, found := cutInternalWord(line)
		isNote := found && isSetApart(after)
		if isNote || marker == bridge.MarkNote {
			return bridge.MarkNoteBelow
		}
	}
	return bridge.MarkNone
}

// HasCommandLine reports whether a line after the first begins with a command: "!resolve", "/note he lies".
func HasCommandLine(text string) bool {
	for line := range laterLines(text, Options{}) {
		if isCommandLine(line) {
			return true
		}
	}
	return false
}

// laterLines returns the lines of a text after the first, without what may precede a marker.
func laterLines(text string, opt Options) iter.Seq[string] {
	return func(yield func(string) bool) {
		_, later, _ := strings.Cut(typed.Trim(text), "\n")
		for line := range strings.SplitSeq(later, "\n") {
			if _, rest := splitBeforeMarker(line, opt); !yield(rest) {
				return
			}
		}
	}
}

// isCommandLine reports whether a line begins with a command's sign and its word: "!resolve", "/note he lies". A path
// such as "/tag/red" is none.
func isCommandLine(line string) bool {
	switch marker, after := cutMarker(line); marker {
	case bridge.MarkBang:
		return beginsWithVerb(after)
	case bridge.MarkSlash:
		word := verbName.FindString(after)
		return beginsWithVerb(after) && !strings.HasPrefix(after[len(word):], "/")
	case bridge.MarkNone, bridge.MarkNote, bridge.MarkLone, bridge.MarkColleagues, bridge.MarkNoteBelow, bridge.MarkCommandBelow:
	}
	return false
}

// cutInternalWord reports whether a line begins with an internal word. after is the rest of plainBeginning(line).
func cutInternalWord(line string) (after string, found bool) {
	plain := plainBeginning(line)
	for _, w := range allInternalWords() {
		after, ok := strings.CutPrefix(plain, w)
		if ok && !continuesWord(after) {
			return after, true
		}
	}
	return "", false
}

// plainBeginning normalizes the beginning of a line for comparison with the table: lower case, without accents and
// invisible characters, and without the brackets, bullets and symbols before the first word.
func plainBeginning(line string) string {
	var b strings.Builder
	runes := 0
	for _, r := range line {
		runes++
		if runes > beginningRunes || r == '\n' {
			break
		}

		switch {
		case r > ' ' && r < unicode.MaxASCII: // fast path: no Unicode tables needed
			b.WriteRune(r)
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case !typed.IsBlank(r):
			b.WriteRune(foldRune(r))
		}
	}

	plain := plainLetters(b.String())
	plain = pointMark.ReplaceAllString(strings.TrimLeft(plain, " "), "")
	return strings.TrimLeftFunc(plain, func(r rune) bool {
		return isSymbol(r) || strings.ContainsRune(" ([{<\"'“”„«»「『【〔〖《〈*_~`#>-–—•‣⁃·・※+:", r)
	})
}

// plainLetters returns a text in lower case without accents.
func plainLetters(s string) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII && unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(s))
}

// continuesWord reports whether a text begins with a letter, a vowel sign or a digit, and so continues the
// word before it.
func continuesWord(s string) bool {
	for _, r := range s {
		return unicode.IsLetter(r) || unicode.Is(unicode.Mc, r) || unicode.IsDigit(r)
	}
	return false
}

// isSetApart reports whether a separator follows a word, so that it isn't part of a sentence. after is the
// text after the word. It is true for "note: …", "(note) …" and "note - …", and false for "note-book".
func isSetApart(after string) bool {
	after = strings.TrimLeft(after, " *_~`")
	if strings.IndexAny(after, ":)]}|=>」』】〕〗》〉") == 0 {
		return true
	}
	for _, dash := range []string{"-", "–", "—"} {
		if rest, ok := strings.CutPrefix(after, dash); ok {
			return rest == "" || !continuesWord(rest)
		}
	}
	return false
}
