package command

import (
	"regexp"
	"slices"
	"strings"

	"parley/bot/typed"
)

var (
	// accountName is how accounts are called in the set-up file.
	accountName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`)
	// phonePart is one group of a number that is written with spaces.
	phonePart = regexp.MustCompile(`^\+?[0-9()./-]+$`)
)

// This file reads what follows "new", the verb that begins a conversation: "new ann@example.com Hello" or, with the account
// that is to send it, "new shop-sms +1 415 555 0100 Hello". A number may be written in groups, as here. Then it isn't
// always clear where the number ends and the text begins, and Parley rather refuses than sends a text to half a number.

// How many digits telephone numbers have. Source of the maximum: ITU-T E.164, section 6.2.
const (
	minPhoneDigits = 7  // with fewer, the next group of digits surely belongs to the number
	phoneDigits    = 10 // with so many, a number with its country code may be complete
	maxPhoneDigits = 15
)

// readStart reads "[account] recipient text" into p. problem says for people what is wrong, and is "" if nothing is. A
// recipient is an address or a number. Behind an account it may be any word, because only the account knows which ones
// are good.
func readStart(p *Parsed, text string, opt Options) (problem string) {
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
		if p.Args.Recipient, rest, problem = cutPhoneNumber(text); problem != "" {
			return problem
		}
	default:
		p.Args.Recipient = strings.TrimPrefix(first, "mailto:")
	}

	if p.Args.Account == "" && !isLikelyRecipient(p.Args.Recipient) {
		return "“" + typed.Clip(p.Args.Recipient) + "” isn't an address."
	}
	if rest == "" {
		return ""
	}

	p.Text, problem = replyText(rest, opt)
	return problem
}

// isLikelyRecipient reports whether a word looks like an address or a telephone number.
func isLikelyRecipient(s string) bool {
	if typed.IsAddress(strings.TrimPrefix(s, "mailto:")) {
		return true
	}
	digits := strings.ReplaceAll(s, " ", "")
	beginsNumber := strings.HasPrefix(digits, "+") && phonePart.MatchString(digits)
	return beginsNumber || typed.IsPhone(digits)
}

// cutPhoneNumber splits the number off the beginning of a text. The number ends with its line if nothing else stands there,
// and otherwise before the first word that is no group of digits. problem says that the next group may belong to the
// number or to the text:
//
//	+1 415 555 0100 Hello     "+1 415 555 0100", "Hello"
//	+1 415 555 0100           the number is the whole line
//	+1 415 555 0100 3 lamps   a problem: "3" may belong to either
func cutPhoneNumber(text string) (number, rest, problem string) {
	first, after := cutWord(text)
	if countDigits(first) >= phoneDigits {
		return first, after, ""
	}

	line, behind, _ := strings.Cut(text, "\n")
	groups := strings.FieldsFunc(line, typed.IsBlank)
	isNoGroup := func(word string) bool { return !phonePart.MatchString(word) }
	isOnlyNumber := !slices.ContainsFunc(groups, isNoGroup)
	if isOnlyNumber && countDigits(line) <= maxPhoneDigits {
		return strings.Join(groups, " "), typed.Trim(behind), ""
	}

	for {
		part, after := cutWord(text)
		isComplete := countDigits(number) >= phoneDigits
		hasNoRoom := countDigits(number+firstDigits(text)) > maxPhoneDigits
		switch {
		case !phonePart.MatchString(part) || isComplete && hasNoRoom:
			return number, text, ""
		case mayBeginText(number, firstDigits(text)):
			return "", text, "I can't see where the number ends. Write it without spaces, or the text on the next line."
		case isComplete: // a group without digits follows, such as a dash
			return number, text, ""
		}

		number = typed.Trim(number + " " + part)
		text = after
	}
}

// firstDigits returns the first group with digits that a text begins with, or "" if there is none. Groups without digits,
// such as a dash, may stand before it.
func firstDigits(text string) string {
	for {
		part, after := cutWord(text)
		if !phonePart.MatchString(part) || countDigits(part) > 0 {
			return phonePart.FindString(part)
		}
		text = after
	}
}

// mayBeginText reports whether the group of digits behind a number may be the beginning of the text as well as a further
// part of the number: "3 lamps", "24.12. we close".
func mayBeginText(number, group string) bool {
	digits, more := countDigits(number), countDigits(group)
	if digits < minPhoneDigits || more == 0 {
		return false
	}

	mayBeDate := strings.ContainsAny(group, "./")
	if !strings.HasPrefix(number, "+") { // a number without a country code, which is shorter
		return digits > minPhoneDigits || more < 3 || mayBeDate
	}

	isInOneWord := !strings.ContainsFunc(number, typed.IsBlank)
	return digits >= phoneDigits || isInOneWord || more == 1 || mayBeDate
}

// cutWord splits the first word off a text.
func cutWord(text string) (first, rest string) {
	i := strings.IndexFunc(text, typed.IsBlank)
	if i < 0 {
		return text, ""
	}
	return text[:i], typed.Trim(text[i:])
}

func countDigits(s string) int {
	n := 0
	for _, r := range s {
		if r >= '0' && r <= '9' {
			n++
		}
	}
	return n
}
