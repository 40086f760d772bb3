package messenger

import (
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/graphfake"
)

// sendRich sends a message with rich content and returns all messages that the customer has got since the rig was made.
func (r *rig) sendRich(t *testing.T, o channels.Outbound, rich channels.Rich) []graphfake.PageMessage {
	t.Helper()
	o.Rich = &rich
	if _, err := r.sendAll(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	r.takeFacts(t)
	return r.customer.Inbox()
}

// tap taps a button and returns what becomes of it.
func (r *rig) tap(t *testing.T, title string) channels.Inbound {
	t.Helper()
	noError(t, r.customer.Tap(title))
	return r.takeOne(t, channels.InboundMessage)
}

// Answers to tap stand below the last part of the message; what the customer taps says which one.
//
func TestSendButtons(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.outbound(1, "Which one?")
	o.Files = []channels.File{attached("both.png", "image/png", []byte("PNG"))}
	got := r.sendRich(t, o, channels.Rich{Buttons: []channels.Button{{ID: "b-1", Title: "Red"}, {ID: "b-2", Title: "Blue"}}})
	if len(got) != 2 {
		t.Fatalf("the customer got %+v, want the picture and the text", got)
	}
	wantEqual(t, "kind of the first", got[0].Kind, "image")
	wantEqual(t, "answers below the second", len(got[1].QuickReplies), 2)
	answer := r.tap(t, "Blue")
	wantEqual(t, "text of the answer", answer.Text, "Blue")
	wantEqual(t, "button of the answer", answer.Chosen, "b-2")
}

// Buttons of which one is a link are a button template while the text fits into one. Below a longer text the link is written out.
//
func TestSendLinks(t *testing.T) {
	t.Parallel()
	const link = "https://pay.acme.test/1"
	rich := channels.Rich{Buttons: []channels.Button{{Title: "Pay", URL: link}, {ID: "later", Title: "Later"}}}
	r := newRig(t)
	got := r.sendRich(t, r.outbound(1, "Pay here"), rich)
	short := got[len(got)-1]
	wantEqual(t, "text", short.Text, "Pay here")
	if len(short.Buttons) != 2 || short.Buttons[0].URL != link {
		t.Errorf("got the buttons %+v, want the link and the answer", short.Buttons)
	}
	answer := r.tap(t, "Later")
	wantEqual(t, "text of the answer", answer.Text, "Later")
	wantEqual(t, "button of the answer", answer.Chosen, "later")

	got = r.sendRich(t, r.outbound(2, strings.Repeat("long ", 200)), rich)
	long := got[len(got)-1]
	if !strings.HasSuffix(long.Text, "\nPay: "+link) {
		t.Errorf("got the text %q, want the link at its end", long.Text)
	}
	wantEqual(t, "answers below the long text", len(long.QuickReplies), 1)
}

// Cards follow the text as a carousel, and their buttons are told apart.
//
func TestSendCards(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := r.sendRich(t, r.outbound(1, "Our shoes"), channels.Rich{Cards: []channels.RichCard{
		{Title: "Red", Text: "Size 41", ImageURL: "https://acme.test/red.png", Buttons: []channels.Button{{ID: "red", Title: "Take red"}}},
		{Title: "Blue", Text: "Size 42", Buttons: []channels.Button{{Title: "Look", URL: "https://acme.test/blue"}}}}})
	if len(got) != 2 || len(got[1].Cards) != 2 {
		t.Fatalf("the customer got %+v, want the text and two cards", got)
	}
	wantEqual(t, "text", got[0].Text, "Our shoes")
	wantEqual(t, "words of the first card", got[1].Cards[0].Subtitle, "Size 41")
	wantEqual(t, "button that was tapped", r.tap(t, "Take red").Chosen, "red")
}

// What Messenger has no form for becomes words.
//
func TestSendRichAsWords(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for want, rich := range map[string]channels.Rich{
		"The office\nMain street 1\nhttps://www.openstreetmap.org/?mlat=48.1&mlon=11.5#map=17/48.1/11.5": {
			Location: &channels.Location{Latitude: 48.1, Longitude: 11.5, Name: "The office", Address: "Main street 1"},
		},
		"Kim\n+15550100\nkim@acme.test": {
			Contact: &channels.ContactCard{Name: "Kim", Phones: []string{"+15550100"}, Emails: []string{"kim@acme.test"}},
		},
		"Sizes\n\n1. 41 – small\n2. 42": {
			List: &channels.List{Button: "Choose", Sections: []channels.ListSection{
				{Title: "Sizes", Rows: []channels.ListRow{{ID: "1", Title: "41", Description: "small"}, {ID: "2", Title: "42"}}},
			}},
		},
	} {
		r.sendRich(t, r.outbound(2, ""), rich)
		texts := r.customerTexts()
		wantEqual(t, "text", texts[len(texts)-1], want)
	}
}

// What Messenger would refuse is refused here, in words, before a part of it leaves.
func TestComposeRefuses(t *testing.T) {
	t.Parallel()
	buttons := func(b channels.Button) *channels.Rich { return &channels.Rich{Buttons: []channels.Button{b}} }
	card := func(c channels.RichCard) *channels.Rich { return &channels.Rich{Cards: []channels.RichCard{c}} }
	for name, o := range map[string]channels.Outbound{
		"buttons without a text": {Rich: buttons(channels.Button{ID: "1", Title: "One"})},
		"button without words":   {Text: "x", Rich: buttons(channels.Button{ID: "1", Title: " "})},
		"long button":            {Text: "x", Rich: buttons(channels.Button{ID: "1", Title: strings.Repeat("é", maxTitle+1)})},
		"long id":                {Text: "x", Rich: buttons(channels.Button{ID: strings.Repeat("x", maxPayload+1), Title: "One"})},
		"link to a file":         {Text: "x", Rich: buttons(channels.Button{ID: "1", Title: "One", URL: "file:///etc/passwd"})},
		"card without title":     {Rich: card(channels.RichCard{Text: "text"})},
		"card of a title":        {Rich: card(channels.RichCard{Title: "One"})},
		"long card":              {Rich: card(channels.RichCard{Title: "One", Text: strings.Repeat("x", maxCardText+1)})},
		"card with a bad image":  {Rich: card(channels.RichCard{Title: "One", Text: "text", ImageURL: "red.png"})},
		"card of four buttons":   {Rich: card(channels.RichCard{Title: "One", Text: "text", Buttons: make([]channels.Button, maxButtons+1)})},
		"eleven cards":           {Rich: &channels.Rich{Cards: make([]channels.RichCard, maxCards+1)}},
		"two files":              {Text: "x", Files: make([]channels.File, 2)},
		"links make it too long": {
			Text: strings.Repeat("x", maxText-10),
			Rich: buttons(channels.Button{ID: "1", Title: "One", URL: "https://acme.test/"}),
		},
	} {
		parts, err := composeParts(o)
		wantClass(t, name, err, channels.BadContent)
		if se := sendError(t, err); se.Text == "" || se.Hint == "" {
			t.Errorf("%s: got the error %+v, want words and a hint for people", name, se)
		}
		if parts != nil {
			t.Errorf("%s: composed as %+v, want nothing", name, parts)
		}
	}
}
