package setup

import (
	"fmt"
	"strings"
	"unicode"

	"parley/bridge"
)

// readEmoji reads the verbs of a team's own emoji, by the emoji's names. It returns nil if the file has none.
func (o *object) readEmoji(name string) map[string]string {
	group := o.group(name)
	if group == nil {
		return nil
	}

	allowed := []string{bridge.NoVerb}
	for _, v := range bridge.EmojiVerbs() {
		allowed = append(allowed, string(v))
	}

	verbs := map[string]string{}
	for _, key := range group.Rest() {
		t := group.Text(key)
		if t == nil {
			continue
		}

		group.checkOneOf(*t, key, allowed...)
		short := bridge.EmojiName(key)
		if !strings.ContainsFunc(short, isNameRune) {
			group.Fault(t.At, key, "is not the name of an emoji", "Write the name that chats give it: rocket.")
		}

		before, twice := verbs[short]
		if twice && before != t.Value {
			group.Fault(t.At, key, fmt.Sprintf("stands for %s already", before), "An emoji stands for one verb: keep one of the lines.")
		}

		verbs[short] = t.Value
	}

	group.Done()
	return verbs
}

// isNameRune reports whether a character belongs to a name. An emoji itself does not: 👍 has the name +1.
func isNameRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
