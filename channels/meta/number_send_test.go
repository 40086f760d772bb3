package meta

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/graphfake"
)

// checkSent sends a message and compares the requests that WhatsApp got with want, byte for byte. Each of want has the
// fields in which a request differs; messageBody adds those that all have.
func (w *world) checkSent(o channels.Outbound, want ...string) {
	w.t.Helper()
	w.sendAll(o)
	requests := w.RequestsTo("whatsapp.messages")
	if len(requests) != len(want) {
		w.t.Fatalf("sent %d messages, want %d", len(requests), len(want))
	}
	for i, r := range requests {
		got, wantBody := hideToken(w.t, string(r.Body), o.MessageID), messageBody(w.t, want[i])
		if got != wantBody {
			w.t.Errorf("message %d:\n got %s\nwant %s", i+1, got, wantBody)
		}
	}
}

// messageBody adds to a message to Ann what all messages have, and writes it as Parley does. TOKEN stands for its token.
func messageBody(t *testing.T, fields string) string {
	t.Helper()
	m := map[string]any{
		"messaging_product":        "whatsapp",
		"recipient_type":           "individual",
		"to":                       annPhone,
		"biz_opaque_callback_data": "TOKEN",
	}
	noError(t, json.Unmarshal([]byte("{"+fields+"}"), &m))
	return jsonOf(m)
}

// hideToken checks that the token of a request names our message, and replaces it by TOKEN.
func hideToken(t *testing.T, body string, message int64) string {
	t.Helper()
	var m struct {
		Token string `json:"biz_opaque_callback_data"`
	}
	noError(t, json.Unmarshal([]byte(body), &m))
	got, ok := parseToken(testKeys(), m.Token)
	if !ok {
		t.Errorf("the token %q isn't ours", m.Token)
	}
	wantEqual(t, "message of the token", got.message, message)
	return strings.ReplaceAll(body, m.Token, "TOKEN")
}

// wantTexts checks which texts Ann got.
func (w *world) wantTexts(want ...string) {
	w.t.Helper()
	var got []string
	for _, m := range w.ann.Inbox() {
		got = append(got, m.Text)
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("the customer got %q, want %q", got, want)
	}
}

// Markdown becomes WhatsApp's formatting. A text with a link asks for a preview. A signature stands below the text if there
// is room.
// Requirement R-060: WhatsApp's buttons and lists.
func TestSendText(t *testing.T) {
	t.Parallel()
	almostFull := strings.Repeat("x", maxTextRunes-8) // with the signature below it would be too long
	tests := []struct {
		name      string
		text      string
		signature string
		want      string
	}{
		{
			name: "formatting",
			text: "Hi **Ann**, *see* ~~this~~ `x`",
			want: `"type":"text","text":{"body":"Hi *Ann*, _see_ ~this~ ` + "`x`" + `"}`,
		},
		{
			name: "link, with a preview",
			text: "See https://acme.test/a_b",
			want: `"type":"text","text":{"body":"See https://acme.test/a_b","preview_url":true}`,
		},
		{
			name:      "signature",
			text:      "Hi",
			signature: "*Kim*",
			want:      `"type":"text","text":{"body":"Hi\n\n_Kim_"}`,
		},
		{
			name:      "signature below a long text",
			text:      long(maxBody),
			signature: "Kim",
			want:      `"type":"text","text":{"body":"` + long(maxBody) + `\n\nKim"}`,
		},
		{
			name: "link without encryption, with a preview",
			text: "See http://acme.test/a",
			want: `"type":"text","text":{"body":"See http://acme.test/a","preview_url":true}`,
		},
		{
			name:      "no room for the signature",
			text:      almostFull,
			signature: "Yours, Kim",
			want:      `"type":"text","text":{"body":"` + almostFull + `"}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.openWindow()
			o := outbound(12, tt.text)
			o.Signature.Text = tt.signature
			w.checkSent(o, tt.want)
		})
	}
}

// Parley refuses a message that can't be sent without asking WhatsApp, and the error says what to do.
func TestSendRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*channels.Outbound)
		want   channels.Class
	}{
		{name: "to nobody", change: func(o *channels.Outbound) { o.To = nil }, want: channels.BadRecipient},
		{name: "to what isn't a number", change: func(o *channels.Outbound) { o.To[0].Key = "ann" }, want: channels.BadRecipient},
		{name: "too long", change: func(o *channels.Outbound) { o.Text = long(maxTextRunes + 1) }, want: channels.BadContent},
		{name: "nothing", change: func(o *channels.Outbound) { o.Text, o.Signature.Text = "", "Kim" }, want: channels.BadContent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.openWindow()
			o := outbound(12, "x")
			tt.change(&o)
			if se := w.wantSendFails(o, tt.want); se.Hint == "" {
				t.Errorf("the error %+v has no hint", se)
			}
			wantEqual(t, "number of requests", len(w.RequestsTo("whatsapp.messages")), 0)
		})
	}
}

// A reply to one of the customer's messages names it.
// Requirement R-060: WhatsApp's buttons and lists.
func TestSendAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	quoted := w.ann.Text("Hello")
	w.takeFacts()
	o := outbound(12, "Hi")
	o.ReplyTo = quoted
	w.checkSent(o, `"context":{"message_id":"`+quoted+`"},"type":"text","text":{"body":"Hi"}`)
}

// The settings site shows a signature as customers get it.
func TestSignatureLeavesAsShown(t *testing.T) {
	t.Parallel()
	const signature = `**Acme** Support, *Monday* to Friday

[acme.test](https://acme.test/a_b)

- one
- two`
	text, err := signedText(channels.Outbound{Text: "Hi", Signature: channels.Signature{Text: signature}})
	noError(t, err)
	wantEqual(t, "text", text, "Hi\n\n"+WhatsApp().Signature(signature))
}

// backTemplate is the use of a template that addBackTemplate adds.
func backTemplate() *channels.TemplateUse {
	return &channels.TemplateUse{
		Template: channels.Template{Name: "back", Language: "en", Body: "We are back, {{name}}."},
		Values:   map[string]string{"name": "Ann"},
	}
}

// addBackTemplate adds an approved template, and returns its id at Meta.
func (w *world) addBackTemplate() string {
	return w.AddTemplate(wabaID, "back", "en", "UTILITY", "We are back, {{1}}.")
}

// If a text has waited until the reply window closed, it is refused with the class WindowClosed. A template can still be
// sent.
func TestSendAfterTheWindowClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openWindow()
	w.clock.advance(24*time.Hour - time.Second)
	w.send(outbound(1, "just in time"))

	w.clock.advance(time.Second)
	if se := w.wantSendFails(outbound(2, "late"), channels.WindowClosed); se.Hint == "" {
		t.Errorf("the error %+v has no hint", se)
	}

	w.addBackTemplate()
	o := outbound(3, "We are back, Ann.")
	o.Template = backTemplate()
	w.send(o)
	w.wantTexts("just in time", "We are back, Ann.")
}

// A user id is sent in the field "recipient". In "to" WhatsApp would drop it without an error, as the emulator does.
func TestSendToUserID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bob := w.number.Customer(graphfake.Person{Phone: "+4917099", UserID: "DE.1349", Name: "Bob", HidePhone: true})
	bob.Text("Hello")
	in := w.takeOne()
	wantEqual(t, "Bob's key", in.From.Key, "DE.1349")
	wantEqual(t, "number of Bob's other keys", len(in.From.Also), 0)

	o := outbound(12, "Hi Bob")
	o.To = []channels.Party{in.From}
	w.send(o)
	inbox := bob.Inbox()
	if len(inbox) != 1 {
		t.Fatalf("Bob got %+v, want one message", inbox)
	}
	wantEqual(t, "text that Bob got", inbox[0].Text, "Hi Bob")
	wantStates(t, w.takeInbound(), 12, channels.StateSent, channels.StateDelivered)
}

// With a revoked token every message fails in the same way and reaches nobody. With a new token messages are sent.
func TestSendWithRevokedToken(t *testing.T) {
	t.Parallel()
	const refused, sent = 50, 40
	w := newWorld(t)
	w.openWindow()
	w.RevokeToken(ourToken)
	for i := range refused {
		se := w.wantSendFails(outbound(int64(i+1), fmt.Sprint(i)), channels.AuthBroken)
		if !strings.Contains(se.Hint, "token") {
			t.Fatalf("message %d: got the hint %q, want one about the token", i+1, se.Hint)
		}
	}

	w.AllowToken("NEW", phoneID, wabaID)
	w.config[fieldToken] = "NEW"
	w.channel = w.newChannel()
	var want []string
	for i := range sent {
		want = append(want, fmt.Sprint(i))
		w.send(outbound(int64(i+1), fmt.Sprint(i)))
	}
	w.wantTexts(want...)
}
