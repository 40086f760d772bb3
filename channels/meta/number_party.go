package meta

import (
	"regexp"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"parley/channels"
)

// A customer has a phone number, a user id (US.13491208655302741918), or both. WhatsApp hides the phone
// number of a customer who has chosen a user name. Each business gets its own user id for her, which remains
// when she changes the number. Parley stores the user id as the customer's key if it is known, and otherwise
// the phone number.
// Source: Cloud API, "Business-scoped user IDs".

// userIDPattern matches a user id: US.13491208655302741918, US.ENT.118….
var userIDPattern = regexp.MustCompile(`^[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}$`)

// phonePattern matches a phone number as webhooks write it: without "+".
var phonePattern = regexp.MustCompile(`^[1-9][0-9]{4,14}$`)

// phoneKey returns a phone number in E.164, or "" if s isn't a phone number.
func phoneKey(s loose) string {
	digits := strings.TrimPrefix(strings.TrimSpace(string(s)), "+")
	if !phonePattern.MatchString(digits) {
		return ""
	}
	return "+" + digits
}

// userKey returns a user id, or "" if s isn't a user id.
func userKey(s loose) string {
	if id := strings.TrimSpace(string(s)); userIDPattern.MatchString(id) {
		return id
	}
	return ""
}

// partyOf returns the customer with these ids. The key is the user id, with the phone number as Party.Phone for
// people to read, or without a user id the phone number. Party.Also has the other id, and other spellings of the
// same phone number: in some countries, WhatsApp and people write it differently.
func partyOf(userID, waID loose, name string) channels.Party {
	p := channels.Party{Name: name, Lasting: userKey(userID) != ""}
	phone := phoneKey(waID)
	if p.Lasting {
		p.Phone = phone
	}
	keys := append([]string{userKey(userID), phone}, channels.OtherForms(phone)...)
	for _, key := range keys {
		if key == "" || key == p.Key {
			continue
		}

		if p.Key == "" {
			p.Key = key
		} else if !slices.Contains(p.Also, key) {
			p.Also = append(p.Also, key)
		}
	}

	return p
}

// Recipient implements channels.Starter. typed is a phone number with its country code, or a user id.
func (c *Number) Recipient(typed string) (channels.Party, error) {
	return readAddress(typed, phonenumbers.IsValidNumber)
}

// readKnownAddress is Spec.ReadAddress. It also accepts numbers that no country has assigned, because Meta
// uses such numbers for tests, and messages arrive from them.
func readKnownAddress(_ channels.Config, typed string) (channels.Party, error) {
	return readAddress(typed, func(n *phonenumbers.PhoneNumber) bool {
		return phonenumbers.IsPossibleNumberWithReason(n) == phonenumbers.IS_POSSIBLE // not merely possible without the area code
	})
}

// readAddress parses what somebody typed: a user id, or a phone number with its country code that canExist
// accepts.
// Errors: *channels.SendError of class BadRecipient.
func readAddress(typed string, canExist func(*phonenumbers.PhoneNumber) bool) (channels.Party, error) {
	typed = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(typed), "whatsapp:"))
	if user := userKey(loose(typed)); user != "" {
		return channels.Party{Key: user}, nil
	}
	if rest, ok := strings.CutPrefix(typed, "00"); ok {
		typed = "+" + rest
	}
	if !strings.HasPrefix(typed, "+") {
		return channels.Party{}, &channels.SendError{
			Class: channels.BadRecipient,
			Text:  "The number has no country code.",
			Hint:  "Write it like +49 170 1234567.",
		}
	}

	n, err := phonenumbers.Parse(typed, "")
	if err != nil || !canExist(n) {
		return channels.Party{}, &channels.SendError{
			Class: channels.BadRecipient,
			Text:  "No such phone number can exist.",
			Hint:  "Check it: +, country code, number.",
			Cause: err,
		}
	}

	key := phonenumbers.Format(n, phonenumbers.E164)
	return channels.Party{Key: key, Also: channels.OtherForms(key)}, nil
}

// nameOf returns the name or user name that a customer has chosen, or "".
func nameOf(c contact) string {
	if name := clippedLine(c.Profile.Name, maxName); name != "" {
		return name
	}
	if name := clippedLine(c.Profile.Username, maxName); name != "" {
		return "@" + strings.TrimPrefix(name, "@")
	}
	return ""
}
