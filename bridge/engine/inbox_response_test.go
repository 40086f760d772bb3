package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// The inbox page shows a customer's emoji at the message that has it, as long as it stands. A page that is open notices
// each change.
// Requirement R-274: An inbox in the browser.
func TestInboxShowsReactions(t *testing.T) {
	t.Parallel()
	w, question, answer, _ := newAnsweredQuestion(t)
	p := w.inboxPage()
	stamp := func() string { return must(p.inbox.Stamp(t.Context(), p.agents["ann"], 1))(t) }
	shown := func(i int) []bridge.SpokenReaction {
		return must(p.inbox.ReadSpoken(t.Context(), p.agents["ann"], 1, bridge.SpokenBefore{}))(t).List[i].Reactions
	}
	const ofKim, ofAnn = 0, 1 // places of the messages
	name := displayName("kim")

	for _, tt := range []struct {
		target, emoji string
		kim, ann      []bridge.SpokenReaction // at the question of kim, and at the answer of ann
	}{
		{target: answer, emoji: "👍", ann: []bridge.SpokenReaction{{Emoji: "👍", Customer: name}}},
		{target: answer, emoji: "❤️", ann: []bridge.SpokenReaction{{Emoji: "❤️", Customer: name}}},
		{
			target: question, emoji: "🙈",
			kim: []bridge.SpokenReaction{{Emoji: "🙈", Customer: name}}, ann: []bridge.SpokenReaction{{Emoji: "❤️", Customer: name}},
		},
		{target: answer, emoji: "", kim: []bridge.SpokenReaction{{Emoji: "🙈", Customer: name}}},
	} {
		before := stamp()
		w.react("kim", tt.target, tt.emoji)
		w.waitDrained()
		wantList(t, "reactions to the question", shown(ofKim), tt.kim)
		wantList(t, "reactions to the answer", shown(ofAnn), tt.ann)
		if stamp() == before {
			t.Errorf("after the reaction %q the page has the same stamp, want another one", tt.emoji)
		}
	}
}

// The inbox page shows which message a customer's message answers, also if that isn't known.
// Requirement R-274: An inbox in the browser.
func TestInboxShowsWhatCustomersAnswer(t *testing.T) {
	t.Parallel()
	w, question, answer, _ := newAnsweredQuestion(t)
	p := w.inboxPage()
	for _, tt := range []struct {
		answered string
		want     bridge.Answered
	}{
		{answered: answer, want: bridge.Answered{Text: "On its way", ByUs: true}},
		{answered: question, want: bridge.Answered{Text: "Where is my order?", ByOwner: true}},
		{answered: "unheard-of", want: bridge.Answered{}},
	} {
		w.customerSends(chat, channelstest.Event{From: "kim", Text: "About " + tt.answered, Answered: tt.answered})
		w.waitShown("About " + tt.answered)
		got := p.newest("ann").Answers
		if got == nil {
			t.Fatalf("the page shows no message that is answered, want %+v", tt.want)
		}
		wantEqual(t, "what the message answers", *got, tt.want)
	}
	w.customerWrites("kim", "Thank you")
	w.waitShown("Thank you")
	if got := p.newest("ann").Answers; got != nil {
		t.Errorf("a message that answers none in particular has %+v, want none", *got)
	}
}

// The inbox page shows which message a colleague's reply answers, if the channel named it.
// Requirement R-274: An inbox in the browser.
// Requirement R-063: Answers to one message.
func TestInboxShowsWhatAReplyAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: carriesRich})
	w.customerWrites("kim", "Is it red?")
	thread := w.waitThread("Is it red?")
	p := w.inboxPage()
	b := formOf(bridge.VerbReply)
	b.Args.Message = p.newest("ann").ID
	w.chat.Submit("ann", support, thread, b, "Yes.")
	w.provider.WaitTexts(t, "Yes.")

	got := p.newest("ann").Answers
	if got == nil {
		t.Fatal("the page shows no message that the reply answers, want the question")
	}
	wantEqual(t, "what the reply answers", *got, bridge.Answered{Text: "Is it red?"})
}
