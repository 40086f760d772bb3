package app

import (
	"testing"

	"parley/bridge/setup"
	"parley/channels"
)

// The addresses of trial_to, as people spell them, become the keys that customers have in the channel.
// Requirement R-265: Watch and trial before live.
func TestTrialAddresses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ kind, typed, want string }{ // want "" means that it can't be read
		{"email", "Ann Lee <Ann@bücher.example>", "ann@xn--bcher-kva.example"},
		{"email", "help@acme.test", "help@acme.test"}, // our own may stand there
		{"email", "@acme.test", ""},
		{"sms", "+49 171 5550100", "+491715550100"},
		{"sms", "0171 5550100", "+491715550100"},
		{"sms", "Ann", ""},
		{"sms", "12345", "12345"}, // a short code
		{"sms", "DE.17abc", ""},   // an id of WhatsApp
		{"twilio_whatsapp", "whatsapp:+49 171 5550100", "+491715550100"},
		{"twilio_whatsapp", "DE.17abc", "DE.17abc"},
		{"twilio_whatsapp", "12345", ""}, // a short code, or a number without its area code
		{"twilio_whatsapp", "+1 555 0100", ""},
		{"whatsapp", "0049 171 5550100", "+491715550100"},
		{"whatsapp", "DE.17abc", "DE.17abc"},
		{"whatsapp", "171 5550100", ""},
		{"whatsapp", "+1 555 010 0199", "+15550100199"}, // nobody's, but Meta has such numbers for tests
		{"whatsapp", "+49", ""},
		{"whatsapp", "+1 555 0100", ""}, // without its area code
		{"http", "Ann@Shop 17", "Ann@Shop 17"},
		{"messenger", "100200300", "100200300"},
	} {
		spec := setup.SpecOf(Specs(), tt.kind)
		got := tt.typed
		if spec.ReadAddress != nil {
			party, err := spec.ReadAddress(channels.Config{"from": "+49 171 5550199"}, tt.typed)
			if (err != nil) != (tt.want == "") {
				t.Errorf("%s: %q: got the error %v", tt.kind, tt.typed, err)
			}
			got = party.Key
		}
		if got != tt.want {
			t.Errorf("%s: %q: got %q, want %q", tt.kind, tt.typed, got, tt.want)
		}
	}
}
