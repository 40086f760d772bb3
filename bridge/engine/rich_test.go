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

// carriesRich are a chat's capabilities with everything rich.
func carriesRich(c *channels.Capabilities) {
	c.Rich.Buttons, c.Rich.ListRows, c.Rich.Carousel, c.Rich.Location, c.Rich.ContactCard, c.ReplyTo = 3, 10, 10, channels.Full, channels.Partial, channels.Full
}

func buttons(titles ...string) *bridge.Rich {
	r := &bridge.Rich{}
	for i, title := range titles {
		r.Buttons = append(r.Buttons, bridge.RichButton{ID: "b" + string(rune('1'+i)), Title: title})
	}
	return r
}

// Buttons leave as such where they are carried; what the customer taps comes back as words.
//
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
	if m := w.waitSent(1)[0]; m.Text != "Shall we?" || !reflect.DeepEqual(m.Rich, buttons("Yes", "No")) {
		t.Errorf("sent %+v", m)
	}
	w.customerWrites("carla", "Yes")
	if answer := w.waitShown("Yes"); answer.Thread != thread {
		t.Errorf("the answer is in %s, want %s", answer.Thread, thread)
	}
}

// A failure and a second attempt leave nothing out.
func TestRichIsSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: carriesRich})
	w.customerWrites("carla", "Where are you?")
	thread := w.waitThread("Where are you?")
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, Times: 2})
	place := &bridge.Rich{Location: &bridge.RichLocation{Latitude: 52.5163, Longitude: 13.3777, Name: "Our shop"}}
	w.chat.Submit("ben", support, thread, richForm(place), "Right here:")
	list := w.waitSent(2)
	if list[0].Text != "Right here:" || list[0].Rich != nil || list[1].Text != "" || !reflect.DeepEqual(list[1].Rich, place) {
		t.Errorf("sent %+v", list)
	}
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent, Times: 1})
	card := &bridge.Rich{Contact: &bridge.RichContact{Name: "Ben", Phones: []string{"+491715550100"}}}
	w.chat.Submit("ben", support, thread, richForm(card), "")
	failed := w.waitLine(thread, bridge.LineFailed)
	if !strings.Contains(failed.Plain(), "{contact} Ben") {
		t.Errorf("what failed isn't kept: %q", failed.Plain())
	}
	w.chat.Press(t, "ben", failed, bridge.VerbSendAgain)
	if m := w.waitSent(3)[2]; !reflect.DeepEqual(m.Rich, card) {
		t.Errorf("sent again %+v", m)
	}
}

// Where a channel doesn't carry it the customer gets words, and the thread shows the same.
//
func TestRichAsWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: func(c *channels.Capabilities) { c.Rich.Buttons = 2 }})
	w.customerWrites("carla", "Hello")
	thread := w.waitThread("Hello")
	for _, c := range []struct {
		rich       *bridge.Rich
		text, want string
	}{
		{&bridge.Rich{Location: &bridge.RichLocation{Latitude: 1.5, Longitude: -2, Name: "Our shop"}}, "Here:", "Here:\n\nOur shop\nhttps://www.openstreetmap.org/?mlat=1.5&mlon=-2#map=17/1.5/-2"},
		{buttons("Red", "Green", "Blue"), "Which?", "Which?\n\n1. Red\n2. Green\n3. Blue"},
		{&bridge.Rich{Contact: &bridge.RichContact{Name: "Ben", Emails: []string{"ben@acme.test"}}}, "", "Ben\nben@acme.test"},
		{&bridge.Rich{}, "Only words", "Only words"},
	} {
		before := len(w.provider.Sent())
		w.chat.Submit("ben", support, thread, richForm(c.rich), c.text)
		if m := w.waitSent(before + 1)[before]; m.Text != c.want || m.Rich != nil {
			t.Errorf("sent %q %+v, want %q", m.Text, m.Rich, c.want)
		}
		w.waitShown(c.want)
	}
}

// What waits in its hold survives the end of its process; Undo takes it back.
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
	if m := w.waitSent(1)[0]; !reflect.DeepEqual(m.Rich, buttons("Yes")) {
		t.Errorf("sent %+v", m)
	}
}

// A reply to one message names it where the channel can, and quotes it where it can't.
//
func TestReplyToOneMessage(t *testing.T) {
	t.Parallel()
	for name, caps := range map[string]func(*channels.Capabilities){"named": carriesRich, "quoted": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{caps: caps})
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
			m := w.waitSent(1)[0]
			if name == "named" && (m.ReplyTo != first || m.Text != "Yes.") || name == "quoted" && (m.ReplyTo != "" || m.Text != "> Is it red?\n\nYes.") {
				t.Errorf("sent %q to %q", m.Text, m.ReplyTo)
			}
			if name == "named" {
				w.waitShown("to: Is it red?")
			}
			if list, err := desk.SaidAt(t.Context(), bridge.Place{Channel: support, Thread: thread, Message: thread}, "ben"); err != nil || len(list) != 0 {
				t.Errorf("the root shows %+v, %v", list, err)
			}
			if _, err := desk.SaidAt(t.Context(), bridge.Place{Channel: support, Message: post.ID}, "dan"); err == nil {
				t.Error("who is no agent may read it")
			}
		})
	}
}
