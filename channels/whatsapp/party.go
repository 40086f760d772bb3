package whatsapp

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"parley/channels"
)

// userIDPattern is a business-scoped user id (BSUID): a country, perhaps ENT, and letters.
// Source: Cloud API, "Business-scoped user IDs".
var userIDPattern = regexp.MustCompile(`^[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}$`)

// phonePattern is a number as webhooks write it.
var phonePattern = regexp.MustCompile(`^[1-9][0-9]{4,14}$`)

// phoneKey gives a phone number in E.164, "" if it is none.
func phoneKey(s loose) string {
	digits := strings.TrimPrefix(strings.TrimSpace(string(s)), "+")
	if !phonePattern.MatchString(digits) {
		return ""
	}
	return "+" + digits
}

// userKey gives a user id, "" if it is none.
func userKey(s loose) string {
	if id := strings.TrimSpace(string(s)); userIDPattern.MatchString(id) {
		return id
	}
	return ""
}

// partyOf makes a customer of his ids. The user id is the key where it is known: it stays
// when WhatsApp hides the phone number, and is what every webhook has from then on.
func partyOf(userID, waID loose, name string) channels.Party {
	p := channels.Party{Name: name}
	keys := []string{userKey(userID), phoneKey(waID)}
	keys = append(keys, dialled(keys[1])...)
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

// dialled gives how people may write a number whose WhatsApp id differs from it: Brazil's
// ninth digit, Mexico's 1 and Argentina's 9.
func dialled(key string) []string {
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

// nameOf gives what a customer calls himself.
func nameOf(c contact) string {
	if name := line(c.Profile.Name, 100); name != "" {
		return name
	}
	if name := line(c.Profile.Username, 100); name != "" {
		return "@" + strings.TrimPrefix(name, "@")
	}
	return ""
}

// line makes one line of what a customer or a provider wrote, at most so many characters.
func line(s loose, most int) string {
	text := strings.Join(strings.FieldsFunc(string(s), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\u202e' || r == '\u202d' || r == unicode.ReplacementChar
	}), " ")
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}
