package twilio

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"parley/channels"
)

// This file converts between Twilio's addresses and customers' keys. At Twilio, the address of a customer depends on the medium:
// whatsapp:+15550100 on WhatsApp, rcs:+15550100 on RCS, +15550100 by SMS. Parley identifies the customer by the key +15550100, the
// address without its prefix, so that she stays the same person on all of them.

// waPrefix is the prefix of WhatsApp addresses at Twilio: whatsapp:+15550100, whatsapp:US.12ab.
const waPrefix = "whatsapp:"

// rcsPrefix is the prefix of RCS addresses: rcs:+15550100. A messaging service with an RCS sender uses RCS if the customer's phone
// supports it, and SMS otherwise.
// Source: Twilio, "Send and receive RCS messages", and the participant addresses of its Conversations API; read in November 2026.
const rcsPrefix = "rcs:"

// An address without its prefix is one of these.
var (
	phonePattern = regexp.MustCompile(`^\+[1-9][0-9]{4,14}$`)                     // a phone number in E.164
	shortPattern = regexp.MustCompile(`^[0-9]{3,8}$`)                             // a short code, by SMS only
	bsuidPattern = regexp.MustCompile(`^[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}$`) // WhatsApp's id of a person (BSUID): US.12ab
)

// keyOf returns an address without its prefix: keyOf("whatsapp:+15550100") is "+15550100".
func keyOf(address string) string {
	address = strings.TrimSpace(address)
	if len(address) > len(rcsPrefix) && strings.EqualFold(address[:len(rcsPrefix)], rcsPrefix) {
		address = address[len(rcsPrefix):]
	}
	return strings.TrimSpace(strings.TrimPrefix(address, waPrefix))
}

// ownNumber is the number of an account in Parley, and the medium on which it sends. The account may use a messaging service, which is
// a pool of numbers at Twilio. Twilio then sends through the service, whose other numbers may belong to other accounts in Parley or to
// other programs.
type ownNumber struct {
	account  string // the Twilio account's SID
	from     string // the phone number or short code
	service  string // the messaging service's SID; "" if none is used
	mms      bool   // files may be sent by MMS
	whatsapp bool   // the medium is WhatsApp; otherwise it is SMS
}

// addressOf returns the Twilio address to which messages for a customer are sent. It prefers a phone number.
// Errors: *channels.SendError of class BadRecipient.
func (n *ownNumber) addressOf(p channels.Party) (string, error) {
	all := n.addressesOf(p)
	if len(all) == 0 && p.Key != "" && !n.whatsapp {
		return "", &channels.SendError{
			Class: channels.BadRecipient,
			Text:  "“" + clipText(p.Key, maxQuoted) + "” is a sender's name, which takes no answers.",
			Hint:  "If you know a number of theirs, start a conversation with it.",
		}
	}
	if len(all) == 0 {
		return "", &channels.SendError{
			Class: channels.BadRecipient,
			Text:  "The recipient has no phone number.",
			Hint:  "Give the number with + and country code.",
		}
	}
	return all[0], nil
}

// addressesOf returns all Twilio addresses of a customer without duplicates, those with phone numbers first.
func (n *ownNumber) addressesOf(p channels.Party) (all []string) {
	keys := append([]string{p.Key}, p.Also...)
	otherPattern := shortPattern // the other kind of address that the medium has
	if n.whatsapp {
		otherPattern = bsuidPattern
	}
	for _, pattern := range []*regexp.Regexp{phonePattern, otherPattern} {
		for _, key := range keys {
			if pattern.MatchString(key) && !slices.Contains(all, n.prefix()+key) {
				all = append(all, n.prefix()+key)
			}
		}
	}
	return all
}

// prefix returns the prefix of this medium's addresses.
func (n *ownNumber) prefix() string {
	if n.whatsapp {
		return waPrefix
	}
	return ""
}

// twilioAddress returns our own address in Twilio's form.
func (n *ownNumber) twilioAddress() string { return n.prefix() + n.from }

// sendingAddress returns the address from which a reply is sent. With a messaging service that is via, the number to which the customer
// wrote, so that the reply appears in the same chat. Without a service, or if via isn't known, it is our own number.
func (n *ownNumber) sendingAddress(via string) string {
	if n.service == "" || numberOf(via, n.whatsapp) == "" {
		return n.twilioAddress()
	}
	return n.prefix() + via
}

// formerAddress returns the Twilio address of via, the number to which the customer wrote, if the account has got another number since.
// It returns "" if via is ours or isn't known, and with a messaging service, all of whose numbers are ours.
func (n *ownNumber) formerAddress(via string) string {
	if sending := n.prefix() + via; n.service == "" && numberOf(via, n.whatsapp) != "" && sending != n.twilioAddress() {
		return sending
	}
	return ""
}

// numberOf returns the phone number or short code in an address of ours. It returns "" if the address has neither: an RCS sender has a
// name instead (rcs:acme_agent).
func numberOf(address string, whatsapp bool) string {
	key := keyOf(address)
	isShortCode := !whatsapp && shortPattern.MatchString(key)
	if isShortCode || phonePattern.MatchString(key) {
		return key
	}
	return ""
}

// isOurs reports whether an address is ours. With a messaging service, every number of the same medium counts as ours.
func (n *ownNumber) isOurs(address string) bool {
	if n.whatsapp != strings.HasPrefix(address, waPrefix) {
		return false
	}
	return address == n.twilioAddress() || n.service != ""
}

// mayHaveSent reports whether our number sent a message, or may still send it: a messaging service chooses the number later.
func (n *ownNumber) mayHaveSent(r row) bool {
	if r.From == n.twilioAddress() {
		return true
	}
	if n.service == "" {
		return false
	}
	return r.From == "" || r.Service == n.service
}

// isServiceSender reports whether our messaging service sent a message from a number other than ours.
func (n *ownNumber) isServiceSender(r row) bool {
	isOfService := n.service != "" && r.Service == n.service
	return isOfService && r.From != n.twilioAddress() && n.isOurs(r.From)
}

// isServiceRecipient reports whether a message was sent to a number of our messaging service other than ours.
func (n *ownNumber) isServiceRecipient(r row) bool {
	isOfService := n.service != "" && r.Service == n.service
	return isOfService && r.To != n.twilioAddress() && n.isOurs(r.To)
}

// ownerOf returns the channels.Fact.Owner of a message to one of our addresses. It is "" for this account's number. Another number of
// the messaging service may belong to another account, which the owner identifies.
func (n *ownNumber) ownerOf(ours string) string {
	if ours == n.twilioAddress() {
		return ""
	}
	return sourceOf(n.account, clipText(keyOf(ours), maxOrderKey))
}

// readNumber parses a customer's phone number as somebody typed it. If it has no country code, it gets the one of ours, the account's
// number. A number without its area code is refused, since the message would reach somebody else or nobody.
// Errors: *channels.SendError of class BadRecipient.
func readNumber(typed, ours string, whatsapp bool) (channels.Party, error) {
	bad := &channels.SendError{Class: channels.BadRecipient, Text: "“" + clipText(typed, maxQuoted) + "” isn't a phone number.",
		Hint: "Give it with country and area code: +49 171 1234567."}

	typed = strings.TrimPrefix(strings.TrimSpace(typed), waPrefix)
	isUnexpected := func(r rune) bool { return !strings.ContainsRune("+0123456789 ()-./", r) }
	if strings.ContainsFunc(typed, isUnexpected) {
		return channels.Party{}, bad // the library would turn letters into digits, as on a keypad
	}

	n, err := phonenumbers.Parse(typed, regionOf(ours))
	if err != nil {
		return channels.Party{}, bad
	}

	// The library lacks a country's newest numbers and test numbers. They are accepted if they were typed with a country code.
	canExist := phonenumbers.IsValidNumber(n)
	if strings.HasPrefix(typed, "+") {
		canExist = phonenumbers.IsPossibleNumberWithReason(n) == phonenumbers.IS_POSSIBLE
	}
	if !canExist {
		return channels.Party{}, bad
	}

	p := channels.Party{Key: phonenumbers.Format(n, phonenumbers.E164)}
	if whatsapp {
		p.Also = channels.OtherForms(p.Key)
	}
	return p, nil
}

// regionOf returns the region of a phone number, such as "US". For a short code, which has none, it returns the library's name for an
// unknown region.
func regionOf(number string) string {
	const unknownRegion = "ZZ"
	n, err := phonenumbers.Parse(number, unknownRegion)
	if err != nil {
		return unknownRegion
	}
	return cmp.Or(phonenumbers.GetRegionCodeForCountryCode(int(n.GetCountryCode())), unknownRegion)
}

// withoutSpaces removes the prefix and all characters with which people group digits.
func withoutSpaces(number string) string {
	number = strings.TrimPrefix(strings.TrimSpace(number), waPrefix)
	return strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", "\u00a0", "").Replace(number)
}

// sourceOf identifies a number of a Twilio account: "AC123 +15550100".
func sourceOf(account, number string) string { return account + " " + number }
