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
