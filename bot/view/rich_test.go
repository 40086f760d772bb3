package view

import (
	"fmt"
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
			Buttons: []bridge.RichButton{{ID: "c1b1", Title: "Order", URL: "https://lamps.example/luna"}, {ID: "c1b2", Title: "Ask"}}}, {Title: "Sol", Text: "Cold white"}}},
	}
}

// everythingRich is what a channel can that carries every kind.
func everythingRich() bridge.Capabilities {
	return bridge.Capabilities{Rich: bridge.RichLimits{Buttons: 3, ListRows: 10, Carousel: 10, Location: 2, ContactCard: 2}}
}

// What goes with a text is a compact block in the thread.
func TestRichLine(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, kind := range richKinds() {
		content := &bridge.RepliedLine{Answered: "Do you have\n*lamps*?"}
		l := bridge.Line{Content: content, Verb: bridge.VerbReply, By: ann(), Text: "Which one?", Rich: riches()[kind], Verbs: verbs{bridge.VerbUndo}}
		if kind.IsSentAlone() {
			l.Text, content.Answered = "", ""
		}
		c := Line(l, facts(t))
		checkCard(t, string(kind), c)
		b.WriteString(dump(string(kind), c))
		b.WriteString("as words " + strings.ReplaceAll(l.Rich.Text(), "\n", "\n         ") + "\n\n")
	}
	failed := bridge.Line{Content: &bridge.FailedLine{Reason: "no such number"}, Mentions: agents{ann()}, Rich: riches()[bridge.RichIsLocation],
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

// The forms of what goes with a text say what the channel carries.
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

func TestSubmitRich(t *testing.T) {
	t.Parallel()
	type v = map[string][]string
	long := strings.Repeat("x", 25) // one more than fits on a button
	for _, tt := range []struct {
		kind      bridge.RichKind
		most      int // how many items the channel carries; 0 if it carries them as text
		values    v
		rich      *bridge.Rich // wanted
		text      string       // wanted
		problemAt string       // a field; then nothing else is wanted
	}{
		{kind: bridge.RichIsButtons, most: 3, values: v{"text": {"Shall I?"}, "choices": {"Yes, please\n\n- No <!channel>"}},
			rich: riches()[bridge.RichIsButtons], text: "Shall I?"},
		{kind: bridge.RichIsButtons, most: 3, values: v{"choices": {"Yes"}}, problemAt: "text"},
		{kind: bridge.RichIsButtons, most: 3, values: v{"text": {"x"}}, problemAt: "choices"},
		{kind: bridge.RichIsButtons, most: 3, values: v{"text": {"x"}, "choices": {"a\nb\nc\nd"}}, problemAt: "choices"},
		{kind: bridge.RichIsButtons, most: 3, values: v{"text": {"x"}, "choices": {"Yes\nyes"}}, problemAt: "choices"},
		{kind: bridge.RichIsButtons, most: 3, values: v{"text": {"x"}, "choices": {long}}, problemAt: "choices"},
		{kind: bridge.RichIsButtons, most: 3, values: v{"text": {strings.Repeat("x", 1025)}, "choices": {"a"}}, problemAt: "text"},
		{kind: bridge.RichIsButtons, most: 3, values: v{"text": {"note: x"}, "choices": {"a"}}, problemAt: "text"},
		{kind: bridge.RichIsButtons, values: v{"text": {"x"}, "choices": {long}},
			rich: &bridge.Rich{Buttons: []bridge.RichButton{{ID: "b1", Title: long}}}, text: "x"},
		{kind: bridge.RichIsList, most: 10,
			values: v{"text": {"Which?"}, "open": {"Choose a lamp"}, "choices": {"Desk:\nLuna | 40 cm\nSol\nFloor:\n1. Stella"}}, rich: riches()[bridge.RichIsList], text: "Which?"},
		{kind: bridge.RichIsList, most: 10, values: v{"text": {"x"}, "choices": {"a"}}, problemAt: "open"},
		{kind: bridge.RichIsList, most: 10, values: v{"text": {"x"}, "open": {"o"}, "choices": {"a\nFloor:\nb"}}, problemAt: "choices"},
		{kind: bridge.RichIsList, most: 10, values: v{"text": {"x"}, "open": {"o"}, "choices": {"Floor:"}}, problemAt: "choices"},
		{kind: bridge.RichIsList, most: 10,
			values: v{"text": {"x"}, "open": {"o"}, "choices": {"a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk"}}, problemAt: "choices"},
		{kind: bridge.RichIsList, most: 10, values: v{"text": {"x"}, "open": {"o"}, "choices": {long}}, problemAt: "choices"},
		{kind: bridge.RichIsList, most: 10, values: v{"text": {"x"}, "open": {"o"}, "choices": {"| only"}}, problemAt: "choices"},
		{kind: bridge.RichIsLocation, most: 1, values: v{"point": {"52.5163, 13.3777"}, "name": {"Our shop"}, "place": {"Pariser Platz 1"}},
			rich: riches()[bridge.RichIsLocation]},
		{kind: bridge.RichIsLocation, most: 1, values: v{"point": {"somewhere"}}, problemAt: "point"},
		{kind: bridge.RichIsLocation, most: 1, values: v{"point": {"91, 0"}}, problemAt: "point"},
		{kind: bridge.RichIsContact, most: 1,
			values: v{"name": {"Bob Ray"}, "org": {"Acme"}, "phones": {"+49 (0) 171 / 555-0100"}, "emails": {"bob@acme.test"}}, rich: riches()[bridge.RichIsContact]},
		{kind: bridge.RichIsContact, most: 1, values: v{"phones": {"+491715550100"}}, problemAt: "name"},
		{kind: bridge.RichIsContact, most: 1, values: v{"name": {"Bob"}}, problemAt: "phones"},
		{kind: bridge.RichIsContact, most: 1, values: v{"name": {"Bob"}, "phones": {"0171 5550100"}}, problemAt: "phones"},
		{kind: bridge.RichIsContact, most: 1, values: v{"name": {"Bob"}, "emails": {"bob"}}, problemAt: "emails"},
		{kind: bridge.RichIsCards, most: 10,
			values: v{"cards": {"Luna\nWarm white\nhttps://lamps.example/luna.jpg\n> Order | https://lamps.example/luna\n> Ask\n\nSol\nCold white"}}, rich: riches()[bridge.RichIsCards]},
		{kind: bridge.RichIsCards, most: 10, values: v{"cards": {"Luna"}}, problemAt: "cards"},
		{kind: bridge.RichIsCards, most: 1, values: v{"cards": {"Luna\nx\n\nSol\nx"}}, problemAt: "cards"},
		{kind: bridge.RichIsCards, most: 1, values: v{"cards": {"Luna\n> Order | javascript:alert(1)"}}, problemAt: "cards"},
		{kind: bridge.RichIsCards, most: 1, values: v{"cards": {"Luna\n> a\n> b\n> c\n> d"}}, problemAt: "cards"},
		{kind: bridge.RichIsCards, most: 1, values: v{"cards": {" "}}, problemAt: "cards"},
		{kind: "poem", values: v{"text": {"x"}}, problemAt: "text"},
	} {
		t.Run(fmt.Sprintf("%s with %.60q", tt.kind, tt.values), func(t *testing.T) {
			args := bridge.Args{Conversation: 12, ReplyArgs: bridge.ReplyArgs{Rich: tt.kind, Most: tt.most}}
			got, problems := Submit(bridge.VerbReply, args, tt.values, now(t), time.UTC)
			if tt.problemAt != "" {
				wantFieldProblem(t, got, problems, tt.problemAt)
				return
			}
			wantFilled(t, got, problems, Filled{Verb: bridge.VerbReply, Args: bridge.Args{Conversation: 12}, Text: tt.text, Rich: tt.rich})
		})
	}
}

// The first step of a reply keeps its text and which message it answers, and leads to a second step.
func TestSubmitFirstStep(t *testing.T) {
	t.Parallel()
	values := map[string][]string{"text": {"Shall I?"}, "add": {"buttons"}, "answers": {"7"}}
	got, problems := Submit(bridge.VerbReply, bridge.Args{Conversation: 12}, values, now(t), time.UTC)
	args := bridge.Args{Conversation: 12, Message: 7, ReplyArgs: bridge.ReplyArgs{Rich: bridge.RichIsButtons}}
	wantFilled(t, got, problems, Filled{Verb: bridge.VerbReply, Args: args, Text: "Shall I?", Next: true})
}

// Each kind's form refuses to be submitted empty, with a problem at a field that it has.
func TestRichProblemsHaveFields(t *testing.T) {
	t.Parallel()
	for _, kind := range richKinds() {
		t.Run(string(kind), func(t *testing.T) {
			form := mustForm(t, richInput(t, kind, everythingRich()))
			_, problems := Submit(bridge.VerbReply, form.Args, map[string][]string{"text": {"x"}, "open": {"x"}}, now(t), time.UTC)
			if len(problems) != 1 {
				t.Errorf("an empty form has the problems %v, want one", problems)
			}
			wantProblemsAtFields(t, form, problems)
		})
	}
}

// A text that is too long to stand above buttons comes into their form whole. Only submitting it is refused.
func TestLongTextAboveButtons(t *testing.T) {
	t.Parallel()
	in := richInput(t, bridge.RichIsButtons, everythingRich())
	in.Text = strings.Repeat("word ", 300)
	form := mustForm(t, in)
	words := form.Fields[0]
	if got, want := len(words.Value[0]), len(strings.TrimSpace(in.Text)); got < want {
		t.Errorf("the field has %d characters of the text, want all %d", got, want)
	}
	if words.MaxRunes < len(words.Value[0]) {
		t.Errorf("the field takes %d characters, want at least the %d that are in it", words.MaxRunes, len(words.Value[0]))
	}
	_, problems := Submit(bridge.VerbReply, form.Args, map[string][]string{words.Name: words.Value, "choices": {"Yes"}}, now(t), time.UTC)
	wantWords(t, problems[words.Name], "at most 1024 characters")
}

// If promotional replies may leave for a shorter time than answers, the form asks whether a reply is one. Once that time is
// over, it says so instead.
//
func TestReplyFormAsksForPromotions(t *testing.T) {
	t.Parallel()
	reply := func(peopleOnly bool) Form {
		in := input(t, bridge.VerbReply, facts(t))
		in.Can = bridge.Capabilities{Window: bridge.ReplyWindow{Free: 24 * time.Hour, Human: 7 * 24 * time.Hour}}
		in.Facts.Window.PeopleOnly = peopleOnly
		return mustForm(t, in)
	}

	t.Run("in time", func(t *testing.T) {
		form := reply(false)
		wantWords(t, dumpForm("reply", form), "Promotional: an offer", "24 hours after")
		filled := mustSubmit(t, form, map[string][]string{"text": {"10 % off"}, "kind": {"promotion"}})
		wantEqual(t, "the reply is promotional", filled.Args.Promotional, true)
	})
	t.Run("too late", func(t *testing.T) {
		shown := dumpForm("reply", reply(true))
		wantWords(t, shown, "nothing promotional")
		wantEqual(t, "the form still asks", strings.Contains(shown, "Promotional:"), false)
	})
}

// richKinds are all kinds of what can go with a reply.
func richKinds() []bridge.RichKind {
	return []bridge.RichKind{bridge.RichIsButtons, bridge.RichIsList, bridge.RichIsLocation, bridge.RichIsContact, bridge.RichIsCards}
}
