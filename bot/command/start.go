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

// start reads "[account] recipient text"; bad says for people what is wrong. A recipient is an address
// or a number. Behind an account it may be any word, because only the account knows which ones are good.
func start(p *Parsed, text string, opt Options) (bad string) {
	text = typed.Trim(typed.Unlink(text))
	first, rest := field(text)
	if !recipient(first) && accountName.MatchString(first) {
		p.Args.Account = first
		text = rest
		first, rest = field(text)
	}
	switch {
	case first == "":
		return ""
	case strings.HasPrefix(first, "+") || phonePart.MatchString(first):
		p.Args.Recipient, rest = phoneNumber(text)
	default:
		p.Args.Recipient = strings.TrimPrefix(first, "mailto:")
	}
	if p.Args.Account == "" && !recipient(p.Args.Recipient) {
		return "“" + typed.Clip(p.Args.Recipient) + "” is no address."
	}
	if rest == "" {
		return ""
	}
	p.Text, bad = replyText(rest, opt)
	return bad
}

// recipient says that a word looks like an address or a number.
func recipient(s string) bool {
	digits := strings.NewReplacer(" ", "").Replace(s)
	return typed.IsAddress(strings.TrimPrefix(s, "mailto:")) || typed.IsPhone(digits) || phonePart.MatchString(digits) && strings.HasPrefix(digits, "+")
}

// phoneNumber takes the groups of a number off the front.
func phoneNumber(text string) (number, rest string) {
	for {
		part, after := field(text)
		if part == "" || !phonePart.MatchString(part) || number != "" && typed.DigitsIn(number) >= phoneDigits {
			return number, text
		}
		number, text = typed.Trim(number+" "+part), after
	}
}

// field cuts the first word off.
func field(text string) (first, rest string) {
	i := strings.IndexFunc(text, typed.Blank)
	if i < 0 {
		return text, ""
	}
	return text[:i], typed.Trim(text[i:])
}
