package app_test

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"parley/bridge/bridgetest"
	"parley/channels/graphfake"
)

// numbersWorld is a whole Parley between two emulated WhatsApp numbers, which share a
// callback, and a chat of agents.
type numbersWorld struct {
	metaWorld
	two *graphfake.Number
	kim *graphfake.Customer // of the first number
}

func newNumbersWorld(t *testing.T) *numbersWorld {
	t.Helper()
	meta := startMeta(t)
	one := meta.AddNumber(graphfake.NumberConfig{ID: "1055", WABA: "2066", Display: "+15550100"})
	two := meta.AddNumber(graphfake.NumberConfig{ID: "1056", WABA: "2066", Display: "+15550101"})
	meta.AllowToken("T0KEN", "1055", "1056", "2066")
	w := &numbersWorld{two: two, kim: one.Customer(graphfake.Person{Phone: "+4917012345678", Name: "Kim"}), metaWorld: openMeta(t, meta, `
agents: [{email: ann@acme.test, name: Ann Lee, slack: ann, roles: [admin]}]
teams: [{name: T, members: [ann@acme.test], slack_channel: C1}, {name: U, members: [ann@acme.test], slack_channel: C2}]
accounts:
  - {name: wa, kind: whatsapp, team: T, hold: 0s, settings: {who_replies: any_agent, receipts: read},
     whatsapp: {phone_number_id: "1055", waba_id: "2066", token: T0KEN, app_secret: app-secret, verify_token: v3rify}}
  - {name: wb, kind: whatsapp, team: U, hold: 0s, settings: {who_replies: any_agent},
     whatsapp: {phone_number_id: "1056", waba_id: "2066", token: T0KEN, app_secret: app-secret, verify_token: v3rify}}`)}
	w.subscribe(t, "2066", "wa")
	return w
}

// wantInbox waits until a phone has so many messages of the company's, and checks their kinds and texts.
func (w *numbersWorld) wantInbox(t *testing.T, phone *graphfake.Customer, want ...string) []graphfake.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	list := func() (got []string) {
		for _, m := range phone.Inbox() {
			got = append(got, m.Type+" "+m.Text)
		}
		return got
	}
	if err := w.meta.Wait(ctx, func() bool { return len(list()) >= len(want) }); err != nil || !slices.Equal(list(), want) {
		t.Fatalf("the customer got %q, %v; want %q", list(), err, want)
	}
	return phone.Inbox()
}

// A customer on WhatsApp and an agent talk: text with its marks, places, pictures both
// ways, a recording with words; each once and in order.
// Requirement R-007: WhatsApp by Meta or by Twilio.
// Requirement R-008: Meta's Cloud API, with its templates.
func TestWhatsAppConversation(t *testing.T) {
	t.Parallel()
	w := newNumbersWorld(t)
	w.kim.Text("Is the *shop* open?")
	thread := threadOf(t, w.chat, "C1", "shop")
	w.chat.Say("ann", "C1", thread, "Until **eight**")
	w.wantInbox(t, w.kim, "text Until *eight*")
	picture := bytes.Repeat([]byte("PNG"), 10)
	w.chat.Say("ann", "C1", thread, "The way", bridgetest.File{ID: "F1", Name: "map.png", Content: picture})
	got := w.wantInbox(t, w.kim, "text Until *eight*", "image The way")
	if f := got[1].File; f == nil || f.Name != "map.png" || len(f.Content) != len(picture) {
		t.Errorf("the file is %+v, want map.png", got[1].File)
	}
	w.kim.Location(52.5, 13.4, "Here", "")
	w.kim.Media("image", graphfake.File{ContentType: "image/jpeg", Content: []byte("PICTURE")}, map[string]any{"caption": "the door"})
	waitForText(t, w.chat, thread, "Here")
	waitForText(t, w.chat, thread, "the door")
	w.chat.Wait(t, "the picture", func() bool {
		return slices.ContainsFunc(w.chat.Messages("C1", thread), func(m bridgetest.Message) bool {
			return slices.ContainsFunc(m.Files, func(f bridgetest.File) bool { return string(f.Content) == "PICTURE" })
		})
	})
	w.wantInbox(t, w.kim, "text Until *eight*", "image The way")
}
