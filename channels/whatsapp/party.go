package whatsapp

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"parley/channels"
)

// userIDPattern matches a business-scoped user id (BSUID): US.13491208655302741918, US.ENT.118….
// Source: Cloud API, "Business-scoped user IDs".
var userIDPattern = regexp.MustCompile(`^[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}$`)

// phonePattern matches a phone number in the form of webhooks: without +.
var phonePattern = regexp.MustCompile(`^[1-9][0-9]{4,14}$`)

// phoneKey returns a phone number in E.164; "" if s is none.
func phoneKey(s loose) string {
	digits := strings.TrimPrefix(strings.TrimSpace(string(s)), "+")
	if !phonePattern.MatchString(digits) {
		return ""
	}
	return "+" + digits
}

// userKey returns a user id; "" if s is none.
func userKey(s loose) string {
	if id := strings.TrimSpace(string(s)); userIDPattern.MatchString(id) {
		return id
	}
	return ""
}

// partyOf returns the customer with these ids. The user id is the key if it is known, because it stays when
// WhatsApp hides the phone number, and all webhooks have it from then on.
func partyOf(userID, waID loose, name string) channels.Party {
	p := channels.Party{Name: name, Lasting: userKey(userID) != ""}
	keys := []string{userKey(userID), phoneKey(waID)}
	keys = append(keys, keysOfNumber(keys[1])...)
	for _, key := range keys {
		switch {
		case key == "" || key == p.Key || slices.Contains(p.Also, key):
		case p.Key == "":
			p.Key = key
		default:
			p.Also = append(p.Also, key)
		}
	}
	return p
}

// keysOfNumber returns the phone numbers that people may use for a WhatsApp id that differs from them: with or
// without Brazil's ninth digit, Mexico's 1 and Argentina's 9.
func keysOfNumber(key string) []string {
	switch {
	case strings.HasPrefix(key, "+521") && len(key) == 14:
		return []string{"+52" + key[4:]}
	case strings.HasPrefix(key, "+52") && len(key) == 13:
		return []string{"+521" + key[3:]}
	case strings.HasPrefix(key, "+549") && len(key) == 14:
		return []string{"+54" + key[4:]}
	case strings.HasPrefix(key, "+55") && len(key) == 13 && key[5] >= '6':
		return []string{key[:5] + "9" + key[5:]}
	case strings.HasPrefix(key, "+55") && len(key) == 14 && key[5] == '9':
		return []string{key[:5] + key[6:]}
	}
	return nil
}

// nameOf returns the name that a customer has chosen.
func nameOf(c contact) string {
	if name := clippedLine(c.Profile.Name, 100); name != "" {
		return name
	}
	if name := clippedLine(c.Profile.Username, 100); name != "" {
		return "@" + strings.TrimPrefix(name, "@")
	}
	return ""
}

// clippedLine shortens a text of a customer or provider to one line of at most maxRunes characters.
func clippedLine(s loose, maxRunes int) string {
	text := strings.Join(strings.FieldsFunc(string(s), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\u202e' || r == '\u202d' || r == unicode.ReplacementChar
	}), " ")
	if r := []rune(text); len(r) > maxRunes {
		return string(r[:maxRunes-1]) + "…"
	}
	return text
}
