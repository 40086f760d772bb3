package engine_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/bridgetest"
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

// The provider tells of a message again, under another name of the fact: it is the same message, and nothing new was
// said.
func TestMessageToldUnderAnotherName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	id := w.customerWrites("kim", "Send it to Berlin")
	thread := w.waitThread("Send it to Berlin")
	w.reply(thread, "Will do")
	w.waitCard(thread, "#1 pending")
	w.acceptUnderOtherName(channelstest.Event{Type: "message", ID: id, From: "kim", Name: "Kim", Text: "Send it to Berlin"})
	w.waitDrained()
	w.waitCard(thread, "#1 pending")
	wantEqual(t, "messages of that id", w.count(`SELECT count(*) FROM messages WHERE external_id = $1`, id), 1)
}

// A provider doesn't pass on a customer's edited message, and Parley remarks that in the thread. The remark isn't the
// customer's text and isn't analysed. The same holds for a remark in a message of its own.
func TestRemarksAreNotTheCustomersWords(t *testing.T) {
	t.Parallel()
	r := &reader{find: func(analysis.Question) (analysis.Answer, error) { return analysis.Answer{}, nil }}
	w := newWorld(t, options{analyzer: r})
	w.customerSends(chat, channelstest.Event{ID: "m0", From: "kim", Name: "Kim", Notices: []string{"A poll that isn't passed on."}})
	id := w.customerWrites("kim", "Send it to Berlin")
	thread := w.waitThread("Send it to Berlin")
	e := edit(id, "")
	e.Notices = []string{"A hologram that isn't passed on."}
	w.postChatEvent(e)
	wantWords(t, "the line", w.waitLine(thread, bridge.LineChanged).Plain(), "Berlin", "hologram")

	w.makeBurstsDue()
	w.waitAnalysed()
	questions := r.questions()
	if len(questions) == 0 {
		t.Fatal("nothing was analysed, want what the customer wrote")
	}
	for _, q := range questions {
		wantNoWords(t, "what was said before, in a question", strings.Join(textsOf(q.Before), "\n"), "passed on")
		wantNoWords(t, "what was analysed", strings.Join(textsOf(q.Burst), "\n"), "passed on")
	}
}

// The inbox page shows the present text of a customer's message, its former text, and when it was changed.
// Requirement R-274: An inbox in the browser.
func TestInboxShowsEdits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	id := w.customerWrites("kim", "Send it to Berlin")
	thread, p := w.waitThread("Send it to Berlin"), w.inboxPage()
	e := edit(id, "Send it to Hamburg")
	e.Notices = []string{"Formatted."}
	w.postChatEvent(e)
	w.waitLine(thread, bridge.LineChanged)

	got := p.newest("ann")
	wantEqual(t, "the text", got.Text, "Send it to Hamburg")
	wantEqual(t, "what it said before", got.Before, "Send it to Berlin")
	wantList(t, "remarks", got.Notices, []string{"Formatted."})
	wantEqual(t, "whether it is deleted", got.Deleted, false)
	if got.Revised.IsZero() {
		t.Error("the message has no time when it was changed, want one")
	}
}

// The inbox page shows that a customer deleted a message, with its last text.
// Requirement R-274: An inbox in the browser.
func TestInboxShowsDeletions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	id := w.customerWrites("kim", "Send it to Berlin")
	thread, p := w.waitThread("Send it to Berlin"), w.inboxPage()
	w.postChatEvent(edit(id, "Send it to Hamburg"))
	w.postChatEvent(deletion(id))
	w.waitLine(thread, bridge.LineDeleted)

	got := p.newest("ann")
	wantEqual(t, "the text", got.Text, "Send it to Hamburg")
	wantEqual(t, "whether it is deleted", got.Deleted, true)
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

// An agent can't resolve a conversation on the inbox page while there is an edit that the page didn't show. A deletion
// doesn't prevent that.
// Requirement R-274: An inbox in the browser.
func TestInboxDoesNotEndPastAnEdit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	one, two := w.customerWrites("kim", "Send it to Berlin"), w.customerWrites("kim", "Please!")
	thread, p := w.waitThread("Please!"), w.inboxPage()
	w.waitDrained()
	seen := p.newest("ann").Event
	w.postChatEvent(edit(one, "Send it to Hamburg"))
	w.postChatEvent(deletion(two))
	w.waitLine(thread, bridge.LineDeleted)
	p.resolveHavingSeen(seen, bridge.ActRefused, "just written again")

	shown := must(p.inbox.ReadSpoken(t.Context(), w.agents["ann"], 1, bridge.SpokenBefore{}))(t).List
	for _, s := range shown {
		if !s.Deleted { // the page has shown the edit, and not the deletion
			seen = max(seen, s.RevisedEvent)
		}
	}
	p.resolveHavingSeen(seen, bridge.ActDone, "")
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

// acceptUnderOtherName lets the provider tell an event again under another name of the fact.
func (w *world) acceptUnderOtherName(e channelstest.Event) {
	w.t.Helper()
	f := factOf(e, must(json.Marshal(e))(w.t))
	f.ExternalID = "again:" + f.ExternalID
	check(w.t, w.engines[0].Accept(w.t.Context(), w.accounts[chat], f))
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

// The edit of a picture's caption comes before the picture. The picture is shown when it comes, and the reply window is
// open.
func TestEditBeforeAPicture(t *testing.T) {
	t.Parallel()
	const name, kind = "lamp.jpg", "image/jpeg"
	photo := channelstest.File{Name: name, Type: kind, Content: []byte("a photo")}
	tests := []struct {
		name  string
		files []channelstest.File
		refs  []channelstest.Ref // by which the picture is fetched
	}{
		{name: "a picture that is fetched", refs: []channelstest.Ref{{Name: name, Type: kind, Ref: "photo", Size: int64(len(photo.Content))}}},
		{name: "a picture that came with it", files: []channelstest.File{photo}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{caps: withWindow(0)})
			w.provider.PutFile("photo", photo)
			w.postChatEvent(edit("m1", "The lamp is broken"))
			thread := w.waitThread("The lamp is broken")

			w.customerSends(chat, channelstest.Event{
				ID: "m1", From: "kim", Name: "Kim", Text: "The lamp is broke", Answered: "unheard-of",
				Notices: []string{"Forwarded."}, Files: tt.files, Refs: tt.refs,
			})

			w.chat.Wait(t, "the picture is in the thread", func() bool {
				return slices.ContainsFunc(w.chat.Messages(support, thread), func(m bridgetest.Message) bool { return hasFile(m, name) })
			})
			w.waitLine(thread, bridge.LineChanged)
			w.waitShown("Forwarded.")
			w.waitCard(thread, "The lamp is broken")

			w.reply(thread, "We send a new one")
			w.provider.WaitTexts(t, "We send a new one")

			w.postChatEvent(edit("m1", "Both lamps are broken"))
			w.waitShown("Both lamps are broken")
			w.waitDrained()
			wantEqual(t, "conversations", w.countConversations("customer"), 1)
		})
	}
}

// hasFile reports whether a message carries a file of a name.
func hasFile(m bridgetest.Message, name string) bool {
	return slices.ContainsFunc(m.Files, func(f bridgetest.File) bool { return f.Name == name })
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

// A customer can't change or delete a message of ours. The text of such an edit is shown all the same.
func TestEditsOfOurMessage(t *testing.T) {
	t.Parallel()
	w, _, ours, thread := newAnsweredOrder(t)
	w.postChatEvent(edit(ours, "Will you really?"))
	wantEqual(t, "the thread of the change", w.waitShown("Will you really?").Thread, thread)
	w.postChatEvent(deletion(ours))
	wantNoWords(t, "the line of the deletion", w.waitLine(thread, bridge.LineDeleted).Plain(), "Will do")
	w.waitDrained()
	unchanged := w.count(`SELECT count(*) FROM messages WHERE external_id = $1 AND text = 'Will do' AND reason <> 'came_edited'`, ours)
	wantEqual(t, "replies of ours that say what they said", unchanged, 1)
}

// A customer may edit and delete her messages whichever of her keys she wrote them with.
func TestEditByAnotherKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	id := w.customerSends(chat, channelstest.Event{From: "US.abc", Name: "Kim", Text: "Send it to Berlin"})
	thread := w.waitThread("Send it to Berlin")
	w.customerSends(chat, channelstest.Event{From: "+4915111", Also: []string{"US.abc"}, Name: "Kim", Text: "It is me"})
	w.waitShown("It is me")
	w.postChatEvent(channelstest.Event{Type: "edit", From: "+4915111", Name: "Kim", Target: id, Text: "Send it to Hamburg"})
	wantWords(t, "the line of the change", w.waitLine(thread, bridge.LineChanged).Plain(), "Berlin")
	w.postChatEvent(channelstest.Event{Type: "delete", From: "+4915111", Name: "Kim", Target: id})
	wantWords(t, "the line of the deletion", w.waitLine(thread, bridge.LineDeleted).Plain(), "Berlin")
}
