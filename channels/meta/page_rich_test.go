package meta

import (
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
func TestPageSendButtons(t *testing.T) {
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
