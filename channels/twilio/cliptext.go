package twilio

// How many characters are kept of what others wrote.
const (
	maxQuoted   = 40  // of a word in the middle of a sentence for people
	maxName     = 200 // of a person's name
	maxOrderKey = 200 // of the customer's address, by which facts are kept in order
	maxReason   = 300 // of a reason that Twilio gives
	maxFileName = 80  // of a customer's or colleague's file
	maxAd       = 500 // of an advertisement's headline and address
)

// clipText shortens what somebody else wrote.
func clipText(s string, runes int) string {
	r := []rune(s)
	if len(r) <= runes {
		return s
	}
	return string(r[:runes]) + "…"
}
