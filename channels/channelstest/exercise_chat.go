package channelstest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/channels"
)

// checkChat: what is declared for chats makes sense and fits what is implemented.
func checkChat(t *testing.T, c channels.Channel) {
	t.Helper()
	caps := c.Capabilities()
	isHumanLonger := caps.Window.Free != 0 && caps.Window.Human > caps.Window.Free
	hasBadWindow := caps.Window.Human != 0 && !isHumanLonger
	if hasBadWindow || caps.Sending.ReplyEvery < 0 {
		t.Errorf("windows of %s and %s, a pace of %s", caps.Window.Free, caps.Window.Human, caps.Sending.ReplyEvery)
	}
	if min(caps.Rich.Buttons, caps.Rich.ListRows, caps.Rich.Carousel) < 0 {
		t.Errorf("%d buttons, %d rows, %d cards", caps.Rich.Buttons, caps.Rich.ListRows, caps.Rich.Carousel)
	}

	for kind, limit := range caps.Files.Limits {
		isKind := channels.KindOf(string(kind)+"/x") == kind
		allowsFiles := limit > 0 && caps.Files.PerMessage != 0
		if !isKind || !allowsFiles {
			t.Errorf("files of kind %q up to %d, %d in a message", kind, limit, caps.Files.PerMessage)
		}
	}

	_, isTemplater := c.(channels.Templater)
	if caps.Templates && !isTemplater {
		t.Error("templates are declared, and it is no Templater")
	}

	_, isStarter := c.(channels.Starter)
	if caps.Start != channels.StartNever && !isStarter {
		t.Error("we may begin, and it is no Starter")
	}
	if caps.Start == channels.StartTemplate && !caps.Templates {
		t.Error("we may begin with a template, and there are none")
	}
}

// requireHook fails the test when the harness can't prove what is declared.
func requireHook(t *testing.T, has bool, hook, why string) {
	t.Helper()
	if !has {
		t.Fatalf("the harness lacks %s: %s", hook, why)
	}
}

func makeButtons(n int) *channels.Rich {
	r := &channels.Rich{}
	for i := range n {
		r.Buttons = append(r.Buttons, channels.Button{ID: fmt.Sprint("choice-", i), Title: fmt.Sprint("Choice ", i)})
	}
	return r
}

func makeRows(n int) *channels.Rich {
	list := make([]channels.ListRow, n)
	for i := range list {
		list[i] = channels.ListRow{ID: fmt.Sprint("row-", i), Title: fmt.Sprint("Row ", i), Description: "One of them"}
	}
	return &channels.Rich{List: &channels.List{Button: "Open", Sections: []channels.ListSection{{Title: "All", Rows: list}}}}
}

func makeCards(n int) *channels.Rich {
	r := &channels.Rich{}
	for i := range n {
		r.Cards = append(r.Cards, channels.RichCard{Title: fmt.Sprint("Card ", i), Text: "Look", Buttons: makeButtons(1).Buttons})
	}
	return r
}

// exerciseRich: rich parts go up to the declared limits and no further.
func exerciseRich(t *testing.T, h Harness) {
	caps := h.New(t).Channel.Capabilities()
	for name, c := range map[string]struct {
		most int
		make func(int) *channels.Rich
	}{"buttons": {caps.Rich.Buttons, makeButtons}, "rows": {caps.Rich.ListRows, makeRows}, "cards": {caps.Rich.Carousel, makeCards}} {
		if c.most == 0 {
			continue // the engine makes words of them
		}

		s := h.New(t)
		for i, n := range slices.Compact([]int{1, c.most}) {
			o := s.Outbound(int64(i+1), "Which one?")
			o.Rich = c.make(n)
			s.mustSend(t, o)
		}

		o := s.Outbound(9, "Which one?")
		o.Rich = c.make(c.most + 1)
		s.mustRefuse(t, fmt.Sprintf("%d %s of %d", c.most+1, name, c.most), o, channels.BadContent)
	}

	s := h.New(t)
	if caps.Rich.Location >= channels.Partial {
		o := s.Outbound(1, "")
		o.Rich = &channels.Rich{Location: &channels.Location{Latitude: 52.52, Longitude: 13.405, Name: "Shop", Address: "Main Street 1"}}
		s.mustSend(t, o)
	}

	if caps.Rich.ContactCard >= channels.Partial {
		o := s.Outbound(2, "")
		o.Rich = &channels.Rich{Contact: &channels.ContactCard{Name: "Ann Lee", Org: "Acme", Phones: []string{"+15550100"}, Emails: []string{"ann@acme.test"}}}
		s.mustSend(t, o)
	}
}

// exerciseWindow: free text leaves while the window is open; after it, it is told from other
// failures, and nothing reaches the customer.
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
	if caps.Window.Human > 0 {
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

// exerciseReplyTo: an answer names the message that it answers.
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

// writeAsCustomer lets the customer write and returns the provider's id of the message.
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

// exerciseAttend: the customer sees that the last message was read.
func exerciseAttend(t *testing.T, h Harness) {
	s := h.New(t)
	attendant, ok := s.Channel.(channels.Attendant)
	if !ok {
		t.Skip("not implemented")
	}

	requireHook(t, s.Attended != nil, "Attended", "it is an Attendant")
	s.writeAsCustomer(t, "Is anybody there?")
	last := s.writeAsCustomer(t, "Hello?")
	if err := attendant.Attend(contextFor(t, patience), s.Outbound(1, "x").To[0], last); err != nil {
		t.Fatalf("attend: %v", err)
	}
	if got := s.Attended(t); !slices.Contains(got, last) {
		t.Errorf("shown as read: %q, want %q among them", got, last)
	}
}
