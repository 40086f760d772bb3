package message

import (
	"slices"
	"strings"
	"unicode"

	"parley/channels"
)

// Recipient reads the address of a customer that somebody typed: one address, with or without a name.
// Errors: BadRecipient.
func (c *Composer) Recipient(typed string) (channels.Party, error) {
	party, err := ReadAddress(typed)
	if err == nil && (slices.Contains(c.own, party.Key) || slices.Contains(c.own, WithoutTag(party.Key))) {
		return channels.Party{}, errBadRecipient(party.Key+" is this account's own address.", "Enter the customer's.")
	}
	return party, err
}

// ReadAddress reads an address that somebody typed, with or without a name. It may be the account's own.
// Errors: BadRecipient.
func ReadAddress(typed string) (channels.Party, error) {
	list := Addresses(NewGuesser(), typed)
	wordsAround := len(list) == 1 && list[0].Name != "" && !strings.Contains(typed, "<")
	isPart := !strings.ContainsAny(typed, `<"`) && strings.ContainsAny(strings.Trim(typed, " \t\r\n,;"), ",;") // "ann,lee@x.test"
	hasControls := strings.ContainsFunc(strings.TrimSpace(typed), unicode.IsControl)
	switch {
	case len(list) == 0, len(list) == 1 && isPart, wordsAround, hasControls:
		return channels.Party{}, errBadRecipient("“"+shorten(OneLine(typed))+"” isn't an e-mail address.",
			"Write it like ann@example.org.")
	case len(list) > 1:
		return channels.Party{}, errBadRecipient("These are several addresses.", "A conversation begins with one; add copies to it later.")
	}

	if _, err := mailAddresses(list); err != nil {
		return channels.Party{}, err
	}

	return list[0], nil
}
