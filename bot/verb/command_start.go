package verb

import (
	"regexp"
	"slices"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// This file parses the arguments of "new", the verb that starts a conversation: "new ann@example.com Hello"
// or, with the sending account, "new shop-sms +1 415 555 0100 Hello". A telephone number may be written in
// groups, so it isn't always clear where it ends and the text begins. Parley refuses an ambiguous command: it
// must not text half a number.

var (
	// accountName matches the name of an account in the configuration file.
	commandAccountName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`)
	// phonePart matches one group of a telephone number that is written with spaces.
	phonePart = regexp.MustCompile(`^\+?[0-9()./-]+$`)
)

// Numbers of digits in telephone numbers. The maximum is from ITU-T E.164, section 6.2.
const (
	minPhoneDigits = 7  // after fewer digits, the next group always belongs to the number
	phoneDigits    = 10 // a number with country code may be complete from here on
	maxPhoneDigits = 15
)

// readStart parses "[account] recipient text" into p. A recipient is an address or a telephone number. After
// an account it may be any word, because only the account can validate it. problem is a message for the agent
// if the text can't be used, and otherwise "".
func readStartCommand(p *Parsed, text string, opt Options) (problem string) {
	text = shape.Trim(shape.Unlink(text))
	first, rest := cutWord(text)
	if !isLikelyRecipient(first) && commandAccountName.MatchString(first) {
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
		return "“" + shape.Clip(p.Args.Recipient) + "” isn't an address."
	}
	if rest == "" {
		return ""
	}

	p.Text, problem = replyText(rest, opt)
	if problem != "" {
		return problem
	}
	const asItStands = " To send it as it stands, use the form New conversation."
	switch markerBelow(p.Text, opt) {
	case bridge.MarkNoteBelow:
		return "One of its lines begins like a note." + asItStands
	case bridge.MarkCommandBelow:
		return "One of its lines begins like a command." + asItStands
	default:
		return ""
	}
}

// isLikelyRecipient reports whether a word looks like an address or a telephone number.
func isLikelyRecipient(s string) bool {
	if shape.IsAddress(strings.TrimPrefix(s, "mailto:")) {
		return true
	}
	digits := strings.ReplaceAll(s, " ", "")
	beginsNumber := strings.HasPrefix(digits, "+") && phonePart.MatchString(digits)
	return beginsNumber || shape.IsPhone(digits)
}

// cutPhoneNumber splits off the telephone number at the beginning of a text. The number ends at the end of
// the line if it fills the line, and otherwise before the first word that isn't a group of digits. If a group
// may belong to either the number or the text, problem is a message for the agent:
//
//	+1 415 555 0100 Hello     "+1 415 555 0100", "Hello"
//	+1 415 555 0100           the number is the whole line
//	+1 415 555 0100 3 lamps   problem: "3" may belong to either
func cutPhoneNumber(text string) (number, rest, problem string) {
	first, after := cutWord(text)
	if countDigits(first) >= phoneDigits {
		return first, after, ""
	}

	line, laterLines, _ := strings.Cut(text, "\n")
	words := strings.FieldsFunc(line, shape.IsBlank)
	hasOtherWord := slices.ContainsFunc(words, func(word string) bool { return !phonePart.MatchString(word) })
	if !hasOtherWord && countDigits(line) <= maxPhoneDigits {
		return strings.Join(words, " "), shape.Trim(laterLines), ""
	}

	for {
		part, after := cutWord(text)
		isComplete := countDigits(number) >= phoneDigits
		nextGroup := firstDigits(text)
		wouldBeTooLong := countDigits(number+nextGroup) > maxPhoneDigits
		switch {
		case !phonePart.MatchString(part):
			return number, text, ""
		case isComplete && wouldBeTooLong:
			return number, text, ""
		case mayBeginText(number, nextGroup):
			return "", text, "I can't see where the number ends. Write it without spaces, or the text on the next line."
		case isComplete: // the next group has no digits, such as a dash
			return number, text, ""
		}

		number = shape.Trim(number + " " + part)
		text = after
	}
}

// firstDigits returns the first group with digits at the beginning of a text, skipping groups without digits
// such as a dash. It returns "" if another word comes first.
func firstDigits(text string) string {
	for {
		part, after := cutWord(text)
		if !phonePart.MatchString(part) || countDigits(part) > 0 {
			return phonePart.FindString(part)
		}
		text = after
	}
}

// mayBeginText reports whether the group of digits after a number is ambiguous: it may continue the number,
// or begin the text as in "3 lamps" or "24.12. we close".
func mayBeginText(number, group string) bool {
	digits, groupDigits := countDigits(number), countDigits(group)
	if digits < minPhoneDigits || groupDigits == 0 {
		return false
	}

	mayBeDate := strings.ContainsAny(group, "./")
	if !strings.HasPrefix(number, "+") { // without a country code, numbers are shorter
		return digits > minPhoneDigits || groupDigits < 3 || mayBeDate
	}

	isOneWord := !strings.ContainsFunc(number, shape.IsBlank)
	return digits >= phoneDigits || isOneWord || groupDigits == 1 || mayBeDate
}

// cutWord splits the first word off a text.
func cutWord(text string) (first, rest string) {
	i := strings.IndexFunc(text, shape.IsBlank)
	if i < 0 {
		return text, ""
	}
	return text[:i], shape.Trim(text[i:])
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
