package engine_test

import (
	"slices"
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// A customer gave up her number, and somebody else has it now. A reply in a reopened earlier conversation of hers goes to
// her new number.
func TestReopenAfterNumberChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"reply_after_resolve": "new_linked"}})
	w.customerSends(chat, channelstest.Event{From: "+491", Name: "Kim", Text: "First matter"})
	first := w.waitThread("First matter")
	w.chat.Say("ann", support, first, "!resolve")
	w.eventually("it is resolved", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`) == 1 })

	w.customerSends(chat, channelstest.Event{From: "+491", Name: "Kim", Text: "Second matter"})
	second := w.waitThread("Second matter")
	if first == second {
		t.Fatal("one conversation")
	}

	// Kim's number changes, and Lea writes from the old one.
	w.postChatEvent(channelstest.Event{Type: "identity", From: "+492", Name: "Kim", Previous: "+491"})
	w.waitLine(second, bridge.LineIdentity)
	w.customerSends(chat, channelstest.Event{From: "+491", Name: "Lea", Text: "I am somebody else"})
	w.waitThread("I am somebody else")

	// The first conversation is reopened.
	w.chat.Say("ann", support, second, "!resolve")
	w.eventually("both are resolved", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`) == 2 })
	w.chat.Say("ann", support, first, "!reopen")
	w.waitLine(first, bridge.LineReopened)
	w.reply(first, "About your first matter, Kim")
	w.provider.WaitTexts(t, "About your first matter, Kim")
	if to, want := w.provider.Sent()[0].To, []string{"+492"}; !slices.Equal(to, want) {
		t.Errorf("sent to %v, want %v", to, want)
	}
}

// A number has passed to somebody else, which only the provider's own ids of the two people show. The new owner doesn't
// get into the first customer's conversation, and replies to the first one don't go to the number.
func TestNumberOfSomebodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(chat, channelstest.Event{From: "+491", Name: "Kim", Text: "Hello"})
	thread := w.waitThread("Hello")
	w.customerSends(chat, channelstest.Event{From: "US.kim", Also: []string{"+491"}, Name: "Kim", Text: "It is me"})
	if w.waitThread("It is me") != thread {
		t.Fatalf("the same customer by another key has another thread\n%s", w.dump())
	}

	// Lea writes with the number and with an id of her own.
	for _, text := range []string{"I am new here", "as I said"} {
		w.customerSends(chat, channelstest.Event{From: "US.lea", Also: []string{"+491"}, Name: "Lea", Text: text})
		w.waitShown(text)
	}
	lea := w.waitThread("I am new here")
	if lea == thread {
		t.Errorf("Lea's words stand in Kim's thread\n%s", w.dump())
	}
	wantEqual(t, "the thread of Lea's second message", w.waitThread("as I said"), lea)

	// Replies go to the ids.
	w.reply(thread, "About your order, Kim")
	w.provider.WaitTexts(t, "About your order, Kim")
	w.reply(lea, "Welcome, Lea")
	sent := w.waitSent(2)
	wantList(t, "whom Kim's reply went to", sent[0].To, []string{"US.kim"})
	wantList(t, "Kim's other keys", sent[0].Also, nil)
	wantList(t, "whom Lea's reply went to", sent[1].To, []string{"US.lea"})
	wantList(t, "Lea's other keys", sent[1].Also, []string{"+491"})
	if name := w.text(`SELECT name FROM identities WHERE id = (SELECT identity_id FROM conversations WHERE id = 1)`); name != "Kim" {
		t.Errorf("Kim is called %q, want \"Kim\"", name)
	}
	w.passNumberOn(lea)
}

// passNumberOn lets Lea's number pass to people who were known before, in each way in which a provider reports that. It
// checks that they all stay separate customers, and that each is answered in a thread of their own.
func (w *world) passNumberOn(lea string) {
	w.t.Helper()
	w.customerSends(chat, channelstest.Event{From: "US.max", Also: []string{"+492"}, Name: "Max", Text: "I am Max"})
	w.customerSends(chat, channelstest.Event{From: "US.zoe", Name: "Zoe", Text: "I hide my number"})
	w.customerSends(chat, channelstest.Event{From: "+494", Name: "Ira", Text: "I have no id"})
	maxs, zoes, iras := w.waitThread("I am Max"), w.waitThread("I hide my number"), w.waitThread("I have no id")

	w.postChatEvent(channelstest.Event{Type: "identity", From: "US.max2", Also: []string{"+491"}, Name: "Max", Previous: "US.max"})
	w.waitLine(maxs, bridge.LineIdentity)
	w.customerSends(chat, channelstest.Event{From: "US.zoe", Also: []string{"+491"}, Name: "Zoe", Text: "Here it is"})
	w.customerSends(chat, channelstest.Event{From: "US.lea", Also: []string{"+491"}, Name: "Lea", Text: "Told again, and late"})
	wantEqual(w.t, "Zoe's thread once she tells the number", w.waitThread("Here it is"), zoes)
	wantEqual(w.t, "Lea's thread once her number is told again", w.waitThread("Told again, and late"), lea)
	w.postChatEvent(channelstest.Event{Type: "identity", From: "+491", Name: "Ira", Previous: "+494"})
	w.waitLine(iras, bridge.LineIdentity)
	w.waitDrained()

	want := map[string]string{}
	for to, thread := range map[string]string{"US.lea": lea, "US.max2": maxs, "US.zoe": zoes, "+491": iras} {
		want["To "+to] = to
		w.reply(thread, "To "+to)
		if w.countLines(thread, bridge.LineSamePerson) != 0 {
			w.t.Errorf("%s counts as somebody else\n%s", to, w.dump())
		}
	}

	for _, sent := range w.waitSent(2 + len(want))[2:] {
		if !slices.Equal(sent.To, []string{want[sent.Text]}) {
			w.t.Errorf("%q went to %v, want %v", sent.Text, sent.To, []string{want[sent.Text]})
		}
	}
}
