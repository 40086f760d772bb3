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

// Beside a file such a word doesn't count, since it may be about what the file shows. It counts if Twilio took it for a
// wish.
func TestConsentBesideAFile(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		optOutType string
		want       *channels.Consent
	}{
		{name: "the word alone", optOutType: "", want: nil},
		{name: "Twilio took it for a wish", optOutType: "STOP", want: stop()},
	}
	c := newWorld(t, viaSMS).channel
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			form := inboundForm()
			form.Set("Body", "STOP")
			form.Set("NumMedia", "1")
			form.Set("MediaUrl0", "https://api.twilio.com/1")
			form.Set("MediaContentType0", "image/png")
			if tt.optOutType != "" {
				form.Set("OptOutType", tt.optOutType)
			}

			got := decodeOne(t, c, form)
			if !reflect.DeepEqual(got.Consent, tt.want) {
				t.Errorf("got the consent %+v, want %+v", got.Consent, tt.want)
			}
			wantEqual(t, "number of files", len(got.Attachments), 1)
		})
	}
}

// By WhatsApp the words count only if Twilio takes them for a wish, in any language.
func TestConsentByWhatsApp(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		form fields
		want channels.Inbound
	}{
		{name: "a word", form: fields{"Body": "stop"}, want: channels.Inbound{Text: "stop"}},
		{
			name: "a word that Twilio took for a wish",
			form: fields{"Body": "arrêt", "OptOutType": "STOP"},
			want: channels.Inbound{Text: "arrêt", Consent: stop()},
		},
		{
			name: "an answer that Twilio took for a wish",
			form: fields{"Body": "ja", "OptOutType": "START"},
			want: channels.Inbound{Text: "ja", Consent: &channels.Consent{}},
		},
	}
	c := newWorld(t, viaWhatsApp).channel
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.want
			want.From = channels.Party{Key: annPhone, Name: "Ann"}
			checkDecoded(t, decodeOne(t, c, waForm(tt.form)), want)
		})
	}
}
