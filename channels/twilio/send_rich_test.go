package twilio

import (
	"fmt"
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// richMessage makes a rich message to Ann.
func (w *world) richMessage(text string, rich channels.Rich) channels.Outbound {
	o := w.outbound(1, text)
	o.Rich = &rich
	return o
}

// receiveRich sends a rich message with all its parts, and returns the messages that Ann's phone shows.
func (w *world) receiveRich(text string, rich channels.Rich, want int) []twiliofake.Received {
	w.t.Helper()
	w.annWrites("hi")
	w.mustSendAll(w.richMessage(text, rich))
	w.waitSettled()
	return w.takeInbox(want)
}

// yesOrNo is a choice of two buttons.
func yesOrNo() channels.Rich {
	return channels.Rich{Buttons: []channels.Button{{ID: "y", Title: "Yes"}, {ID: "n", Title: "No"}}}
}

func sampleList() *channels.List {
	rows := []channels.ListRow{{ID: "r1", Title: "One"}, {ID: "r2", Title: "Two", Description: "d"}}
	return &channels.List{Button: "Choose", Sections: []channels.ListSection{{Title: "S", Rows: rows}}}
}

func TestSendButtons(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	got := w.receiveRich("Well?", yesOrNo(), 1)[0]
	if len(got.Buttons) != 2 {
		t.Fatalf("got the buttons %+v, want two", got.Buttons)
	}
	wantEqual(t, "id of the second button", got.Buttons[1].ID, "n")
}

// A tap on a button comes back as an answer to the message.
func TestTapOnAButton(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	got := w.receiveRich("Well?", yesOrNo(), 1)[0]
	if _, err := w.ann.Tap(got.SID, got.Buttons[0]); err != nil {
		t.Fatal(err)
	}
	answer := w.takeMessages(2)[1] // after her "hi"
	wantEqual(t, "text", answer.Text, "Yes")
	wantEqual(t, "message that it answers", answer.Answers.External, got.SID)
}

func TestSendList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	got := w.receiveRich("Pick", channels.Rich{List: sampleList()}, 1)[0]
	wantEqual(t, "button that opens the list", got.List, "Choose")
	if len(got.Buttons) != 2 {
		t.Fatalf("got the rows %+v, want two", got.Buttons)
	}
	wantEqual(t, "id of the second row", got.Buttons[1].ID, "r2")
	items := fmt.Sprint(contentTypes("Pick", &channels.Rich{List: sampleList()}))
	wantEqual(t, "rows with a description, even an empty one", strings.Count(items, "description:"), 1)
}

// If Twilio has no form for a rich message on WhatsApp, it is sent as text.
func TestSendRichAsText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		rich channels.Rich
		want string
	}{
		{
			name: "contact",
			rich: channels.Rich{Contact: &channels.ContactCard{Name: "Kim", Phones: []string{"+15550100"}}},
			want: "x\n\nKim\n+15550100",
		},
		{
			name: "an answer beside a link",
			rich: channels.Rich{Buttons: []channels.Button{{Title: "a"}, {Title: "b", URL: "https://acme.test"}}},
			want: "x\n\n1. a\n2. b – https://acme.test",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, viaWhatsApp)
			w.annWrites("hi")
			w.mustSendAll(w.richMessage("x", tt.rich))
			wantEqual(t, "Body", w.lastForm().Get("Body"), tt.want)
		})
	}
}
