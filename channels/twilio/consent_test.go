package twilio

import (
	"reflect"
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// stop and start are the wishes of customers who want no more messages, or want them again. Silent means that the message
// needs no answer.
func stop() *channels.Consent  { return &channels.Consent{OptedOut: true, Silent: true} }
func start() *channels.Consent { return &channels.Consent{Silent: true} }

// By SMS, a message that is only one of these words says that a customer wants no more messages, or wants them again. In
// a sentence the words don't count.
func TestConsentBySMS(t *testing.T) {
	t.Parallel()
	tests := []struct {
		body string
		want *channels.Consent
	}{
		{body: "Stop", want: stop()},
		{body: " STOP \n", want: stop()},
		{body: "unsubscribe", want: stop()},
		{body: "Cancel", want: stop()},
		{body: "QUIT", want: stop()},
		{body: "end", want: stop()},
		{body: "StopAll", want: stop()},

		{body: "start", want: start()},
		{body: "UNSTOP", want: start()},
		{body: "Yes", want: &channels.Consent{}}, // an ordinary answer, too, which may need one

		{body: "please stop", want: nil},
		{body: "stop it", want: nil},
		{body: "HELP", want: nil},
		{body: "info", want: nil},
		{body: "", want: nil},
	}
	c := newWorld(t, viaSMS).channel
	for _, tt := range tests {
		t.Run(tt.body, func(t *testing.T) {
			form := inboundForm()
			form.Set("Body", tt.body)
			got := decodeOne(t, c, form)
			if !reflect.DeepEqual(got.Consent, tt.want) {
				t.Errorf("consent of %q: got %+v, want %+v", tt.body, got.Consent, tt.want)
			}
			wantEqual(t, "text", strings.TrimSpace(got.Text), strings.TrimSpace(tt.body))
		})
	}
}

// If Twilio manages opt-outs itself, each message that is only a keyword has an OptOutType, even if its customer had not
// stopped. An ordinary "Yes" still needs an answer.
func TestConsentByOptOutType(t *testing.T) {
	t.Parallel()
	tests := []struct {
		body string
		want *channels.Consent
	}{
		{body: "START", want: start()},
		{body: " unstop ", want: start()},
		{body: "Yes", want: &channels.Consent{}},
		{body: "Stop", want: stop()},
		{body: "help", want: nil},
		{body: "Yes please", want: nil},
	}
	for _, tt := range tests {
		t.Run(tt.body, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, viaSMS, func(o *twiliofake.Options, _ channels.Config) { o.OptOutType = true })
			w.annWrites(tt.body)
			if got := w.takeMessages(1)[0].Consent; !reflect.DeepEqual(got, tt.want) {
				t.Errorf("consent of %q: got %+v, want %+v", tt.body, got, tt.want)
			}
		})
	}
}
