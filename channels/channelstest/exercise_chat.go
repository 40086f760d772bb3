package channelstest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/channels"
)

// This part of the suite checks abilities that chats, unlike mail, may declare: a reply window (how long
// after a customer's message free text may be sent), buttons, lists and cards, replies to a specific message,
// and read receipts.

// checkChat checks that the capabilities are consistent, and that the channel implements the interfaces that
// they require.
func checkChat(t *testing.T, c channels.Channel) {
	t.Helper()
	caps := c.Capabilities()
	w := caps.Window
	hasLongerWindow := w.Human != 0
	if hasLongerWindow && (w.Free == 0 || w.Human <= w.Free) {
		t.Errorf("people may answer for %s, which isn't longer than Free, %s", w.Human, w.Free)
	}
	if caps.Sending.ReplyEvery < 0 {
		t.Errorf("ReplyEvery is %s", caps.Sending.ReplyEvery)
	}
	if min(caps.Rich.Buttons, caps.Rich.ListRows, caps.Rich.Carousel) < 0 {
		t.Errorf("a number of items is negative: %+v", caps.Rich)
	}

	for kind, limit := range caps.Files.Limits {
		isKind := channels.KindOf(string(kind)+"/x") == kind // a kind that KindOf returns
		if !isKind {
			t.Errorf("unknown kind of file %q", kind)
		}
		if limit <= 0 || caps.Files.PerMessage == 0 {
			t.Errorf("a limit of %d bytes for %q, and %d files in a message", limit, kind, caps.Files.PerMessage)
		}
	}

	_, isTemplater := c.(channels.Templater)
	if caps.Templates && !isTemplater {
		t.Error("Templates is declared, but the channel is no channels.Templater")
	}

	_, isStarter := c.(channels.Starter)
	if caps.Start != channels.StartNever && !isStarter {
		t.Error("Start is declared, but the channel is no channels.Starter")
	}
	if caps.Start == channels.StartTemplate && !caps.Templates {
		t.Error("Start needs a template, but Templates isn't declared")
	}
}

// requireHook fails the test if the harness lacks a function without which the suite can't test what the
// channel declares.
func requireHook(t *testing.T, has bool, hook, why string) {
	t.Helper()
	if !has {
		t.Fatalf("the harness lacks %s: %s", hook, why)
	}
}

// makeButtons returns rich content with n buttons.
func makeButtons(n int) *channels.Rich {
	r := &channels.Rich{}
	for i := range n {
		r.Buttons = append(r.Buttons, channels.Button{ID: fmt.Sprint("choice-", i), Title: fmt.Sprint("Choice ", i)})
	}
	return r
}

// makeLinks returns n buttons that are links.
func makeLinks(n int) *channels.Rich {
	r := makeButtons(n)
	for i := range r.Buttons {
		r.Buttons[i].URL = fmt.Sprint("https://acme.test/", i)
	}
	return r
}

// makeRows returns a list with n rows.
func makeRows(n int) *channels.Rich {
	list := make([]channels.ListRow, n)
	for i := range list {
		list[i] = channels.ListRow{ID: fmt.Sprint("row-", i), Title: fmt.Sprint("Row ", i), Description: "One of them"}
	}
	return &channels.Rich{List: &channels.List{Button: "Open", Sections: []channels.ListSection{{Title: "All", Rows: list}}}}
}

// makeCards returns a carousel with n cards.
func makeCards(n int) *channels.Rich {
	r := &channels.Rich{}
	for i := range n {
		r.Cards = append(r.Cards, channels.RichCard{Title: fmt.Sprint("Card ", i), Text: "Look", Buttons: makeButtons(1).Buttons})
	}
	return r
}

// exerciseRich checks for buttons, rows and cards that one and the declared maximum are sent, and one more is
// refused. Locations and contact cards are sent if they are declared.
func exerciseRich(t *testing.T, h Harness) {
	caps := h.New(t).Channel.Capabilities()
	for _, c := range []struct {
		name  string
		limit int // 0: the channel has none, and the engine writes them as text
		build func(int) *channels.Rich
	}{
		{"buttons", caps.Rich.Buttons, makeButtons},
		{"rows", caps.Rich.ListRows, makeRows},
		{"cards", caps.Rich.Carousel, makeCards},
	} {
		if c.limit == 0 {
			continue
		}

		s := h.New(t)
		for i, n := range slices.Compact([]int{1, c.limit}) {
			o := s.Outbound(int64(i+1), "Which one?")
			o.Rich = c.build(n)
			s.mustSend(t, o)
		}

		o := s.Outbound(3, "Which one?")
		o.Rich = c.build(c.limit + 1)
		s.mustRefuse(t, fmt.Sprintf("%d %s of %d", c.limit+1, c.name, c.limit), o, channels.BadContent)
	}

	s := h.New(t)
	if caps.Rich.LinksAlone > 0 {
		o := s.Outbound(3, "Where to?")
		o.Rich = makeLinks(caps.Rich.LinksAlone)
		s.mustSend(t, o)
	}
	if caps.Rich.Location >= channels.Partial {
		shop := &channels.Location{Latitude: 52.52, Longitude: 13.405, Name: "Shop", Address: "Main Street 1"}
		o := s.Outbound(1, "")
		o.Rich = &channels.Rich{Location: shop}
		s.mustSend(t, o)
	}
	if caps.Rich.ContactCard >= channels.Partial {
		ann := &channels.ContactCard{Name: "Ann Lee", Org: "Acme", Phones: []string{"+15550100"}, Emails: []string{"ann@acme.test"}}
		o := s.Outbound(2, "")
		o.Rich = &channels.Rich{Contact: ann}
		s.mustSend(t, o)
	}
}

// exerciseWindow checks that free text is sent while the reply window is open. Afterwards it fails with
// WindowClosed and doesn't reach the customer.
func exerciseWindow(t *testing.T, h Harness) {
	s := h.New(t)
	caps := s.Channel.Capabilities()
	if caps.Window.Free == 0 {
		t.Skip("no window is declared")
	}

	s.Write(t, "Is anybody there?")
	now := time.Now()
	o := s.Outbound(1, "in time")
	o.LastIn = now.Add(-time.Minute)
	s.mustSend(t, o)
	if caps.Window.Human > 0 { // people may reply for longer than machines
		o = s.Outbound(2, "in time for a person")
		o.LastIn = now.Add(-caps.Window.Free - time.Hour)
		s.mustSend(t, o)
	}

	if s.CloseWindow != nil {
		s.CloseWindow(t)
	}

	o = s.Outbound(3, "too late")
	o.LastIn = now.Add(-max(caps.Window.Free, caps.Window.Human) - time.Hour)
	s.mustRefuse(t, "what comes too late", o, channels.WindowClosed)
}

// exerciseReplyTo checks that a reply shows the customer which message it refers to.
func exerciseReplyTo(t *testing.T, h Harness) {
	s := h.New(t)
	if s.Channel.Capabilities().ReplyTo < channels.Partial {
		t.Skip("not declared")
	}

	requireHook(t, s.Answered != nil, "Answered", "ReplyTo is declared")
	const answersNothing = ""
	want := []string{s.writeAsCustomer(t, "One question"), answersNothing, s.writeAsCustomer(t, "Another one")}
	for i, id := range want {
		o := s.Outbound(int64(i+1), fmt.Sprint("answer ", i))
		o.ReplyTo = id
		s.mustSend(t, o)
	}

	if got := s.Answered(t); !slices.Equal(got, want) {
		t.Errorf("the answers name %q, want %q", got, want)
	}
}

// writeAsCustomer sends a text from the customer and returns the provider's id of the message.
func (s Stage) writeAsCustomer(t *testing.T, text string) string {
	t.Helper()
	for _, f := range s.Write(t, text) {
		for _, in := range mustDecode(t, s.Channel, f.Payload) {
			if in.Kind == channels.InboundMessage {
				return in.ExternalID
			}
		}
	}
	t.Fatal("no message was accepted")
	return ""
}

// exerciseAttend checks that the customer sees the last message as read.
func exerciseAttend(t *testing.T, h Harness) {
	s := h.New(t)
	attendant, ok := s.Channel.(channels.Attendant)
	if !ok {
		t.Skip("not implemented")
	}

	requireHook(t, s.Attended != nil, "Attended", "it is an Attendant")
	s.writeAsCustomer(t, "Is anybody there?")
	last := s.writeAsCustomer(t, "Hello?")
	customer := s.Outbound(1, "").To[0]
	if err := attendant.Attend(contextFor(t, patience), customer, last); err != nil {
		t.Fatalf("attend: %v", err)
	}
	if got := s.Attended(t); !slices.Contains(got, last) {
		t.Errorf("shown as read: %q, want %q among them", got, last)
	}
}
