package analysis

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// opaque are the compiled expressions for what a reply must not say unless it was given, though it is neither a link
// nor a long number.
type opaque struct{ disguise, command, digits, token *regexp.Regexp }

//nolint:gochecknoglobals // expressions that never change and cost much to compile
var opaqueOnce = sync.OnceValue(func() opaque {
	return opaque{
		// An address that a reader's program puts together: by entities of HTML, by a dot that Markdown escapes, or
		// without a scheme, by a host and its port.
		disguise: regexp.MustCompile(`(?i)&(#x?[0-9a-f]+|period|colon|sol|commat|lowbar|dash);|[\pL\pN]\\[.:/@][\pL\pN/]|\b[a-z0-9-]+:[0-9]{2,5}/`),
		// A line that is a command where agents work.
		command: regexp.MustCompile(`(?m)^[\s>*_~` + "`" + `-]*[!/]\pL`),
		// Numbers of five digits and more: short telephone numbers, codes.
		digits: regexp.MustCompile(`\pN{5,}`),
		// Words of sixteen letters and digits and more: wallets, tokens, keys.
		token: regexp.MustCompile(`[\pL\pN]{16,}`),
	}
})

// disguised says whether a reply, plain, hides an address, gives a command, or names a number, a wallet or a key that
// is in none of the texts that it may draw on.
func disguised(look string, given ...string) bool {
	o := opaqueOnce()
	if o.disguise.MatchString(look) || o.command.MatchString(look) {
		return true
	}
	words := o.digits.FindAllString(compiled().number.ReplaceAllString(look, " "), -1) // longer ones are judged by the vocabulary
	for _, w := range o.token.FindAllString(look, -1) {
		if strings.IndexFunc(w, unicode.IsDigit) >= 0 {
			words = append(words, w)
		}
	}
	from := strings.Join(given, "\n")
	for _, w := range words {
		if !strings.Contains(from, w) {
			return true
		}
	}
	return false
}

// sourceTexts gives the words of the sources that a reply cites, and of the desk's links of numbers, plain.
func sourceTexts(q Question, cited []string) string {
	var all []string
	for _, s := range q.Desk.Sources {
		for _, id := range cited {
			if id == s.ID {
				all = append(all, s.Title, s.Link, s.Text, s.Reply)
			}
		}
	}
	for _, p := range q.Desk.References {
		all = append(all, p.Link)
	}
	return plain(strings.Join(all, "\n"))
}
