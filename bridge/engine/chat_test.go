package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
)

// countRoots returns how many threads there are.
func (w *world) countRoots() int { return len(w.chat.Messages(support, "")) }

// Edge case 10: a customer known by the provider's id alone, later also by phone, is one
// customer; replies go to the key of the newest message, from the number to which it was written. One that comes late changes nothing
// about that.
func TestPhoneLearnedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(chat, channelstest.Event{From: "US.abc", Name: "Kim", Text: "Hello", Via: "+1000"})
	thread := w.waitThread("Hello")
	for _, e := range []channelstest.Event{
		{From: "+4915111", Also: []string{"US.abc"}, Name: "Kim", Text: "It is me", Via: "+2000"},
		{From: "+4915111", Name: "Kim", Text: "By phone alone"},
		{From: "+4915111", Name: "Kim", Text: "Found late", Via: "+1000", At: time.Now().Add(-time.Hour)},
	} {
		w.customerSends(chat, e)
		if w.waitThread(e.Text) != thread {
			t.Fatalf("another thread\n%s", w.dump())
		}
	}
	w.reply(thread, "Hi Kim")
	w.provider.WaitTexts(t, "Hi Kim")
	if to, want := w.provider.Sent()[0].To, []string{"+4915111"}; !slices.Equal(to, want) {
		t.Errorf("sent to %v, want %v", to, want)
	}
	if also, want := w.provider.Sent()[0].Also, []string{"US.abc"}; !slices.Equal(also, want) {
		t.Errorf("also known as %v, want %v", also, want)
	}
	if from := w.provider.Sent()[0].From; from != "+2000" {
		t.Errorf("sent from %q, want \"+2000\"", from)
	}
	w.waitDrained()
	if n := w.countRoots(); n != 1 {
		t.Errorf("%d roots, want 1", n)
	}
	if n := w.count(`SELECT count(*) FROM contacts`); n != 1 {
		t.Errorf("%d contacts, want 1", n)
	}
	w.wantNumberWrittenToLast()
}

// wantNumberWrittenToLast checks that answers leave from the number to which the customer wrote last, whatever agents said since, and
// however late the messages are found.
func (w *world) wantNumberWrittenToLast() {
	w.t.Helper()
	ago := func(d time.Duration) time.Time { return time.Now().Add(-d) }
	before := len(w.provider.Sent())
	for i, c := range []struct {
		text, via  string // what Lea writes, and to which of our numbers
		at         time.Time
		wantAnswer string // from which number
	}{
		{text: "At nine", via: "+2000", at: ago(3 * time.Hour), wantAnswer: "+2000"},
		{text: "At ten", via: "+1000", at: ago(2 * time.Hour), wantAnswer: "+1000"},
		{text: "At eight", via: "+3000", at: ago(4 * time.Hour), wantAnswer: "+1000"}, // found late
	} {
		w.customerSends(chat, channelstest.Event{From: "+4922", Name: "Lea", Text: c.text, Via: c.via, At: c.at})
		w.waitShown(c.text)
		w.reply(w.waitThread("At nine"), "About "+c.text)
		sent := w.waitSent(before + i + 1)[before+i]
		wantEqual(w.t, fmt.Sprintf("the number from which %q left", sent.Text), sent.From, c.wantAnswer)
	}
}

// A customer whose name the provider tells later is called by it on the card at once, not with the
// next message.
func TestNameLearnedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(chat, channelstest.Event{From: "US.abc", Text: "Hello"})
	w.waitThread("Hello")
	w.waitDrained()
	w.postChatEvent(channelstest.Event{Type: "identity", From: "US.abc", Name: "Kim Doe"})
	w.eventually("the card has the name", func() bool { return strings.Contains(w.chat.Messages(support, "")[0].Text, "Kim Doe") })
}

// Edge case 11: the number and the provider's id change; the conversation goes on, one line says
// so, a reply that waits reaches the customer at the new number. The old number is a stranger's.
func TestNumberChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	w.customerSends(chat, channelstest.Event{From: "+491", Also: []string{"US.old"}, Name: "Kim", Text: "Hello"})
	thread := w.waitThread("Hello")
	held := w.chat.Say("ann", support, thread, "Hi Kim")
	w.waitFate(held, "waiting")
	w.postChatEvent(channelstest.Event{Type: "identity", From: "+492", Also: []string{"US.new"}, Name: "Kim", Previous: "US.old"})
	w.postChatEvent(channelstest.Event{Type: "identity", From: "+492", Name: "Kim", Previous: "+491"})
	w.waitLine(thread, bridge.LineIdentity)
	w.eventually("replies go there", func() bool {
		return w.text(`SELECT participants->0->>'key' FROM conversations WHERE id = 1`) == "+492"
	})
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "Hi Kim")
	if to, want := w.provider.Sent()[0].To, []string{"+492"}; !slices.Equal(to, want) {
		t.Errorf("sent to %v, want %v", to, want)
	}
	w.customerSends(chat, channelstest.Event{From: "+492", Also: []string{"US.new"}, Name: "Kim", Text: "From the new one"})
	if w.waitThread("From the new one") != thread {
		t.Errorf("another thread\n%s", w.dump())
	}
	w.customerSends(chat, channelstest.Event{From: "+491", Also: []string{"US.other"}, Name: "Lea", Text: "I am somebody else"})
	if w.waitThread("I am somebody else") == thread {
		t.Error("a stranger got into the thread")
	}
	w.waitDrained()
	if n := w.countLines(thread, bridge.LineIdentity); n != 1 {
		t.Errorf("%d lines, want one\n%s", n, w.dump())
	}
	w.changeNumbersOfOthers(thread, w.waitThread("I am somebody else"))
}

// changeNumbersOfOthers tells that somebody unknown has another number, whose former one had two forms, and that Kim has another one
// when Lea has Kim's earlier number already. It checks that Kim and Lea each get what is for them.
func (w *world) changeNumbersOfOthers(kims, leas string) {
	w.t.Helper()
	w.postChatEvent(channelstest.Event{Type: "identity", From: "+1219", Name: "Eva", Previous: "+521", PreviousAlso: []string{"+52"}})
	w.customerSends(chat, channelstest.Event{From: "+1219", Name: "Eva", Text: "I was in Mexico"})
	w.waitShown("I was in Mexico")

	w.postChatEvent(channelstest.Event{Type: "identity", From: "US.new2", Also: []string{"+493"}, Name: "Kim", Previous: "US.new", PreviousAlso: []string{"+491"}})
	w.waitLineAbout(kims, bridge.LineIdentity, "US.new2")
	w.waitFate(w.reply(kims, "To Kim"), "waiting")
	w.waitFate(w.reply(leas, "To Lea"), "waiting")
	w.advance(time.Hour)
	want := map[string]string{"To Kim": "US.new2", "To Lea": "+491"}
	for _, sent := range w.waitSent(3)[1:] {
		wantEqual(w.t, fmt.Sprintf("whom %q went to", sent.Text), sent.To[0], want[sent.Text])
	}
}

// Two customers prove to be one while both have an open conversation: both stay, both say so.
func TestTwoProveToBeOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(chat, channelstest.Event{From: "US.abc", Name: "Kim", Text: "By id"})
	first := w.waitThread("By id")
	w.customerSends(chat, channelstest.Event{From: "+491", Name: "Kim", Text: "By phone"})
	second := w.waitThread("By phone")
	w.customerSends(chat, channelstest.Event{From: "+491", Also: []string{"US.abc"}, Name: "Kim", Text: "Both"})
	w.waitLine(first, bridge.LineSamePerson)
	w.waitLine(second, bridge.LineSamePerson)
	if w.waitThread("Both") != second {
		t.Error("not where the customer wrote last")
	}
	w.reply(first, "Reply to the first")
	w.reply(second, "Reply to the second")
	w.provider.Wait(t, "both replies", func(sent []channelstest.Sent) bool { return len(sent) == 2 })
	w.customerSends(chat, channelstest.Event{From: "US.abc", Name: "Kim", Text: "And again"})
	w.waitShown("And again")
	w.waitDrained()
	if n := w.count(`SELECT count(*) FROM contacts AS c WHERE NOT EXISTS (SELECT FROM identities AS i WHERE i.contact_id = c.id)`); n != 0 {
		t.Errorf("the names of %d contacts are left that nobody can erase any more, want none", n)
	}
	if n := w.countRoots(); n != 2 {
		t.Errorf("%d roots, want 2", n)
	}
	w.chat.Say("ann", support, first, "!resolve")
	w.chat.Say("ann", support, second, "!resolve")
	w.eventually("both are resolved", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`) == 2 })
	w.customerSends(chat, channelstest.Event{From: "US.abc", Name: "Kim", Text: "A new matter"})
	w.customerSends(chat, channelstest.Event{From: "+491", Name: "Kim", Text: "as I said"})
	if w.waitThread("A new matter") != w.waitThread("as I said") {
		t.Error("a new conversation for each key")
	}
}

// Edge cases 12 and 13: a reaction is one line, which changes with it. Its removal comes without an
// emoji. A reaction to a message that nobody knows quotes nothing.
func TestReactions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	id := w.customerWrites("kim", "Where is my order?")
	thread := w.waitThread("Where is my order?")
	w.reply(thread, "On its way")
	w.provider.WaitTexts(t, "On its way")
	w.waitDrained()
	ours := w.provider.Sent()[0].ID
	w.postChatEvent(channelstest.Event{Type: "reaction", From: "kim", Name: "Kim", Target: ours, Emoji: "👍"})
	m := w.waitLine(thread, bridge.LineReacted)
	wantWords(t, "the line", m.Plain(), "👍", "On its way")
	w.waitDrained()
	w.postChatEvent(channelstest.Event{Type: "reaction", From: "kim", Name: "Kim", Target: ours, Emoji: "❤️"})
	w.eventually("the line changes", func() bool { return strings.Contains(w.waitLine(thread, bridge.LineReacted).Plain(), "❤️") })
	w.postChatEvent(channelstest.Event{Type: "reaction", From: "kim", Name: "Kim", Target: ours})
	w.eventually("it is taken back", func() bool {
		p := w.waitLine(thread, bridge.LineReacted).Plain()
		return !strings.Contains(p, "❤️") && !strings.Contains(p, "👍")
	})
	w.waitDrained()
	if n := w.countLines(thread, bridge.LineReacted); n != 1 {
		t.Errorf("%d lines for one reaction, want 1", n)
	}
	w.postChatEvent(channelstest.Event{Type: "reaction", From: "kim", Name: "Kim", Target: "unheard-of", Emoji: "😮"})
	w.waitShown("😮")
	w.postChatEvent(channelstest.Event{Type: "reaction", From: "kim", Name: "Kim", Target: id, Emoji: "🙈"})
	if !strings.Contains(w.waitShown("🙈").Plain(), "Where is my order?") {
		t.Error("no quote of the customer's own message")
	}
	w.postChatEvent(channelstest.Event{Type: "reaction", From: "nobody", Name: "Nobody", Target: "unheard-of", Emoji: "💤"})
	w.waitDrained()
	wantEqual(t, "roots, since a reaction opens no thread", w.countRoots(), 1)
	if n := w.countLines(thread, bridge.LineReacted); n != 3 {
		t.Errorf("%d lines, want 3\n%s", n, w.dump())
	}
}

// Edge case 13: a customer answers one message; the post says which, or that it is not known.
func TestAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.reply(thread, "Blue or red?")
	w.provider.WaitTexts(t, "Blue or red?")
	w.waitDrained()
	w.customerSends(chat, channelstest.Event{From: "kim", Text: "The first", Answered: w.provider.Sent()[0].ID})
	if m := w.waitShown("The first"); !strings.Contains(m.Plain(), `[answers "Blue or red?"]`) {
		t.Errorf("shown as %q", m.Plain())
	}
	ours := w.provider.Sent()[0].Message // some providers give our own id back
	w.customerSends(chat, channelstest.Event{From: "kim", Text: "Or both", Answered: "our id as they know it", Answers: ours})
	if m := w.waitShown("Or both"); !strings.Contains(m.Plain(), `[answers "Blue or red?"]`) {
		t.Errorf("shown as %q", m.Plain())
	}
	w.postChatEvent(channelstest.Event{Type: "reaction", From: "kim", Target: "our id as they know it", Answers: ours, Emoji: "👌"})
	if m := w.waitShown("👌"); !strings.Contains(m.Plain(), "Blue or red?") {
		t.Errorf("the reaction is shown as %q", m.Plain())
	}
	w.customerSends(chat, channelstest.Event{From: "kim", Text: "And that", Answered: "unheard-of"})
	if m := w.waitShown("And that"); !strings.Contains(m.Plain(), `[answers ""]`) {
		t.Errorf("shown as %q", m.Plain())
	}
}

// Edge case 23: our own echo comes before the answer to Send, which is lost: it is resolved by it.
func TestOwnEchoResolves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: func(c *channels.Capabilities) { c.Sending.Timeout = time.Minute }})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.waitDrained()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	reply := w.reply(thread, "Hi Kim")
	w.provider.WaitTexts(t, "Hi Kim")
	sent := w.provider.Sent()[0]
	w.postChatEvent(channelstest.Event{Type: "own", ID: sent.ID, From: "kim", Answers: sent.Message, State: "accepted"})
	w.waitMarked(reply, "sent")
	w.waitFate(reply, "out")
	w.eventually("the id is tied", func() bool {
		return w.count(`SELECT count(*) FROM external_ids WHERE external_id = $1 AND message_id = $2`, sent.ID, sent.Message) == 1
	})
	w.postChatEvent(channelstest.Event{Type: "own", ID: "no-token", From: "kim"})
}

// In a chat nobody is added and nobody takes the customer's place: what somebody would never
// get isn't promised, and no answer goes to another customer.
func TestRecipientsOfAChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: func(c *channels.Capabilities) { c.Participants = c.Threads }})
	thread := w.openThread()
	for _, text := range []string{"!cc lea@x.test", "!to lea@x.test"} {
		w.chat.Say("ann", support, thread, text)
	}
	w.chat.Wait(t, "both are refused", func() bool { return len(w.chat.Whispers("ann")) == 2 })
	w.waitFate(w.reply(thread, "Hi Kim"), "out")
	sent := w.provider.Sent()[0]
	wantSentTo(t, sent, []string{"kim"}, nil)
}

// What is refused changes nobody's mail: neither a verb without an address nor one of which
// an address is none.
func TestRecipientsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "One", Text: "Hello"})
	thread := w.waitThread("Hello")
	w.waitDrained()
	w.sayInOneBatch(thread, "!take", "!to", "!cc", "!allow", "!to eve@x.test lee", "!cc eve@x.test lea", "Hi Kim")
	w.provider.WaitTexts(t, "Hi Kim")
	w.chat.Wait(t, "all are refused", func() bool { return len(w.chat.Whispers("ann")) == 5 })
	sent := w.provider.Sent()[0]
	wantSentTo(t, sent, []string{"kim@x.test"}, []string{"lee@x.test"})
}
