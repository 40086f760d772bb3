package slackfake

import (
	"regexp"
	"strings"
)

var (
	// chip is what Slack's editor shows as one thing: a mention, a channel or a link with words.
	chip = regexp.MustCompile(`<(?:@[UW][A-Z0-9]+|#C[A-Z0-9]+|!here|!channel|!everyone|!subteam\^S[A-Z0-9]+|` +
		`(?:https?://|mailto:)[^<>|]+)(?:\|[^<>]*)?>`)
	bareURL = regexp.MustCompile(`https?://[^\s<>|]*[^\s<>|.,;:!?)'"*_~]`)

	typedBullet = regexp.MustCompile(`(?m)^(\s*)[-*] `)
)

// WireText turns typed text into Slack's form. It escapes & < and >, also the mark of a quotation, keeps chips, puts
// addresses into <>, and makes bullets of the marks of lists.
func WireText(text string) string {
	text = typedBullet.ReplaceAllString(text, "$1• ")
	var b strings.Builder
	plainPart := func(t string) {
		t = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(t)
		b.WriteString(bareURL.ReplaceAllString(t, "<$0>"))
	}

	last := 0
	for _, at := range chip.FindAllStringIndex(text, -1) {
		plainPart(text[last:at[0]])
		b.WriteString(text[at[0]:at[1]])
		last = at[1]
	}

	plainPart(text[last:])
	return b.String()
}
