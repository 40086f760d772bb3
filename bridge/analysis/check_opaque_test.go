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
