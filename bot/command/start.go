package command

import (
	"regexp"
	"strings"

	"parley/bot/typed"
)

var (
	// accountName is how accounts are called in the set-up file.
	accountName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`)
	// phonePart is one group of a number that is written with spaces.
	phonePart = regexp.MustCompile(`^\+?[0-9()./-]+$`)
)

// phoneDigits is how many digits make a telephone number complete: groups of digits that follow are
// the beginning of the text.
const phoneDigits = 10

// readStart reads "[account] recipient text"; bad says for people what is wrong. A recipient is an address
// or a number. Behind an account it may be any word, because only the account knows which ones are good.
func readStart(p *Parsed, text string, opt Options) (bad string) {
	text = typed.Trim(typed.Unlink(text))
	first, rest := cutWord(text)
	if !isLikelyRecipient(first) && accountName.MatchString(first) {
		p.Args.Account = first
		text = rest
		first, rest = cutWord(text)
	}

	switch {
	case first == "":
		return ""
	case strings.HasPrefix(first, "+") || phonePart.MatchString(first):
		p.Args.Recipient, rest = cutPhoneNumber(text)
	default:
		p.Args.Recipient = strings.TrimPrefix(first, "mailto:")
	}

	if p.Args.Account == "" && !isLikelyRecipient(p.Args.Recipient) {
		return "“" + typed.Clip(p.Args.Recipient) + "” is no address."
	}
	if rest == "" {
		return ""
	}

	p.Text, bad = replyText(rest, opt)
	return bad
}

// isLikelyRecipient reports whether a word looks like an address or a number.
func isLikelyRecipient(s string) bool {
	if typed.IsAddress(strings.TrimPrefix(s, "mailto:")) {
		return true
	}
	digits := strings.ReplaceAll(s, " ", "")
	beginsNumber := strings.HasPrefix(digits, "+") && phonePart.MatchString(digits)
	return beginsNumber || typed.IsPhone(digits)
}

// cutPhoneNumber reads the groups of a number at the beginning of a text.
func cutPhoneNumber(text string) (number, rest string) {
	for {
		part, after := cutWord(text)
		isComplete := typed.DigitsIn(number) >= phoneDigits
		if isComplete || !phonePart.MatchString(part) {
			return number, text
		}
		number = typed.Trim(number + " " + part)
		text = after
	}
}

// cutWord splits the first word off a text.
func cutWord(text string) (first, rest string) {
	i := strings.IndexFunc(text, typed.Blank)
	if i < 0 {
		return text, ""
	}
	return text[:i], typed.Trim(text[i:])
}
