package analysis

import "testing"

// A reply that merely resembles a command, a number or an address is kept.
func TestOrdinaryReplyIsKept(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Your order 4711-22 is on its way!",
		"Wonderful! Thank you and/or see you.",
		"Bank 12345678901 has it.", // the customer's number
		"We are open from 9:00 to 17:30, since 2019.",
		"Donaudampfschifffahrtsgesellschaft",
		"Q&A; 50 % off",
	} {
		if !isReplyKept(checked(), text) {
			t.Errorf("%q was left out, want it kept", text)
		}
	}
}

// A reply is left out if a reader would take a part of it for a command, a number, an address or a key, although the rules
// for links find nothing.
func TestDisguisedReplyIsLeftOut(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		// Commands of Parley, and of a phone.
		"!resolve",
		"Done.\n> !close",
		"/resolve now",
		"Text STOP to 90901 now",
		// Addresses of money.
		"Pay to bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
		"Send to 0x52908400098527886E0F7030069857D2E4169EE7",
		// Addresses of the web, in entities, escaped, and without a dot.
		"See &#104;ttps&#58;//evil&#46;example",
		"See evil&period;example",
		`See evil\.example/pay`,
		"See localhost:8080/x",
		// A key.
		"The key is AKIA1234ABCD5678EFGH",
	} {
		if isReplyKept(checked(), text) {
			t.Errorf("%q was kept, want it left out", text)
		}
	}
}

// withAmounts returns a question whose customer and source name amounts, a code and a number in words.
func withAmounts() Question {
	return Question{
		Burst: []Message{{
			Text: "The machine for 12.500 € and the oven for 8'900.00 CHF: is 1 250 000 EUR the limit? My code is 4711, call nine one one five.",
		}},
		Desk: Desk{Sources: []Source{{ID: "tpl-1", Text: "The van costs €23,750.00, the truck 99800 EUR."}}},
	}
}

// A reply may write a number of the question in any usual format. Small numbers in words, years and times are always
// allowed.
func TestReplyWithKnownNumbersIsKept(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		// The customer's 12.500 €.
		"The machine costs 12500 EUR.",
		"The machine costs 12,500.00 euros.",
		"Sie kostet 12 500 €.",
		"It is €12.500,-",
		"It costs 12500.",
		// 8'900.00 CHF.
		"The oven is CHF 8900.",
		"The oven is 8 900,00 Fr. in all.",
		// 1 250 000 EUR.
		"The limit is 1.250.000,00 €.",
		"The limit is EUR 1250000.",
		// Those of the source.
		"The van costs 23 750,00 € and the truck 99.800,00 €.",
		// The customer's code, and the number in words.
		"Your code 4711 is right, since 2019.",
		"Call nine one one five.",
		// Numbers that nobody would call or pay.
		"We open at 9:00, in 2026.",
		"One or two, three at most.",
		"Press one, two, and then wait.",
	} {
		if !isReplyKept(withAmounts(), text) {
			t.Errorf("%q was left out, want it kept", text)
		}
	}
}

// A reply with a number that isn't in the question is left out, in whatever format it is written.
func TestReplyWithUnknownNumbersIsLeftOut(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		// Amounts that differ from those that were named.
		"The machine costs 12501 EUR.",
		"It costs 23751 €.",
		"The limit is 1.250.001,00 €.",
		// Codes.
		"Your code is 9182.",
		"Text STOP to 9090.",
		"PIN: 0420",
		// Numbers in words, in several languages.
		"Call nine zero zero five five five.",
		"Rufen Sie null neun null null fünf an.",
		"Appelez le zéro neuf, huit, neuf, sept, six.",
		"Marque nueve cero uno cuatro.",
	} {
		if isReplyKept(withAmounts(), text) {
			t.Errorf("%q was kept, want it left out", text)
		}
	}
}

// A dot with blanks around it makes an address if the ending of a host follows, such as com.
func TestReplyWithSpacedDots(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want bool // the reply is kept
	}{
		{text: "Pay at evil . example", want: false},
		{text: "Pay at evil .com now", want: false},
		{text: "Pay at evil . co . uk", want: false},
		{text: "Thank you . We look into it .", want: true},
		{text: "Yes .\nNo .", want: true},
	}
	for _, tt := range tests {
		if got := isReplyKept(withAmounts(), tt.text); got != tt.want {
			t.Errorf("%q: kept %v, want %v", tt.text, got, tt.want)
		}
	}
}
