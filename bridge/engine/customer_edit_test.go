package engine_test

import (
	"slices"
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// edit and deletion are events by which kim changes or deletes a message.
func edit(target, text string) channelstest.Event {
	return channelstest.Event{Type: "edit", From: "kim", Name: "Kim", Target: target, Text: text}
}
func deletion(target string) channelstest.Event {
	return channelstest.Event{Type: "delete", From: "kim", Name: "Kim", Target: target}
}

// A customer edits a message that was answered. The thread shows the new words and the former ones, and the conversation
// is open again.
func TestCustomerEdits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	id := w.customerWrites("kim", "Send it to Berlin")
	thread := w.waitThread("Send it to Berlin")
	w.reply(thread, "Will do")
	w.waitCard(thread, "#1 pending")
	w.postChatEvent(edit(id, "Send it to Hamburg"))
	wantWords(t, "the line", w.waitLine(thread, bridge.LineChanged).Plain(), "Hamburg", "Berlin")
	w.waitCard(thread, "#1 open")
}

// A customer deletes a message. The thread says which one, and its original text is kept.
func TestCustomerDeletes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	id := w.customerWrites("kim", "Send it to Berlin")
	thread := w.waitThread("Send it to Berlin")
	w.postChatEvent(edit(id, "Send it to Hamburg"))
	w.postChatEvent(deletion(id))
	wantWords(t, "the line", w.waitLine(thread, bridge.LineDeleted).Plain(), "Berlin")
	w.waitDrained()
	wantEqual(t, "the text that is kept", w.text(`SELECT text FROM messages WHERE external_id = $1`, id), "Send it to Berlin")
}

// When a customer edits a message of a resolved conversation, the owner is mentioned. In an open one nobody is.
// Requirement R-242: Available, busy, away.
func TestEditAfterTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	id := w.customerWrites("kim", "Thanks")
	thread := w.waitThread("Thanks")
	w.take("ann", "Thanks")
	w.postChatEvent(edit(id, "Thank you"))
	w.wantMentions(thread, bridge.LineChanged, "Thank you")
	w.waitDrained() // nobody may end a conversation before it is known that the thread shows the edit
	w.reply(thread, "!resolve")
	w.waitCard(thread, "resolved")
	w.postChatEvent(edit(id, "It is broken again"))
	w.wantMentions(thread, bridge.LineChanged, "broken again", "ann")
}

// resolveHavingSeen lets ann resolve the conversation on the page, which has shown her everything up to an event, and
// checks the result.
func (p *page) resolveHavingSeen(seen bridge.EventID, want bridge.ActState, why string) {
	p.t.Helper()
	p.waitResult("ann", p.act("ann", bridge.Act{Verb: bridge.VerbResolve, Args: bridge.Args{Seen: seen}}), want, why)
}

// A summary is made of the present texts of the customer's messages, and of none that the customer deleted, even if the
// deletion came before the message.
func TestTextsAreOfTheLatestWords(t *testing.T) {
	t.Parallel()
	s := newScribeOf("- Send it.")
	w := newWorld(t, options{analyzer: s})
	one, two := w.customerWrites("kim", "Send it to Berlin"), w.customerWrites("kim", "My card is 4711")
	thread := w.waitThread("4711")
	w.postChatEvent(edit(one, "Send it to Hamburg"))
	w.postChatEvent(deletion(two))
	w.postChatEvent(deletion("m9")) // which comes only then
	w.customerSends(chat, channelstest.Event{ID: "m9", From: "kim", Name: "Kim", Text: "My code is 0815"})
	w.waitShown("0815")
	w.reply(thread, "!ai summarise")
	w.waitLine(thread, bridge.LineWritten)
	for _, asked := range s.requests() {
		wantList(t, "what the writer was told", textsOf(asked.Messages), []string{"Send it to Hamburg"})
	}
}

// The edit of a message comes before the message. Its words are shown at once, and the former ones only in a line about
// the change. That holds for a new customer and for a known one.
func TestEditBeforeTheOriginal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		isKnown bool
	}{{name: "a new customer"}, {name: "a known customer", isKnown: true}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			if tt.isKnown {
				w.openThread()
			}
			w.postChatEvent(edit("m1", "The new words"))
			thread := w.waitThread("The new words")
			w.customerSends(chat, channelstest.Event{ID: "m1", From: "kim", Name: "Kim", Text: "The old words"})
			wantWords(t, "the line about the change", w.waitLine(thread, bridge.LineChanged).Plain(), "The old words")
			w.waitDrained()
			if got := w.customerTexts(thread); slices.Contains(got, "The old words") {
				t.Errorf("the thread shows %q, want the old words in the line about the change alone", got)
			}
		})
	}
}

// The deletion of a message comes before the message, which is then shown as deleted. A reaction to it quotes it.
func TestDeletionBeforeTheOriginal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		first channelstest.Event // by which the conversation began
	}{
		{name: "the customer wrote before", first: channelstest.Event{Type: "message", ID: "m1", From: "kim", Name: "Kim", Text: "Hello"}},
		{name: "the customer is known by another change alone", first: edit("m1", "Hello")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			w.postChatEvent(tt.first)
			thread := w.waitThread("Hello")
			w.postChatEvent(deletion("m2"))
			w.waitLine(thread, bridge.LineDeleted)
			w.customerSends(chat, channelstest.Event{ID: "m2", From: "kim", Name: "Kim", Text: "Taken back"})
			wantWords(t, "the deleted message", w.waitShown("Taken back").Plain(), "deleted")

			w.react("kim", "m2", "👀")
			wantWords(t, "the reaction to it", w.waitShown("👀").Plain(), "Taken back")
		})
	}
}

// newAnsweredOrder makes a world in which kim has written where to send something, and ann has answered. It returns the
// provider's ids of both messages, and the thread.
func newAnsweredOrder(t *testing.T) (w *world, kims, ours, thread string) {
	t.Helper()
	w = newWorld(t, options{})
	kims = w.customerWrites("kim", "Send it to Berlin")
	thread = w.waitThread("Send it to Berlin")
	w.reply(thread, "Will do")
	ours = w.provider.WaitTexts(t, "Will do")[0].ID
	w.waitCard(thread, "#1 pending")
	w.waitDrained()
	return w, kims, ours, thread
}

// A customer can't change or delete another customer's message. Such an event is shown in a thread of her own, without
// the other one's words.
func TestEditsOfAnotherCustomersMessage(t *testing.T) {
	t.Parallel()
	w, kims, _, thread := newAnsweredOrder(t)
	w.postChatEvent(channelstest.Event{Type: "edit", From: "lea", Name: "Lea", Target: kims, Text: "Send it to me"})
	leas := w.waitThread("Send it to me")
	w.postChatEvent(channelstest.Event{Type: "delete", From: "lea", Name: "Lea", Target: kims})
	wantNoWords(t, "the line in Lea's thread", w.waitLine(leas, bridge.LineDeleted).Plain(), "Berlin")
	w.waitDrained()
	w.waitCard(thread, "#1 pending")
	if leas == thread {
		t.Error("what Lea wants changed is shown in Kim's thread, want it in one of her own")
	}
	wantEqual(t, "lines of changes in Kim's thread", w.countLines(thread, bridge.LineChanged), 0)
	wantEqual(t, "lines of deletions in Kim's thread", w.countLines(thread, bridge.LineDeleted), 0)
}
