package engine_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

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

// A location that is refused twice, and a contact card that is sent again after a failure, arrive complete.
func TestRichIsSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: carriesRich})
	w.customerWrites("carla", "Where are you?")
	thread := w.waitThread("Where are you?")
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, Times: 2})
	place := &bridge.Rich{Location: &bridge.RichLocation{Latitude: 52.5163, Longitude: 13.3777, Name: "Our shop"}}
	w.chat.Submit("ben", support, thread, richForm(place), "Right here:")
	list := w.waitSent(2)
	wantEqual(t, "the text", list[0].Text, "Right here:")
	wantRich(t, list[0], nil)
	wantEqual(t, "the text beside the location", list[1].Text, "")
	wantRich(t, list[1], place)

	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent, Times: 1})
	card := &bridge.Rich{Contact: &bridge.RichContact{Name: "Ben", Phones: []string{"+491715550100"}}}
	w.chat.Submit("ben", support, thread, richForm(card), "")
	failed := w.waitLine(thread, bridge.LineFailed)
	if !strings.Contains(failed.Plain(), "{contact} Ben") {
		t.Errorf("what failed isn't kept: %q", failed.Plain())
	}
	w.chat.Press(t, "ben", failed, bridge.VerbSendAgain)
	wantRich(t, w.waitSent(3)[2], card)
}

// If a channel can't carry a link beside other buttons, the customer gets it in the text, and the thread shows no button
// that the customer doesn't have.
// Requirement R-060: WhatsApp's buttons and lists.
func TestLinkBesideButtons(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: func(c *channels.Capabilities) {
		carriesRich(c)
		c.Rich.LinksAlone = 1
	}})
	w.customerWrites("carla", "Hello")
	thread := w.waitThread("Hello")
	shop := bridge.RichButton{ID: "b1", Title: "Our *shop*", URL: "https://shop.test/a_b"}
	help := bridge.RichButton{ID: "b2", Title: "Help", URL: "https://help.test"}
	yes := bridge.RichButton{ID: "b3", Title: "Yes"}
	for i, tt := range []struct {
		name     string
		buttons  []bridge.RichButton
		wantText string
		wantRich *bridge.Rich
		shown    string
	}{
		{
			name: "a link alone", buttons: []bridge.RichButton{shop},
			wantText: "Look", wantRich: &bridge.Rich{Buttons: []bridge.RichButton{shop}}, shown: "{buttons} 1. Our *shop*",
		},
		{
			name: "a link and an answer", buttons: []bridge.RichButton{shop, yes},
			wantText: "Look\n\nOur \\*shop\\*: <https://shop.test/a_b>", wantRich: &bridge.Rich{Buttons: []bridge.RichButton{yes}},
			shown: "{buttons} 1. Yes",
		},
		{
			name: "two links", buttons: []bridge.RichButton{shop, help},
			wantText: "Look\n\nOur \\*shop\\*: <https://shop.test/a_b>\nHelp: <https://help.test>", wantRich: nil,
			shown: "Help: <https://help.test>",
		},
	} {
		w.chat.Submit("ben", support, thread, richForm(&bridge.Rich{Buttons: tt.buttons}), "Look")
		sent := w.waitSent(i + 1)[i]
		wantEqual(t, tt.name+": the text", sent.Text, tt.wantText)
		wantRich(t, sent, tt.wantRich)
		line := w.waitShown(tt.wantText)
		if !strings.Contains(line.Plain(), tt.shown) {
			t.Errorf("%s: the thread shows %q, want %q", tt.name, line.Plain(), tt.shown)
		}
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

// A reply with buttons that is in its hold survives the end of its process. Undo takes it back, and Send then sends it
// with the buttons.
func TestRichIsHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: carriesRich, hold: time.Hour})
	w.customerWrites("carla", "Hello")
	thread := w.waitThread("Hello")
	w.chat.Submit("ben", support, thread, richForm(buttons("Yes")), "Shall we?")
	w.waitShown("Shall we?")

	w.stops[0]()
	w.chat.Wait(t, "nobody listens", func() bool { return w.chat.Streams() == 0 })
	w.addEngine()
	w.start()

	w.chat.Press(t, "ben", w.waitShown("Shall we?"), bridge.VerbUndo)
	undone := w.waitLine(thread, bridge.LineUndone)
	if !strings.Contains(undone.Plain(), "1. Yes") {
		t.Errorf("what was taken back: %q", undone.Plain())
	}

	w.opt.hold = 0
	w.saveAccount(chat, nil)
	w.chat.Press(t, "ben", undone, bridge.VerbSend)
	wantRich(t, w.waitSent(1)[0], buttons("Yes"))
}

// A reply to one message names that message if the channel can do that, and quotes it if it can't.
// Requirement R-063: Answers to one message.
func TestReplyToOneMessage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		caps    func(*channels.Capabilities)
		isNamed bool // the message that is answered
		text    string
	}{
		"named":  {caps: carriesRich, isNamed: true, text: "Yes."},
		"quoted": {caps: nil, isNamed: false, text: "> Is it red?\n\nYes."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{caps: c.caps})
			first := w.customerWrites("carla", "Is it red?")
			thread := w.waitThread("Is it red?")
			w.customerWrites("carla", "And how long?\nRoughly.")
			post := w.waitShown("And how long?")
			w.chat.Wait(t, "both are known", func() bool { return len(w.customerTexts(thread)) >= 2 })

			desk := w.engines[0].Desk(w.surface)
			asked := must(desk.SaidAt(t.Context(), bridge.Place{Channel: support, Thread: thread, Message: w.waitShown("Is it red?").ID}, "ben"))(t)
			i := slices.IndexFunc(asked, func(s bridge.Said) bool { return s.Text == "Is it red?" })
			if i < 0 {
				t.Fatalf("the post shows %+v", asked)
			}

			b := formOf(bridge.VerbReply)
			b.Args.Message = asked[i].MessageID
			w.chat.Submit("ben", support, thread, b, "Yes.")
			sent := w.waitSent(1)[0]
			wantEqual(t, "the text", sent.Text, c.text)
			if c.isNamed {
				wantEqual(t, "the message that it answers", sent.ReplyTo, first)
				w.waitShown("to: Is it red?")
			} else {
				wantEqual(t, "the message that it answers", sent.ReplyTo, "")
			}

			if list := must(desk.SaidAt(t.Context(), bridge.Place{Channel: support, Thread: thread, Message: thread}, "ben"))(t); len(list) != 0 {
				t.Errorf("the root shows what the customer said, %+v, want nothing to answer there", list)
			}
			if _, err := desk.SaidAt(t.Context(), bridge.Place{Channel: support, Message: post.ID}, "dan"); err == nil {
				t.Error("somebody who isn't an agent may read what was said")
			}
		})
	}
}
