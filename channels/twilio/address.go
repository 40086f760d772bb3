package twilio

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"parley/channels"
	"parley/channels/wanumber"
)

// waPrefix marks WhatsApp addresses at Twilio: whatsapp:+15550100, whatsapp:US.12ab.
const waPrefix = "whatsapp:"

// rcsPrefix marks RCS addresses: rcs:+15550100. A messaging service with an RCS sender uses RCS where the customer's phone can, and SMS
// where not: the customer is the same.
// Source: Twilio, "Send and receive RCS messages", and the participant addresses of its Conversations API; read in November 2026.
const rcsPrefix = "rcs:"

// What can stand in an address behind its prefix: a phone number, a short code (by SMS), WhatsApp's id of a person.
var (
	phonePattern = regexp.MustCompile(`^\+[1-9][0-9]{4,14}$`)
	shortPattern = regexp.MustCompile(`^[0-9]{3,8}$`)
	bsuidPattern = regexp.MustCompile(`^[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}$`)
)

// keyOf returns the key of a Twilio address: the phone number in E.164, or WhatsApp's id of the person. Other
// addresses (a short code, a word) are returned as they are.
func keyOf(address string) string {
	address = strings.TrimSpace(address)
	if len(address) > len(rcsPrefix) && strings.EqualFold(address[:len(rcsPrefix)], rcsPrefix) {
		address = address[len(rcsPrefix):]
	}
	return strings.TrimSpace(strings.TrimPrefix(address, waPrefix))
}

// ownNumber is the number of an account, and the medium on which it writes. A messaging service is a pool of numbers at Twilio: if the
// account uses one, Twilio sends by it, and its other numbers may belong to other accounts of Parley or to other programs.
type ownNumber struct {
	account, from string // Twilio's account, and the number
	service       string // the messaging service; "" if none is used
	mms           bool   // files may be sent by MMS
	whatsapp      bool   // else SMS
}

// addressOf returns the Twilio address to which a customer's messages are sent, by the phone number if it is known.
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

// addressesOf returns all Twilio addresses of a customer, each once, those by phone numbers first.
func (n *ownNumber) addressesOf(p channels.Party) (all []string) {
	keys := append([]string{p.Key}, p.Also...)
	otherPattern := shortPattern // instead of a phone number: by SMS a short code, on WhatsApp its id of the person
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

// prefix returns what stands before a number in addresses of this medium.
func (n *ownNumber) prefix() string {
	if n.whatsapp {
		return waPrefix
	}
	return ""
}

// twilioAddress returns our own address in Twilio's form.
func (n *ownNumber) twilioAddress() string { return n.prefix() + n.from }

// sendingAddress returns the address from which an answer leaves. With a messaging service that is via, the number to which the
// customer wrote, so that she finds the answer in the same chat. Without one, or if via isn't known, it is our own number.
func (n *ownNumber) sendingAddress(via string) string {
	if n.service == "" || numberOf(via, n.whatsapp) == "" {
		return n.twilioAddress()
	}
	return n.prefix() + via
}

// numberOf returns the phone number or short code in an address of ours. It returns "" if there is none: an RCS sender has a name
// (rcs:acme_agent).
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

// isServiceSender reports whether our messaging service sent a message from another number than ours.
func (n *ownNumber) isServiceSender(r row) bool {
	isOfService := n.service != "" && r.Service == n.service
	return isOfService && r.From != n.twilioAddress() && n.isOurs(r.From)
}

// isServiceRecipient reports whether a message was sent to another number of our messaging service than ours.
func (n *ownNumber) isServiceRecipient(r row) bool {
	isOfService := n.service != "" && r.Service == n.service
	return isOfService && r.To != n.twilioAddress() && n.isOurs(r.To)
}

// ownerOf returns the channels.Fact.Owner of a message to one of our addresses: "" for this account's number. Another number of the
// messaging service may be another account's.
func (n *ownNumber) ownerOf(ours string) string {
	if ours == n.twilioAddress() {
		return ""
	}
	return sourceOf(n.account, clipText(keyOf(ours), maxOrderKey))
}

// readNumber reads a customer's number that somebody typed. Without a country code, it has that of ours, the account's own number. A
// number without its area code is refused, since the message would reach somebody else or nobody.
// Errors: *channels.SendError of class BadRecipient.
func readNumber(typed, ours string, whatsapp bool) (channels.Party, error) {
	bad := &channels.SendError{Class: channels.BadRecipient, Text: "“" + clipText(typed, maxQuoted) + "” isn't a phone number.",
		Hint: "Give it with country and area code: +49 171 1234567."}
	region := "ZZ"                                                   // the library's name for an unknown region
	if number, err := phonenumbers.Parse(ours, region); err == nil { // a short code can't be parsed
		region = cmp.Or(phonenumbers.GetRegionCodeForCountryCode(int(number.GetCountryCode())), region)
	}

	typed = strings.TrimPrefix(strings.TrimSpace(typed), waPrefix)
	isForeign := func(r rune) bool { return !strings.ContainsRune("+0123456789 ()-./", r) }
	if strings.ContainsFunc(typed, isForeign) {
		return channels.Party{}, bad // the library would turn letters into digits, as on a keypad
	}

	n, err := phonenumbers.Parse(typed, region)
	if err != nil {
		return channels.Party{}, bad
	}

	// A country's newest numbers and those for tests aren't in the library. They are taken if their country was typed.
	canExist := phonenumbers.IsValidNumber(n)
	if strings.HasPrefix(typed, "+") {
		canExist = phonenumbers.IsPossibleNumberWithReason(n) == phonenumbers.IS_POSSIBLE
	}
	if !canExist {
		return channels.Party{}, bad
	}

	p := channels.Party{Key: phonenumbers.Format(n, phonenumbers.E164)}
	if whatsapp {
		p.Also = wanumber.OtherForms(p.Key)
	}
	return p, nil
}

// withoutSpaces removes from a number the characters with which people group digits.
func withoutSpaces(number string) string {
	number = strings.TrimPrefix(strings.TrimSpace(number), waPrefix)
	return strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", "\u00a0", "").Replace(number)
}

// sourceOf names a number of a Twilio account.
func sourceOf(account, number string) string { return account + " " + number }
