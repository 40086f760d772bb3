package analysis

import "testing"

// TestCheckDisguises: what is an address, a command, a number or a key to whoever reads it, and to no rule about
// links, doesn't come through, unless it was given.
func TestCheckDisguises(t *testing.T) {
	t.Parallel()
	for text, stays := range map[string]bool{
		"!resolve": false, "Done.\n> !close": false, "/resolve now": false, "Text STOP to 90901 now": false,
		"Pay to bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq": false, "Send to 0x52908400098527886E0F7030069857D2E4169EE7": false,
		"See &#104;ttps&#58;//evil&#46;example": false, "See evil&period;example": false, `See evil\.example/pay`: false,
		"See localhost:8080/x": false, "The key is AKIA1234ABCD5678EFGH": false,
		"Your order 4711-22 is on its way!": true, "Wonderful! Thank you and/or see you.": true, "Bank 12345678901 has it.": true,
		"We are open from 9:00 to 17:30, since 2019.": true, "Donaudampfschifffahrtsgesellschaft": true, "Q&A; 50 % off": true,
	} {
		got := Check(checked(), Answer{Replies: []Reply{{Text: text, Sources: []string{"tpl-1"}}}}).Replies
		if (len(got) == 1) != stays {
			t.Errorf("%q: that it stays is not %v", text, stays)
		}
	}
}

// TestCheckNumbers: a number that somebody named may be written as people write it, and one that nobody named doesn't
// come through in any form.
func TestCheckNumbers(t *testing.T) {
	t.Parallel()
	q := Question{Burst: []Message{{Text: "The machine for 12.500 € and the oven for 8'900.00 CHF: is 1 250 000 EUR the limit? My code is 4711, call nine one one five."}},
		Desk: Desk{Sources: []Source{{ID: "s", Text: "The van costs €23,750.00, the truck 99800 EUR."}}}}
	for text, stays := range map[string]bool{
		"The machine costs 12500 EUR.": true, "The machine costs 12,500.00 euros.": true, "Sie kostet 12 500 €.": true, "It is €12.500,-": true, "It costs 12500.": true,
		"The oven is CHF 8900.": true, "The oven is 8 900,00 Fr. in all.": true, "The limit is 1.250.000,00 €.": true, "The limit is EUR 1250000.": true,
		"The van costs 23 750,00 € and the truck 99.800,00 €.": true, "Your code 4711 is right, since 2019.": true, "We open at 9:00, in 2026.": true,
		"Call nine one one five.": true, "One or two, three at most.": true, "Press one, two, and then wait.": true,
		"The machine costs 12501 EUR.": false, "It costs 23751 €.": false, "The limit is 1.250.001,00 €.": false,
		"Your code is 9182.": false, "Text STOP to 9090.": false, "PIN: 0420": false,
		"Call nine zero zero five five five.": false, "Rufen Sie null neun null null fünf an.": false, "Appelez le zéro neuf, huit, neuf, sept, six.": false, "Marque nueve cero uno cuatro.": false,
		"Pay at evil . example": false, "Pay at evil .com now": false, "Pay at evil . co . uk": false, "Thank you . We look into it .": true, "Yes .\nNo .": true,
	} {
		got := Check(q, Answer{Replies: []Reply{{Text: text, Sources: []string{"s"}}}}).Replies
		if (len(got) == 1) != stays {
			t.Errorf("%q: that it stays is not %v", text, stays)
		}
	}
}
