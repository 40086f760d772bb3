package twilio

import (
	"slices"
	"testing"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// wrongFindings lists what Check finds wrong. It checks that each of these findings has a hint.
func (w *world) wrongFindings() []string {
	w.t.Helper()
	var wrong []string
	for _, f := range w.channel.(channels.Checker).Check(w.t.Context()) {
		if f.OK {
			continue
		}
		if f.Hint == "" {
			w.t.Errorf("the finding %+v has no hint", f)
		}
		wrong = append(wrong, f.What)
	}
	return wrong
}

func TestCheckFindsNothing(t *testing.T) {
	t.Parallel()
	for _, by := range []medium{viaSMS, viaWhatsApp} {
		t.Run(by.String(), func(t *testing.T) {
			t.Parallel()
			if wrong := newWorld(t, by).wrongFindings(); len(wrong) > 0 {
				t.Errorf("found wrong: %q, want nothing", wrong)
			}
		})
	}
}

// Check finds each of these faults of the settings at Twilio.
func TestCheckFinds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change worldChange  // before the channel is made
		then   func(*world) // afterwards
		want   []string
	}{
		{
			name: "webhook whose calls are not repeated",
			then: func(w *world) { w.fake.SetWebhook(smsNumber, w.base.callbacks.address) },
			want: []string{"Webhook"},
		},
		{
			name: "webhook of another program",
			then: func(w *world) { w.fake.SetWebhook(smsNumber, "https://other.test") },
			want: []string{"Webhook"},
		},
		{
			name:   "wrong token",
			change: func(_ *twiliofake.Options, c channels.Config) { c[fieldToken] = "wrong" },
			want:   []string{"Twilio account"},
		},
		{
			name:   "number of another account",
			change: func(_ *twiliofake.Options, c channels.Config) { c[fieldFrom] = "+15557777" },
			want:   []string{"Number"},
		},
		{
			name: "MMS with a number that has none",
			change: func(o *twiliofake.Options, c channels.Config) {
				c[fieldMMS] = "true"
				o.Numbers = []twiliofake.Number{{Address: smsNumber, MMS: false}}
			},
			want: []string{"Number"},
		},
		{
			name: "no address for callbacks",
			then: func(w *world) { w.base.callbacks.address = "" },
			want: []string{"Callback address", "Webhook"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, viaSMS, tt.change)
			if tt.then != nil {
				tt.then(w)
			}
			if got := w.wrongFindings(); !slices.Equal(got, tt.want) {
				t.Errorf("found wrong: %q, want %q", got, tt.want)
			}
		})
	}
}

// The error about wrong settings names all wrong fields together.
func TestBadSettings(t *testing.T) {
	t.Parallel()
	const isWhatsApp = true
	_, err := newSettings(channels.Config{fieldAccount: "SK1", fieldFrom: "ann", fieldService: "x"}, !isWhatsApp)
	if err == nil {
		t.Fatal("got no error, want one")
	}
	for _, field := range []string{"account_sid", "auth_token", "from", "messaging_service_sid"} {
		wantText(t, "error", err.Error(), field)
	}
}

// A number may be typed with Twilio's prefix and with blanks.
func TestNumberInTheSettings(t *testing.T) {
	t.Parallel()
	const isWhatsApp = true
	s, err := newSettings(channels.Config{fieldAccount: "AC0", fieldToken: "t", fieldFrom: "whatsapp:+1 555 0100"}, isWhatsApp)
	noError(t, err)
	wantEqual(t, "number", s.from, "+15550100")
}
