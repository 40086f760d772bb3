package engine_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
)

// A customer changes and deletes what was said: the thread shows both, the original stays.
func TestCustomerEditsAndDeletes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	id := w.customerWrites("kim", "Send it to Berlin")
	thread := w.waitThread("Send it to Berlin")
	w.reply(thread, "Will do")
	w.provider.WaitTexts(t, "Will do")
	w.waitCard(thread, "#1 pending")
	w.acceptUnderOtherName(channelstest.Event{Type: "message", ID: id, From: "kim", Name: "Kim", Text: "Send it to Berlin"})
	w.waitDrained()
	w.waitCard(thread, "#1 pending") // nothing new was said
	w.postChatEvent(channelstest.Event{Type: "edit", From: "kim", Name: "Kim", Target: id, Text: "Send it to Hamburg"})
	m := w.waitLine(thread, bridge.LineChanged)
	wantWords(t, "the line", m.Plain(), "Hamburg", "Berlin")
	w.waitCard(thread, "#1 open") // somebody has to look at it
	w.postChatEvent(channelstest.Event{Type: "delete", From: "kim", Name: "Kim", Target: id})
	if m := w.waitLine(thread, bridge.LineDeleted); !strings.Contains(m.Plain(), "Berlin") {
		t.Errorf("the line says %q", m.Plain())
	}
	w.waitDrained()
	if got := w.text(`SELECT text FROM messages WHERE external_id = $1`, id); got != "Send it to Berlin" {
		t.Errorf("kept: %q, want \"Send it to Berlin\"", got)
	}
	if n := w.count(`SELECT count(*) FROM messages WHERE external_id = $1`, id); n != 1 {
		t.Errorf("a message that was told twice became %d, want 1", n)
	}
}

// A provider doesn't pass on what a customer's message is now: the thread says so. The remark is nobody's words, so that it isn't
// analysed, in a message of its own either.
func TestRemarksAreNotTheCustomersWords(t *testing.T) {
	t.Parallel()
	r := &reader{find: func(analysis.Question) (analysis.Answer, error) { return analysis.Answer{}, nil }}
	w := newWorld(t, options{analyzer: r})
	w.customerSends(chat, channelstest.Event{ID: "m0", From: "kim", Name: "Kim", Notices: []string{"A poll that isn't passed on."}})
	id := w.customerWrites("kim", "Send it to Berlin")
	thread := w.waitThread("Send it to Berlin")
	w.postChatEvent(channelstest.Event{Type: "edit", From: "kim", Name: "Kim", Target: id, Notices: []string{"A hologram that isn't passed on."}})
	if m := w.waitLine(thread, bridge.LineChanged); !strings.Contains(m.Plain(), "Berlin") || !strings.Contains(m.Plain(), "hologram") {
		t.Errorf("the line says %q", m.Plain())
	}
	w.makeBurstsDue()
	w.waitAnalysed()
	for _, q := range r.questions() {
		if got := strings.Join(append(textsOf(q.Before), textsOf(q.Burst)...), ""); strings.Contains(got, "passed on") {
			t.Errorf("analysed was %q, want no remark in it", got)
		}
	}
}

// The inbox page shows what a customer's message says now, what it said before, and that the customer deleted it.
//
func TestInboxShowsEditsAndDeletions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	id := w.customerWrites("kim", "Send it to Berlin")
	thread, p := w.waitThread("Send it to Berlin"), w.inboxPage()

	w.postChatEvent(channelstest.Event{Type: "edit", From: "kim", Name: "Kim", Target: id, Text: "Send it to Hamburg", Notices: []string{"Formatted."}})
	w.waitLine(thread, bridge.LineChanged)
	got := p.newest("ann")
	wantEqual(t, "the text", got.Text, "Send it to Hamburg")
	wantEqual(t, "what it said before", got.Before, "Send it to Berlin")
	wantList(t, "remarks", got.Notices, []string{"Formatted."})
	if got.Deleted || got.Revised.IsZero() {
		t.Errorf("revised at %v, deleted: %v, want when it was changed, and that it isn't deleted", got.Revised, got.Deleted)
	}

	w.postChatEvent(channelstest.Event{Type: "delete", From: "kim", Name: "Kim", Target: id})
	w.waitLine(thread, bridge.LineDeleted)
	got = p.newest("ann")
	if got.Text != "Send it to Hamburg" || !got.Deleted {
		t.Errorf("got %q, deleted: %v, want the last words, deleted", got.Text, got.Deleted)
	}
}

// A customer changes a message of a conversation that is over: its owner is told. In an open one nobody is mentioned.
//
func TestEditAfterTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	id := w.customerWrites("kim", "Thanks")
	thread := w.waitThread("Thanks")
	w.reply(thread, "!take")
	w.waitCard(thread, "Ann")
	w.postChatEvent(channelstest.Event{Type: "edit", From: "kim", Name: "Kim", Target: id, Text: "Thank you"})
	w.wantMentions(thread, bridge.LineChanged, "Thank you")
	w.reply(thread, "!resolve")
	w.waitCard(thread, "resolved")
	w.postChatEvent(channelstest.Event{Type: "edit", From: "kim", Name: "Kim", Target: id, Text: "It is broken again"})
	w.wantMentions(thread, bridge.LineChanged, "broken again", "ann")
}

// Nobody resolves a conversation on the inbox page past an edit that the page didn't show. A deletion keeps nobody from that.
//
func TestInboxDoesNotEndPastAnEdit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	one, two := w.customerWrites("kim", "Send it to Berlin"), w.customerWrites("kim", "Please!")
	thread, p := w.waitThread("Please!"), w.inboxPage()
	w.waitDrained()
	seen := p.newest("ann").Event

	w.postChatEvent(channelstest.Event{Type: "edit", From: "kim", Name: "Kim", Target: one, Text: "Send it to Hamburg"})
	w.postChatEvent(channelstest.Event{Type: "delete", From: "kim", Name: "Kim", Target: two})
	w.waitLine(thread, bridge.LineDeleted)
	p.waitResult("ann", p.act("ann", bridge.Act{Verb: bridge.VerbResolve, Args: bridge.Args{Seen: seen}}), bridge.ActRefused, "just written again")

	for _, s := range must(p.inbox.Spoken(t.Context(), w.agents["ann"], 1, bridge.SpokenBefore{}))(t).List {
		if !s.Deleted {
			seen = max(seen, s.RevisedEvent)
		}
	}
	p.waitResult("ann", p.act("ann", bridge.Act{Verb: bridge.VerbResolve, Args: bridge.Args{Seen: seen}}), bridge.ActDone, "")
}

// What is written about a conversation draws on what the customer's messages say now, and on none that the customer deleted, be it
// before it came.
func TestTextsAreOfTheLatestWords(t *testing.T) {
	t.Parallel()
	s := newScribeOf("- Send it.")
	w := newWorld(t, options{analyzer: s})
	one, two := w.customerWrites("kim", "Send it to Berlin"), w.customerWrites("kim", "My card is 4711")
	thread := w.waitThread("4711")
	w.postChatEvent(channelstest.Event{Type: "edit", From: "kim", Name: "Kim", Target: one, Text: "Send it to Hamburg"})
	w.postChatEvent(channelstest.Event{Type: "delete", From: "kim", Name: "Kim", Target: two})
	w.postChatEvent(channelstest.Event{Type: "delete", From: "kim", Name: "Kim", Target: "m9"})
	w.customerSends(chat, channelstest.Event{ID: "m9", From: "kim", Name: "Kim", Text: "My code is 0815"})
	w.waitShown("0815")
	w.reply(thread, "!ai summarise")
	w.waitLine(thread, bridge.LineWritten)
	for _, asked := range s.requests() {
		wantList(t, "what the writer was told", textsOf(asked.Messages), []string{"Send it to Hamburg"})
	}
}

// acceptUnderOtherName lets the provider tell something as a fact of another name than before.
func (w *world) acceptUnderOtherName(e channelstest.Event) {
	w.t.Helper()
	f := factOf(e, must(json.Marshal(e))(w.t))
	f.ExternalID = "again:" + f.ExternalID
	check(w.t, w.engines[0].Accept(w.t.Context(), w.accounts[chat], f))
}

// Edge case 14: a change or deletion comes before its message: nothing is lost, and what comes is
// shown for what it is.
func TestEditsBeforeTheOriginal(t *testing.T) {
	t.Parallel()
	for name, isKnown := range map[string]bool{"a new customer": false, "a known customer": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			if isKnown {
				w.customerWrites("kim", "Hello")
				w.waitThread("Hello")
			}

			w.postChatEvent(channelstest.Event{Type: "edit", From: "kim", Name: "Kim", Target: "m1", Text: "The new words"})
			thread := w.waitThread("The new words")
			w.customerSends(chat, channelstest.Event{ID: "m1", From: "kim", Name: "Kim", Text: "The old words"})
			wantWords(t, "the line about the change", w.waitLine(thread, bridge.LineChanged).Plain(), "The old words")

			w.postChatEvent(channelstest.Event{Type: "delete", From: "kim", Name: "Kim", Target: "m2"})
			w.waitLine(thread, bridge.LineDeleted)
			w.customerSends(chat, channelstest.Event{ID: "m2", From: "kim", Name: "Kim", Text: "Taken back"})
			wantWords(t, "the deleted message", w.waitShown("Taken back").Plain(), "deleted")

			w.postChatEvent(channelstest.Event{Type: "reaction", From: "kim", Name: "Kim", Target: "m2", Emoji: "👀"})
			wantWords(t, "the reaction to it", w.waitShown("👀").Plain(), "Taken back")
			w.waitDrained()
			if got := w.customerTexts(thread); slices.Contains(got, "The old words") {
				t.Errorf("the thread shows %q, want the old words in the line about the change alone", got)
			}
		})
	}
}

// A change comes before its message, a picture with a caption that answers one of ours: the picture is shown, and the reply window
// is open.
func TestEditBeforeAPicture(t *testing.T) {
	t.Parallel()
	for name, isFetched := range map[string]bool{"a picture that is fetched": true, "a picture that came with it": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{caps: withWindow(0)})
			w.postChatEvent(channelstest.Event{Type: "edit", From: "kim", Name: "Kim", Target: "m1", Text: "The lamp is broken"})
			thread := w.waitThread("The lamp is broken")
			original := channelstest.Event{ID: "m1", From: "kim", Name: "Kim", Text: "The lamp is broke", Answered: "unheard-of", Notices: []string{"Forwarded."}}
			if isFetched {
				w.provider.PutFile("photo", channelstest.File{Name: "lamp.jpg", Type: "image/jpeg", Content: []byte("a photo")})
				original.Refs = []channelstest.Ref{{Name: "lamp.jpg", Type: "image/jpeg", Ref: "photo", Size: 7}}
			} else {
				original.Files = []channelstest.File{{Name: "lamp.jpg", Type: "image/jpeg", Content: []byte("a photo")}}
			}
			w.customerSends(chat, original)
			w.chat.Wait(t, "the picture is in the thread", func() bool {
				return slices.ContainsFunc(w.chat.Messages(support, thread), func(m bridgetest.Message) bool { return slices.ContainsFunc(m.Files, isLamp) })
			})
			w.waitLine(thread, bridge.LineChanged)
			w.waitShown("Forwarded.")
			w.waitCard(thread, "The lamp is broken")
			w.reply(thread, "We send a new one")
			w.provider.WaitTexts(t, "We send a new one")

			w.postChatEvent(channelstest.Event{Type: "edit", From: "kim", Name: "Kim", Target: "m1", Text: "Both lamps are broken"})
			w.waitShown("Both lamps are broken")
			w.waitDrained()
			wantEqual(t, "conversations", w.countConversations("customer"), 1)
		})
	}
}

// Changes of a message come in the wrong order: the newest words are what it says, also in a line about an earlier change that comes
// late. Each line ends with the words that are the newest by then.
func TestEditsInTheWrongOrder(t *testing.T) {
	t.Parallel()
	for name, hasOriginal := range map[string]bool{"behind the original": true, "before the original": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			began := time.Now().Add(-time.Minute)
			if hasOriginal {
				w.customerSends(chat, channelstest.Event{ID: "m1", From: "kim", Name: "Kim", Text: "Send it to Berlin", At: began})
				w.waitThread("Send it to Berlin")
			}
			changes := func(after time.Duration, text string) channelstest.Event {
				return channelstest.Event{Type: "edit", From: "kim", Name: "Kim", Target: "m1", Text: text, At: began.Add(after)}
			}
			w.postChatEvent(changes(20*time.Second, "Send it to Hamburg"))
			thread := w.waitThread("Hamburg")
			w.postChatEvent(changes(10*time.Second, "Send it to Bremen"))
			if m := w.waitShown("Bremen"); !strings.HasSuffix(m.Plain(), "Hamburg") {
				t.Errorf("the late line says %q, want Hamburg as the newest words", m.Plain())
			}
			if !hasOriginal {
				w.customerSends(chat, channelstest.Event{ID: "m1", From: "kim", Name: "Kim", Text: "Send it to Berlin", At: began})
				w.waitLine(thread, bridge.LineChanged)
				w.waitShown("Berlin")
			}
			w.postChatEvent(changes(15*time.Second, "Send it to Bonn"))
			if m := w.waitShown("Bonn"); !strings.HasSuffix(m.Plain(), "Hamburg") {
				t.Errorf("the late line says %q, want Hamburg as the newest words", m.Plain())
			}
			if got := w.text(`SELECT last_preview FROM conversations`); got != "Send it to Hamburg" {
				t.Errorf("the preview is %q, want \"Send it to Hamburg\"", got)
			}
			w.postChatEvent(changes(30*time.Second, "Send it to Ulm"))
			if m := w.waitShown("Ulm"); !strings.HasSuffix(m.Plain(), "Ulm") {
				t.Errorf("the newest line says %q, want Ulm as the newest words", m.Plain())
			}
			w.postChatEvent(changes(time.Hour, "Send it to Kiel")) // by a device whose clock is ahead
			w.waitShown("Kiel")
			w.postChatEvent(changes(2*time.Minute, "Send it to Jena"))
			if m := w.waitShown("Jena"); !strings.HasSuffix(m.Plain(), "Jena") {
				t.Errorf("after a clock that is ahead, the newest line says %q, want Jena as the newest words", m.Plain())
			}
		})
	}
}

// A reaction that comes late, after it was taken back or changed, isn't shown any more.
func TestReactionsInTheWrongOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	began := time.Now().Add(-time.Minute)
	react := func(target, emoji string, after time.Duration) {
		t.Helper()
		w.postChatEvent(channelstest.Event{Type: "reaction", From: "kim", Name: "Kim", Target: target, Emoji: emoji, At: began.Add(after)})
		w.waitDrained()
	}
	isShown := func(emoji string) bool {
		return slices.ContainsFunc(w.allMessages(), func(m bridgetest.Message) bool { return strings.Contains(m.Plain(), emoji) })
	}
	one, two := w.customerWrites("kim", "One"), w.customerWrites("kim", "Two")
	w.waitThread("Two")

	react(one, "👍", 10*time.Second)
	w.waitShown("👍")
	react(one, "", 30*time.Second)
	react(one, "🙈", 20*time.Second)
	react(two, "", 20*time.Second) // taken back before it comes
	react(two, "💤", 10*time.Second)
	for _, takenBack := range []string{"🙈", "💤"} {
		if isShown(takenBack) {
			t.Errorf("the reaction %s is shown, which was taken back", takenBack)
		}
	}

	react(two, "😮", 40*time.Second)
	w.waitShown("😮")
	react(two, "😮", 60*time.Second) // taken back in between, which comes late
	react(two, "", 50*time.Second)
	if !isShown("😮") {
		t.Error("a reaction is not shown that came after the one that was taken back")
	}
	react(two, "🙏", 70*time.Second)
	w.waitShown("🙏")
}

func isLamp(f bridgetest.File) bool { return f.Name == "lamp.jpg" }

// A customer changes a message twice, and both changes come before it: the thread shows the newest words last.
func TestTwoEditsBeforeTheOriginal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.postChatEvent(channelstest.Event{Type: "edit", From: "kim", Name: "Kim", Target: "m1", Text: "Send it to Hamburg"})
	thread := w.waitThread("Send it to Hamburg")
	w.postChatEvent(channelstest.Event{Type: "edit", From: "kim", Name: "Kim", Target: "m1", Text: "Send it to Bremen"})
	w.waitShown("Bremen")
	w.customerSends(chat, channelstest.Event{ID: "m1", From: "kim", Name: "Kim", Text: "Send it to Berlin"})
	last := w.waitShown("Berlin")
	wantWords(t, "the last line", last.Plain(), "Bremen")
	wantEqual(t, "the thread of the last line", last.Thread, thread)
	if got := w.text(`SELECT text FROM messages WHERE external_id = 'm1'`); got != "Send it to Bremen" {
		t.Errorf("kept: %q, want \"Send it to Bremen\"", got)
	}
}

// Somebody can change and delete nothing but what they wrote themselves. What they say is not lost.
func TestEditsOfOthersMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	kims := w.customerWrites("kim", "Send it to Berlin")
	thread := w.waitThread("Send it to Berlin")
	w.reply(thread, "Will do")
	w.provider.WaitTexts(t, "Will do")
	w.waitCard(thread, "#1 pending")
	w.waitDrained()
	ours := w.provider.Sent()[0].ID

	w.postChatEvent(channelstest.Event{Type: "edit", From: "lea", Name: "Lea", Target: kims, Text: "Send it to me"})
	leas := w.waitThread("Send it to me")
	w.postChatEvent(channelstest.Event{Type: "delete", From: "lea", Name: "Lea", Target: kims})
	if m := w.waitLine(leas, bridge.LineDeleted); strings.Contains(m.Plain(), "Berlin") {
		t.Errorf("she learns what another customer wrote: %q", m.Plain())
	}
	w.waitDrained()
	w.waitCard(thread, "#1 pending")
	if leas == thread {
		t.Error("what Lea wants changed is shown in Kim's thread")
	}
	wantEqual(t, "lines of changes in Kim's thread", w.countLines(thread, bridge.LineChanged), 0)
	wantEqual(t, "lines of deletions in Kim's thread", w.countLines(thread, bridge.LineDeleted), 0)

	w.postChatEvent(channelstest.Event{Type: "edit", From: "kim", Name: "Kim", Target: ours, Text: "Will you really?"})
	if m := w.waitShown("Will you really?"); m.Thread != thread {
		t.Errorf("shown in %s, want %s", m.Thread, thread)
	}
	w.postChatEvent(channelstest.Event{Type: "delete", From: "kim", Name: "Kim", Target: ours})
	if m := w.waitLine(thread, bridge.LineDeleted); strings.Contains(m.Plain(), "Will do") {
		t.Errorf("the customer deleted our words: %q", m.Plain())
	}
	w.waitDrained()
	if n := w.count(`SELECT count(*) FROM messages WHERE external_id = $1 AND text = 'Will do' AND reason <> 'came_edited'`, ours); n != 1 {
		t.Error("our reply was changed")
	}
}

// A customer's message is her own with whatever key she wrote it.
func TestEditByAnotherKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	id := w.customerSends(chat, channelstest.Event{From: "US.abc", Name: "Kim", Text: "Send it to Berlin"})
	thread := w.waitThread("Send it to Berlin")
	w.customerSends(chat, channelstest.Event{From: "+4915111", Also: []string{"US.abc"}, Name: "Kim", Text: "It is me"})
	w.waitShown("It is me")
	w.postChatEvent(channelstest.Event{Type: "edit", From: "+4915111", Name: "Kim", Target: id, Text: "Send it to Hamburg"})
	if m := w.waitLine(thread, bridge.LineChanged); !strings.Contains(m.Plain(), "Berlin") {
		t.Errorf("the line says %q", m.Plain())
	}
	w.postChatEvent(channelstest.Event{Type: "delete", From: "+4915111", Name: "Kim", Target: id})
	if m := w.waitLine(thread, bridge.LineDeleted); !strings.Contains(m.Plain(), "Berlin") {
		t.Errorf("the line says %q", m.Plain())
	}
}
