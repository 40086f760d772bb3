package messenger

import (
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/graphfake"
)

// receiveRich sends a message with rich content, and returns what the customer got, which must be want messages.
func (r *rig) receiveRich(t *testing.T, o channels.Outbound, rich channels.Rich, want int) []graphfake.PageMessage {
	t.Helper()
	o.Rich = &rich
	r.mustSendAll(t, o)
	r.takeFacts(t)
	return r.takeInbox(t, want)
}

// tap lets the customer tap a button, and returns the message that this becomes.
func (r *rig) tap(t *testing.T, title string) channels.Inbound {
	t.Helper()
	noError(t, r.customer.Tap(title))
	return r.takeOne(t, channels.InboundMessage)
}

// Buttons for answers are shown below the last part of a message. A tap tells which one was chosen.
// Requirement R-058: Messenger's buttons, lists and cards.
func TestSendButtons(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.outbound(1, "Which one?")
	o.Files = []channels.File{attached("both.png", "image/png", []byte("PNG"))}
	got := r.receiveRich(t, o, channels.Rich{Buttons: []channels.Button{{ID: "b-1", Title: "Red"}, {ID: "b-2", Title: "Blue"}}}, 2)
	wantEqual(t, "kind of the first", got[0].Kind, "image")
	wantEqual(t, "number of answers below the second", len(got[1].QuickReplies), 2)

	answer := r.tap(t, "Blue")
	wantEqual(t, "text of the answer", answer.Text, "Blue")
	wantEqual(t, "button of the answer", answer.Chosen, "b-2")
}

// payOrLater returns two buttons: a link, and an answer.
func payOrLater() channels.Rich {
	return channels.Rich{Buttons: []channels.Button{
		{Title: "Pay", URL: "https://pay.acme.test/1"},
		{ID: "later", Title: "Later"},
	}}
}

// If one of the buttons is a link and the text is short, text and buttons are sent as a template.
// Requirement R-058: Messenger's buttons, lists and cards.
func TestSendLinkBelowAShortText(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := r.receiveRich(t, r.outbound(1, "Pay here"), payOrLater(), 1)[0]
	wantEqual(t, "text", got.Text, "Pay here")
	if len(got.Buttons) != 2 {
		t.Fatalf("got the buttons %+v, want the link and the answer", got.Buttons)
	}
	wantEqual(t, "link", got.Buttons[0].URL, "https://pay.acme.test/1")

	answer := r.tap(t, "Later")
	wantEqual(t, "text of the answer", answer.Text, "Later")
	wantEqual(t, "button of the answer", answer.Chosen, "later")
}

// A template can't hold a long text. The link is then written at the end of the text.
// Requirement R-058: Messenger's buttons, lists and cards.
func TestSendLinkBelowALongText(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := r.receiveRich(t, r.outbound(2, strings.Repeat("long ", 200)), payOrLater(), 1)[0]
	if want := "\nPay: https://pay.acme.test/1"; !strings.HasSuffix(got.Text, want) {
		t.Errorf("got the text %q, want %q at its end", got.Text, want)
	}
	wantEqual(t, "number of answers", len(got.QuickReplies), 1)
}

// Cards follow the text as a carousel. A tap tells which card's button was chosen.
// Requirement R-058: Messenger's buttons, lists and cards.
func TestSendCards(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := r.receiveRich(t, r.outbound(1, "Our shoes"), channels.Rich{Cards: []channels.RichCard{
		{
			Title: "Red", Text: "Size 41", ImageURL: "https://acme.test/red.png",
			Buttons: []channels.Button{{ID: "red", Title: "Take red"}},
		},
		{Title: "Blue", Text: "Size 42", Buttons: []channels.Button{{Title: "Look", URL: "https://acme.test/blue"}}},
	}}, 2)
	text, carousel := got[0], got[1]
	wantEqual(t, "text", text.Text, "Our shoes")
	if len(carousel.Cards) != 2 {
		t.Fatalf("got the cards %+v, want two", carousel.Cards)
	}
	wantEqual(t, "text of the first card", carousel.Cards[0].Subtitle, "Size 41")
	wantEqual(t, "button that was tapped", r.tap(t, "Take red").Chosen, "red")
}

// Content for which Messenger has no format, such as a place, becomes text.
// Requirement R-058: Messenger's buttons, lists and cards.
func TestSendRichAsText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		rich channels.Rich
		want string
	}{
		{
			name: "place",
			rich: channels.Rich{Location: &channels.Location{Latitude: 48.1, Longitude: 11.5, Name: "The office", Address: "Main street 1"}},
			want: "The office\nMain street 1\nhttps://www.openstreetmap.org/?mlat=48.1&mlon=11.5#map=17/48.1/11.5",
		},
		{
			name: "contact",
			rich: channels.Rich{Contact: &channels.ContactCard{Name: "Kim", Phones: []string{"+15550100"}, Emails: []string{"kim@acme.test"}}},
			want: "Kim\n+15550100\nkim@acme.test",
		},
		{
			name: "list",
			rich: channels.Rich{List: &channels.List{Button: "Choose", Sections: []channels.ListSection{
				{Title: "Sizes", Rows: []channels.ListRow{{ID: "1", Title: "41", Description: "small"}, {ID: "2", Title: "42"}}},
				{Title: "Colours", Rows: []channels.ListRow{{ID: "3", Title: "Red"}}},
			}}},
			want: "Sizes\n\n1. 41 – small\n2. 42\n\nColours\n\n3. Red",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			wantEqual(t, "text", r.receiveRich(t, r.outbound(2, ""), tt.rich, 1)[0].Text, tt.want)
		})
	}
}

// A message that Messenger would refuse is refused before a part of it is sent, with an explanation for people.
func TestComposeRefuses(t *testing.T) {
	t.Parallel()
	withButton := func(b channels.Button) *channels.Rich { return &channels.Rich{Buttons: []channels.Button{b}} }
	withCard := func(c channels.RichCard) *channels.Rich { return &channels.Rich{Cards: []channels.RichCard{c}} }
	tests := []struct {
		name string
		o    channels.Outbound
	}{
		{name: "button without a text above it", o: channels.Outbound{Rich: withButton(channels.Button{ID: "1", Title: "One"})}},
		{name: "button with a blank title", o: channels.Outbound{Text: "x", Rich: withButton(channels.Button{ID: "1", Title: " "})}},
		{
			name: "button with a long title",
			o:    channels.Outbound{Text: "x", Rich: withButton(channels.Button{ID: "1", Title: strings.Repeat("é", maxTitle+1)})},
		},
		{
			name: "button with a long id",
			o:    channels.Outbound{Text: "x", Rich: withButton(channels.Button{ID: strings.Repeat("x", maxPayload+1), Title: "One"})},
		},
		{
			name: "link that isn't one of the web",
			o:    channels.Outbound{Text: "x", Rich: withButton(channels.Button{ID: "1", Title: "One", URL: "file:///etc/passwd"})},
		},
		{
			name: "link that makes the text too long",
			o: channels.Outbound{
				Text: strings.Repeat("x", maxText-10),
				Rich: withButton(channels.Button{ID: "1", Title: "One", URL: "https://acme.test/"}),
			},
		},
		{name: "card without a title", o: channels.Outbound{Rich: withCard(channels.RichCard{Text: "text"})}},
		{name: "card with a title alone", o: channels.Outbound{Rich: withCard(channels.RichCard{Title: "One"})}},
		{
			name: "card with a long text",
			o:    channels.Outbound{Rich: withCard(channels.RichCard{Title: "One", Text: strings.Repeat("x", maxCardText+1)})},
		},
		{
			name: "card with an image that isn't at an address",
			o:    channels.Outbound{Rich: withCard(channels.RichCard{Title: "One", Text: "text", ImageURL: "red.png"})},
		},
		{
			name: "card with too many buttons",
			o: channels.Outbound{
				Rich: withCard(channels.RichCard{Title: "One", Text: "text", Buttons: make([]channels.Button, maxButtons+1)}),
			},
		},
		{name: "too many cards", o: channels.Outbound{Rich: &channels.Rich{Cards: make([]channels.RichCard, maxCards+1)}}},
		{name: "two files", o: channels.Outbound{Text: "x", Files: make([]channels.File, 2)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			parts, err := composeParts(tt.o)
			wantClass(t, "composing", err, channels.BadContent)
			se := sendError(t, err)
			if se.Text == "" || se.Hint == "" {
				t.Errorf("got the error %+v, want words and a hint for people", se)
			}
			if parts != nil {
				t.Errorf("composed as %+v, want nothing", parts)
			}
		})
	}
}
