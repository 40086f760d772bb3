package view

import (
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels/golden"
)

// riches has one message of each kind.
func riches() map[bridge.RichKind]*bridge.Rich {
	return map[bridge.RichKind]*bridge.Rich{
		bridge.RichIsButtons: {Buttons: []bridge.RichButton{{ID: "b1", Title: "Yes, please"}, {ID: "b2", Title: "No <!channel>"}}},
		bridge.RichIsList: {List: &bridge.RichList{Button: "Choose a lamp", Sections: []bridge.RichSection{
			{Title: "Desk", Rows: []bridge.RichRow{{ID: "r1", Title: "Luna", Description: "40 cm"}, {ID: "r2", Title: "Sol"}}},
			{Title: "Floor", Rows: []bridge.RichRow{{ID: "r3", Title: "Stella"}}}}}},
		bridge.RichIsLocation: {Location: &bridge.RichLocation{Latitude: 52.5163, Longitude: 13.3777, Name: "Our shop", Address: "Pariser Platz 1"}},
		bridge.RichIsContact:  {Contact: &bridge.RichContact{Name: "Bob Ray", Org: "Acme", Phones: []string{"+491715550100"}, Emails: []string{"bob@acme.test"}}},
		bridge.RichIsCards: {Cards: []bridge.RichCard{{Title: "Luna", Text: "Warm white", ImageURL: "https://lamps.example/luna.jpg",
			Buttons: []bridge.RichButton{{ID: "c1b1", Title: "Order", URL: "https://lamps.example/luna"}, {ID: "c1b2", Title: "Ask"}}},
			{Title: "Sol", Text: "Cold white"}}},
	}
}

// everythingRich is what a channel can that carries every kind.
func everythingRich() bridge.Capabilities {
	return bridge.Capabilities{Rich: bridge.RichLimits{Buttons: 3, ListRows: 10, Carousel: 10, Location: 2, ContactCard: 2}}
}

// Buttons, a list, a place and the like that go with a text are a compact block in the thread.
func TestRichLine(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, kind := range richKinds() {
		content := &bridge.RepliedLine{Answered: "Do you have\n*lamps*?"}
		l := bridge.Line{Content: content, Verb: bridge.VerbReply, By: ann(), Text: "Which one?", Rich: riches()[kind],
			Verbs: verbs{bridge.VerbUndo}}
		if kind.IsSentAlone() {
			l.Text, content.Answered = "", ""
		}
		c := Line(l, facts(t))
		checkCard(t, string(kind), c)
		b.WriteString(dump(string(kind), c))
		b.WriteString("as words " + strings.ReplaceAll(l.Rich.Text(), "\n", "\n         ") + "\n\n")
	}
	failed := bridge.Line{Content: &bridge.FailedLine{Trouble: "no such number"}, Mentions: agents{ann()},
		Rich:  riches()[bridge.RichIsLocation],
		Verbs: verbs{bridge.VerbSendAgain}}
	b.WriteString(dump("failed", Line(failed, facts(t))))
	golden.Text(t, "testdata/rich.txt", b.String())
}

// richInput is the second step of a reply's form, which asks for what goes with the text.
func richInput(t *testing.T, kind bridge.RichKind, can bridge.Capabilities) FormInput {
	in := input(t, bridge.VerbReply, facts(t))
	in.Can, in.Args = can, bridge.Args{Conversation: 12, Message: 34, ReplyArgs: bridge.ReplyArgs{Rich: kind}}
	return in
}

// The forms for buttons, a list, a place and the like say what the channel carries.
func TestRichForm(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, can := range []bridge.Capabilities{everythingRich(), {}} {
		for _, kind := range richKinds() {
			form := mustForm(t, richInput(t, kind, can))
			wantEqual(t, string(kind)+": how many items the form takes", form.Args.Most, can.MaxItems(kind))
			wantEqual(t, string(kind)+": the message that is answered", form.Args.Message, 34)
			b.WriteString(dumpForm(string(kind), form))
		}
	}
	golden.Text(t, "testdata/form_rich.txt", b.String()+firstSteps(t))
}

// firstSteps shows forms of a reply to one message, and to one of several.
func firstSteps(t *testing.T) string {
	in := input(t, bridge.VerbReply, facts(t))
	in.Args, in.Can = bridge.Args{}, bridge.Capabilities{Rich: bridge.RichLimits{Buttons: 3}}
	in.Count = &bridge.Count{Parts: 2, Left: 12, Encoding: "GSM-7", Room: [3]int{148, 294, 447}}
	in.Said = []bridge.Said{{MessageID: 7, Text: "Do you have lamps?"}}
	one := mustForm(t, in)
	in.Said = append(in.Said, bridge.Said{MessageID: 8, Text: "Red ones?"}, bridge.Said{MessageID: 9})
	return dumpForm("in answer to one", one) + dumpForm("in answer to one of several", mustForm(t, in))
}

// formValues are the fields of a form, as they are submitted.
type formValues = map[string][]string

// Limits of channels in these tests: how many items of each kind a message may have.
const (
	mostButtons = 3
	mostRows    = 10
	mostCards   = 10
	oneItem     = 1
	sentAsText  = 0 // the channel has no such items, so that they become text
)

// longTitle has one character more than fits on a button.
func longTitle() string { return strings.Repeat("x", 25) }

// submitRich submits the second step of a reply's form, which asks for what goes with the text.
func submitRich(t *testing.T, kind bridge.RichKind, most int, values formValues) (Filled, map[string]string) {
	t.Helper()
	args := bridge.Args{Conversation: 12, ReplyArgs: bridge.ReplyArgs{Rich: kind, Most: most}}
	return Submit(bridge.VerbReply, args, values, now(t), time.UTC)
}

func TestSubmitRich(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		kind     bridge.RichKind
		most     int
		values   formValues
		wantRich *bridge.Rich
		wantText string
	}{
		{
			name:     "buttons",
			kind:     bridge.RichIsButtons,
			most:     mostButtons,
			values:   formValues{"text": {"Shall I?"}, "choices": {"Yes, please\n\n- No <!channel>"}},
			wantRich: riches()[bridge.RichIsButtons],
			wantText: "Shall I?",
		},
		{
			name:     "buttons that become text may be long",
			kind:     bridge.RichIsButtons,
			most:     sentAsText,
			values:   formValues{"text": {"x"}, "choices": {longTitle()}},
			wantRich: &bridge.Rich{Buttons: []bridge.RichButton{{ID: "b1", Title: longTitle()}}},
			wantText: "x",
		},
		{
			name:   "buttons, one of them a link",
			kind:   bridge.RichIsButtons,
			most:   mostButtons,
			values: formValues{"text": {"It is on its way."}, "choices": {"Thanks\n- Track it | https://shop.example/" + longTitle()}},
			wantRich: &bridge.Rich{Buttons: []bridge.RichButton{{ID: "b1", Title: "Thanks"},
				{ID: "b2", Title: "Track it", URL: "https://shop.example/" + longTitle()}}},
			wantText: "It is on its way.",
		},
		{
			name:     "as many buttons as fit",
			kind:     bridge.RichIsButtons,
			most:     oneItem,
			values:   formValues{"text": {"x"}, "choices": {"Yes"}},
			wantRich: &bridge.Rich{Buttons: []bridge.RichButton{{ID: "b1", Title: "Yes"}}},
			wantText: "x",
		},
		{
			name:   "list without sections",
			kind:   bridge.RichIsList,
			most:   mostRows,
			values: formValues{"text": {"x"}, "open": {"Choose"}, "choices": {"Luna | until 18:"}},
			wantRich: &bridge.Rich{List: &bridge.RichList{
				Button:   "Choose",
				Sections: []bridge.RichSection{{Rows: []bridge.RichRow{{ID: "r1", Title: "Luna", Description: "until 18:"}}}},
			}},
			wantText: "x",
		},
		{
			name: "list that becomes text may have long words",
			kind: bridge.RichIsList,
			most: sentAsText,
			values: formValues{
				"text":    {"x"},
				"open":    {"Choose"},
				"choices": {longTitle() + ":\n" + longTitle() + " | " + strings.Repeat("x", 73)},
			},
			wantRich: &bridge.Rich{List: &bridge.RichList{Button: "Choose", Sections: []bridge.RichSection{{
				Title: longTitle(),
				Rows:  []bridge.RichRow{{ID: "r1", Title: longTitle(), Description: strings.Repeat("x", 73)}},
			}}}},
			wantText: "x",
		},
		{
			name: "list",
			kind: bridge.RichIsList,
			most: mostRows,
			values: formValues{
				"text":    {"Which?"},
				"open":    {"Choose a lamp"},
				"choices": {"Desk:\nLuna | 40 cm\nSol\nFloor:\n1. Stella"},
			},
			wantRich: riches()[bridge.RichIsList],
			wantText: "Which?",
		},
		{
			name:     "location",
			kind:     bridge.RichIsLocation,
			most:     oneItem,
			values:   formValues{"point": {"52.5163, 13.3777"}, "name": {"Our shop"}, "place": {"Pariser Platz 1"}},
			wantRich: riches()[bridge.RichIsLocation],
		},
		{
			name: "contact",
			kind: bridge.RichIsContact,
			most: oneItem,
			values: formValues{
				"name":   {"Bob Ray"},
				"org":    {"Acme"},
				"phones": {"+49 (0) 171 / 555-0100"},
				"emails": {"bob@acme.test"},
			},
			wantRich: riches()[bridge.RichIsContact],
		},
		{
			name: "cards",
			kind: bridge.RichIsCards,
			most: mostCards,
			values: formValues{"cards": {"Luna\nWarm white\nhttps://lamps.example/luna.jpg\n> Order | https://lamps.example/luna\n> Ask\n \n" +
				"Sol\nCold white"}},
			wantRich: riches()[bridge.RichIsCards],
		},
		{
			name:   "a card without a text",
			kind:   bridge.RichIsCards,
			most:   mostCards,
			values: formValues{"cards": {"Luna\n> Ask"}},
			wantRich: &bridge.Rich{Cards: []bridge.RichCard{
				{Title: "Luna", Buttons: []bridge.RichButton{{ID: "c1b1", Title: "Ask"}}},
			}},
		},
		{
			name:   "a card with two pictures",
			kind:   bridge.RichIsCards,
			most:   mostCards,
			values: formValues{"cards": {"Luna\nhttps://lamps.example/1.jpg\nhttps://lamps.example/2.jpg"}},
			wantRich: &bridge.Rich{Cards: []bridge.RichCard{
				{Title: "Luna", ImageURL: "https://lamps.example/1.jpg", Text: "https://lamps.example/2.jpg"},
			}},
		},
		{
			name:     "a card that becomes text may be a title alone",
			kind:     bridge.RichIsCards,
			most:     sentAsText,
			values:   formValues{"cards": {"Luna"}},
			wantRich: &bridge.Rich{Cards: []bridge.RichCard{{Title: "Luna"}}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, problems := submitRich(t, tt.kind, tt.most, tt.values)
			want := Filled{Verb: bridge.VerbReply, Args: bridge.Args{Conversation: 12}, Text: tt.wantText, Rich: tt.wantRich}
			wantFilled(t, got, problems, want)
		})
	}
}

// richKinds are all kinds of what can go with a reply.
func richKinds() []bridge.RichKind {
	return []bridge.RichKind{bridge.RichIsButtons, bridge.RichIsList, bridge.RichIsLocation, bridge.RichIsContact, bridge.RichIsCards}
}
