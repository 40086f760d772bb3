package twilio

import (
	"strings"

	"github.com/nyaruka/phonenumbers"

	"parley/channels"
)

// waPrefix marks WhatsApp addresses at Twilio: whatsapp:+15550100, whatsapp:US.12ab.
const waPrefix = "whatsapp:"

// keyOf returns the key of a Twilio address: the phone number in E.164, or WhatsApp's id of the person. Other
// addresses (a short code, a word) are returned as they are.
func keyOf(address string) string {
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(address), waPrefix))
}

// addressOf returns the Twilio address of a customer, by the phone number if it is known.
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

// own returns our own address in Twilio's form.
func (c *Channel) own() string { return c.prefix() + c.set.from }

// Recipient implements channels.Starter. A number without a country code gets that of our own number.
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
		return channels.Party{}, bad // the library would turn letters into digits, as on a keypad
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
