package engine_test

import (
	"reflect"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
	"parley/channels/channelstest"
)

// richForm is a filled form of a reply.
func richForm(r *bridge.Rich) bridgetest.Button {
	b := formOf(bridge.VerbReply)
	b.Rich = r
	return b
}

// carriesRich lets a channel carry buttons, lists, carousels, locations, contact cards and answers to one message.
func carriesRich(c *channels.Capabilities) {
	c.Rich.Buttons, c.Rich.ListRows, c.Rich.Carousel = 3, 10, 10
	c.Rich.Location, c.Rich.ContactCard, c.ReplyTo = channels.Full, channels.Partial, channels.Full
}

// wantRich checks what a message carries beside its text.
func wantRich(t *testing.T, m channelstest.Sent, want *bridge.Rich) {
	t.Helper()
	if !reflect.DeepEqual(m.Rich, want) {
		t.Errorf("%q carries %+v, want %+v", m.Text, m.Rich, want)
	}
}

// buttons are a reply's buttons with these titles.
func buttons(titles ...string) *bridge.Rich {
	r := &bridge.Rich{}
	for i, title := range titles {
		r.Buttons = append(r.Buttons, bridge.RichButton{ID: "b" + string(rune('1'+i)), Title: title})
	}
	return r
}

// Buttons leave as buttons if the channel can carry them. If the customer taps one, her answer is shown as words.
// Requirement R-058: Messenger's buttons, lists and cards.
// Requirement R-061: Locations.
func TestRichReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: carriesRich})
	w.customerWrites("carla", "Do you deliver?")
	thread := w.waitThread("Do you deliver?")
	w.chat.Submit("ben", support, thread, richForm(buttons("Yes", "No")), "Shall we?")
	line := w.waitShown("Shall we?")
	if !strings.Contains(line.Plain(), "{buttons} 1. Yes\n2. No") {
		t.Errorf("the thread shows %q", line.Plain())
	}

	sent := w.waitSent(1)[0]
	wantEqual(t, "the text", sent.Text, "Shall we?")
	wantRich(t, sent, buttons("Yes", "No"))

	w.customerWrites("carla", "Yes")
	if answer := w.waitShown("Yes"); answer.Thread != thread {
		t.Errorf("the answer is in %s, want %s", answer.Thread, thread)
	}
}

// If a channel can't carry buttons, locations or contact cards, the customer gets words, and the thread shows the same
// words.
// Requirement R-075: What SMS can't carry becomes words or is refused.
func TestRichAsWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: func(c *channels.Capabilities) { c.Rich.Buttons = 2 }})
	w.customerWrites("carla", "Hello")
	thread := w.waitThread("Hello")
	for i, c := range []struct {
		rich       *bridge.Rich
		text, want string
	}{
		{
			rich: &bridge.Rich{Location: &bridge.RichLocation{Latitude: 1.5, Longitude: -2, Name: "Our shop"}}, text: "Here:",
			want: "Here:\n\nOur shop\nhttps://www.openstreetmap.org/?mlat=1.5&mlon=-2#map=17/1.5/-2",
		},
		{rich: buttons("Red", "Green", "Blue"), text: "Which?", want: "Which?\n\n1. Red\n2. Green\n3. Blue"},
		{rich: &bridge.Rich{Contact: &bridge.RichContact{Name: "Ben", Emails: []string{"ben@acme.test"}}}, want: "Ben\nben@acme.test"},
		{rich: &bridge.Rich{}, text: "Only words", want: "Only words"},
	} {
		w.chat.Submit("ben", support, thread, richForm(c.rich), c.text)
		sent := w.waitSent(i + 1)[i]
		wantEqual(t, "the words in its place", sent.Text, c.want)
		wantRich(t, sent, nil)
		w.waitShown(c.want)
	}
}
