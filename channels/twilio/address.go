package twilio

import (
	"strings"

	"github.com/nyaruka/phonenumbers"

	"parley/channels"
)

// waPrefix marks WhatsApp addresses at Twilio: whatsapp:+15550100, whatsapp:US.12ab.
const waPrefix = "whatsapp:"

// keyOf gives the key of a Twilio address: the phone number in E.164, or WhatsApp's own id
// of the person. What is neither (a short code, a word) is kept as it is.
func keyOf(address string) string {
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(address), waPrefix))
}

// addressOf gives the Twilio address of a customer, by phone number where there is one.
// Errors: BadRecipient.
func (c *Channel) addressOf(p channels.Party) (string, error) {
	keys := append([]string{p.Key}, p.Also...)
	for _, k := range keys {
		if phonePattern.MatchString(k) {
			return c.prefix() + k, nil
		}
	}
	for _, k := range keys {
		if c.whatsapp && bsuidPattern.MatchString(k) || !c.whatsapp && shortPattern.MatchString(k) {
			return c.prefix() + k, nil
		}
	}
	return "", &channels.SendError{Class: channels.BadRecipient, Text: "The recipient has no phone number.", Hint: "Give the number with + and country code."}
}

func (c *Channel) prefix() string {
	if c.whatsapp {
		return waPrefix
	}
	return ""
}

// own gives our own address as Twilio writes it.
func (c *Channel) own() string { return c.prefix() + c.set.from }

// Recipient implements channels.Starter. A number without country code is one of the
// country that our own number is of.
func (c *Channel) Recipient(typed string) (channels.Party, error) {
	bad := &channels.SendError{Class: channels.BadRecipient, Text: "“" + clip(typed, 40) + "” is no phone number.",
		Hint: "Give it with country code: +49 171 1234567."}
	region := "ZZ"
	if own, err := phonenumbers.Parse(c.set.from, region); err == nil {
		if r := phonenumbers.GetRegionCodeForCountryCode(int(own.GetCountryCode())); r != "" {
			region = r
		}
	}
	typed = strings.TrimPrefix(strings.TrimSpace(typed), waPrefix)
	if strings.IndexFunc(typed, func(r rune) bool { return r > 0x7f || !strings.ContainsRune("+0123456789 ()-./\u00a0", r) }) >= 0 {
		return channels.Party{}, bad // the library would read letters as a keypad does
	}
	n, err := phonenumbers.Parse(typed, region)
	if err != nil || !phonenumbers.IsPossibleNumber(n) {
		return channels.Party{}, bad
	}
	return channels.Party{Key: phonenumbers.Format(n, phonenumbers.E164)}, nil
}

// clip shortens what somebody else wrote.
func clip(s string, runes int) string {
	r := []rune(s)
	if len(r) <= runes {
		return s
	}
	return string(r[:runes]) + "…"
}
