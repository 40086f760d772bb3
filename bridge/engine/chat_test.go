package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// countRoots returns how many threads there are.
func (w *world) countRoots() int { return len(w.chat.Messages(support, "")) }

// newCustomerWithTwoKeys makes a world in which a customer wrote by the provider's id alone, to our number +1000, and then also by
// phone, to our number +2000. It returns the thread.
func newCustomerWithTwoKeys(t *testing.T) (w *world, thread string) {
	t.Helper()
	w = newWorld(t, options{})
	w.customerSends(chat, channelstest.Event{From: "US.abc", Name: "Kim", Text: "Hello", Via: "+1000"})
	thread = w.waitThread("Hello")
	w.customerSends(chat, channelstest.Event{From: "+4915111", Also: []string{"US.abc"}, Name: "Kim", Text: "It is me", Via: "+2000"})
	wantEqual(t, "the thread of what she wrote by phone", w.waitThread("It is me"), thread)
	return w, thread
}

// A customer known by the provider's id alone, later also by phone, is one customer, by whichever key she writes.
func TestPhoneLearnedLater(t *testing.T) {
	t.Parallel()
	w, thread := newCustomerWithTwoKeys(t)
	w.customerSends(chat, channelstest.Event{From: "+4915111", Name: "Kim", Text: "By phone alone"})
	wantEqual(t, "the thread of what she wrote by phone alone", w.waitThread("By phone alone"), thread)
	w.waitDrained()
	wantEqual(t, "threads", w.countRoots(), 1)
	wantEqual(t, "contacts", w.count(`SELECT count(*) FROM contacts`), 1)
}

// Replies go to the key of the customer's newest message, with her other ones beside it, from our number to which that was written. A
// message that comes late changes nothing about that.
func TestReplyGoesToTheNewestKey(t *testing.T) {
	t.Parallel()
	w, thread := newCustomerWithTwoKeys(t)
	late := time.Now().Add(-time.Hour)
	w.customerSends(chat, channelstest.Event{From: "+4915111", Name: "Kim", Text: "Found late", Via: "+1000", At: late})
	wantEqual(t, "the thread of what was found late", w.waitThread("Found late"), thread)
	w.reply(thread, "Hi Kim")
	sent := w.waitSent(1)[0]
	wantEqual(t, "the reply", sent.Text, "Hi Kim")
	wantList(t, "whom it was sent to", sent.To, []string{"+4915111"})
	wantList(t, "her other keys", sent.Also, []string{"US.abc"})
	wantEqual(t, "our number from which it was sent", sent.From, "+2000")
}

// Answers leave from our number to which the customer wrote last, whatever agents said since, and however late the messages are found.
// What is found late is shown with the time at which it was written.
func TestReplyLeavesFromTheNumberWrittenToLast(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	ago := func(d time.Duration) time.Time { return time.Now().Add(-d) }
	tests := []struct {
		text     string // what Lea writes
		via      string // to which of our numbers
		at       time.Time
		wantFrom string // from which number she is answered
	}{
		{text: "At nine", via: "+2000", at: ago(3 * time.Hour), wantFrom: "+2000"},
		{text: "At ten", via: "+1000", at: ago(2 * time.Hour), wantFrom: "+1000"},
		{text: "At eight, found late", via: "+3000", at: ago(4 * time.Hour), wantFrom: "+1000"},
	}
	for i, tt := range tests {
		w.customerSends(chat, channelstest.Event{From: "+4922", Name: "Lea", Text: tt.text, Via: tt.via, At: tt.at})
		wantWords(t, "what is shown after hours", w.waitShown(tt.text).Text, tt.at.UTC().Format("15:04:05 ")+tt.text)
		w.reply(w.waitThread("At nine"), "About "+tt.text)
		sent := w.waitSent(i + 1)[i]
		wantEqual(t, fmt.Sprintf("the number from which %q left", sent.Text), sent.From, tt.wantFrom)
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

// newNumberChanged makes a world in which kim's number and the provider's id of her have changed: from +491 and US.old to +492 and
// US.new. She was told of twice, once by each of the former. A reply waits in its hold that was typed before. It returns the thread.
func newNumberChanged(t *testing.T) (w *world, thread string) {
	t.Helper()
	w = newWorld(t, options{hold: time.Hour})
	w.customerSends(chat, channelstest.Event{From: "+491", Also: []string{"US.old"}, Name: "Kim", Text: "Hello"})
	thread = w.waitThread("Hello")
	w.replyInHold(thread, "Hi Kim")
	w.postChatEvent(channelstest.Event{Type: "identity", From: "+492", Also: []string{"US.new"}, Name: "Kim", Previous: "US.old"})
	w.postChatEvent(channelstest.Event{Type: "identity", From: "+492", Name: "Kim", Previous: "+491"})
	w.waitLine(thread, bridge.LineIdentity)
	w.waitDrainedBut(1) // both reports are applied; the reply waits
	w.eventually("replies go to the new number", func() bool {
		return w.text(`SELECT participants->0->>'key' FROM conversations WHERE id = 1`) == "+492"
	})
	return w, thread
}

// When the customer's number and the provider's id of her change, the conversation goes on. One line says so, and a reply that waits
// reaches her at the new number.
func TestNumberChange(t *testing.T) {
	t.Parallel()
	w, thread := newNumberChanged(t)
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "Hi Kim")
	wantList(t, "whom the reply was sent to", w.provider.Sent()[0].To, []string{"+492"})

	w.customerSends(chat, channelstest.Event{From: "+492", Also: []string{"US.new"}, Name: "Kim", Text: "From the new one"})
	wantEqual(t, "the thread of what she writes from the new number", w.waitThread("From the new one"), thread)
	w.waitDrained()
	wantEqual(t, "lines that tell of the change", w.countLines(thread, bridge.LineIdentity), 1)
}

// Who writes from a number that a customer had before is somebody else. If the customer's number changes again, each gets what is
// for them, though the report names the number of the stranger as one that the customer had.
func TestFormerNumberIsAStrangers(t *testing.T) {
	t.Parallel()
	w, kims := newNumberChanged(t)
	w.customerSends(chat, channelstest.Event{From: "+491", Also: []string{"US.other"}, Name: "Lea", Text: "I am somebody else"})
	leas := w.waitThread("I am somebody else")
	if leas == kims {
		t.Fatal("the stranger writes in Kim's thread, want one of her own")
	}

	w.postChatEvent(channelstest.Event{
		Type: "identity", From: "US.new2", Also: []string{"+493"}, Name: "Kim",
		Previous: "US.new", PreviousAlso: []string{"+491"},
	})
	w.waitLineAbout(kims, bridge.LineIdentity, "US.new2")
	w.replyInHold(kims, "To Kim")
	w.replyInHold(leas, "To Lea")
	w.advance(time.Hour)
	sentTo := map[string]string{} // by what was sent
	for _, sent := range w.waitSent(3) {
		sentTo[sent.Text] = strings.Join(sent.To, ",")
	}
	wantEqual(t, "whom Kim's reply went to", sentTo["To Kim"], "US.new2")
	wantEqual(t, "whom Lea's reply went to", sentTo["To Lea"], "+491")
}

// That somebody whom nobody knows has another number changes nothing, also if the former one had two forms: what that customer
// writes is shown.
func TestNumberChangeOfSomebodyUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.postChatEvent(channelstest.Event{Type: "identity", From: "+1219", Name: "Eva", Previous: "+521", PreviousAlso: []string{"+52"}})
	w.customerSends(chat, channelstest.Event{From: "+1219", Name: "Eva", Text: "I was in Mexico"})
	w.waitShown("I was in Mexico")
}

// newTwoWhoAreOne makes a world in which two customers with a conversation each, one known by the provider's id and one by phone,
// have proved to be one. It returns the threads: of the conversation by id, and of that by phone.
func newTwoWhoAreOne(t *testing.T) (w *world, byID, byPhone string) {
	t.Helper()
	w = newWorld(t, options{})
	w.customerSends(chat, channelstest.Event{From: "US.abc", Name: "Kim", Text: "By id"})
	byID = w.waitThread("By id")
	w.customerSends(chat, channelstest.Event{From: "+491", Name: "Kim", Text: "By phone"})
	byPhone = w.waitThread("By phone")
	w.customerSends(chat, channelstest.Event{From: "+491", Also: []string{"US.abc"}, Name: "Kim", Text: "Both"})
	w.waitShown("Both")
	w.waitDrained() // Parley knows, too, that it is shown: else it refuses to end a conversation with unseen words
	return w, byID, byPhone
}

// Two customers prove to be one while both have an open conversation: both stay, and both say so. What the customer writes goes on
// in the one in which she wrote last, and replies leave from both.
func TestTwoProveToBeOne(t *testing.T) {
	t.Parallel()
	w, byID, byPhone := newTwoWhoAreOne(t)
	w.waitLine(byID, bridge.LineSamePerson)
	w.waitLine(byPhone, bridge.LineSamePerson)
	wantEqual(t, "the thread of what proved it", w.waitThread("Both"), byPhone)

	w.reply(byID, "Reply to the first")
	w.reply(byPhone, "Reply to the second")
	w.waitSent(2)
	w.customerSends(chat, channelstest.Event{From: "US.abc", Name: "Kim", Text: "And again"})
	w.waitShown("And again")
	w.waitDrained()
	wantEqual(t, "threads", w.countRoots(), 2)
	nameless := w.count(`SELECT count(*) FROM contacts AS c WHERE NOT EXISTS (SELECT FROM identities AS i WHERE i.contact_id = c.id)`)
	wantEqual(t, "contacts that are left without an address, so that nobody could erase them", nameless, 0)
}

// When both conversations of the customer have ended, she begins one new one, by whichever key she writes.
func TestTwoWhoAreOneBeginOneConversation(t *testing.T) {
	t.Parallel()
	w, byID, byPhone := newTwoWhoAreOne(t)
	w.reply(byID, "!resolve")
	w.reply(byPhone, "!resolve")
	w.eventually("both are resolved", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`) == 2 })
	w.customerSends(chat, channelstest.Event{From: "US.abc", Name: "Kim", Text: "A new matter"})
	w.customerSends(chat, channelstest.Event{From: "+491", Name: "Kim", Text: "as I said"})
	wantEqual(t, "the thread of what she writes by phone", w.waitThread("as I said"), w.waitThread("A new matter"))
}

// newAnsweredQuestion makes a world in which kim asked where her order is, and ann answered. It returns the ids of both messages at
// the provider, and the thread.
func newAnsweredQuestion(t *testing.T) (w *world, question, answer, thread string) {
	t.Helper()
	w = newWorld(t, options{})
	question = w.customerWrites("kim", "Where is my order?")
	thread = w.waitThread("Where is my order?")
	w.reply(thread, "On its way")
	answer = w.provider.WaitTexts(t, "On its way")[0].ID
	w.waitDrained()
	return w, question, answer, thread
}

// react lets a customer react to a message of the provider's; without an emoji the reaction is taken back.
func (w *world) react(who, target, emoji string) {
	w.t.Helper()
	w.postChatEvent(channelstest.Event{Type: "reaction", From: who, Name: displayName(who), Target: target, Emoji: emoji})
}

// A reaction is one line, which quotes the message, and changes with the reaction until that is taken back.
func TestReactionIsOneLine(t *testing.T) {
	t.Parallel()
	w, _, answer, thread := newAnsweredQuestion(t)
	w.react("kim", answer, "👍")
	wantWords(t, "the line", w.waitLine(thread, bridge.LineReacted).Plain(), "👍", "On its way")
	w.waitDrained()

	w.react("kim", answer, "❤️")
	w.eventually("the line changes", func() bool { return strings.Contains(w.waitLine(thread, bridge.LineReacted).Plain(), "❤️") })

	w.react("kim", answer, "")
	w.eventually("it is taken back", func() bool { return !strings.Contains(w.waitLine(thread, bridge.LineReacted).Plain(), "❤️") })
	w.waitDrained()
	wantNoWords(t, "the line", w.waitLine(thread, bridge.LineReacted).Plain(), "👍")
	wantEqual(t, "lines", w.countLines(thread, bridge.LineReacted), 1)
}

// A reaction to the customer's own message quotes that, and one to a message that nobody knows is told, too. Each has a line.
func TestReactionsToOtherMessages(t *testing.T) {
	t.Parallel()
	w, question, _, thread := newAnsweredQuestion(t)
	w.react("kim", "unheard-of", "😮")
	w.waitShown("😮")
	w.react("kim", question, "🙈")
	wantWords(t, "the line about her own message", w.waitShown("🙈").Plain(), "Where is my order?")
	w.waitDrained()
	wantEqual(t, "lines", w.countLines(thread, bridge.LineReacted), 2)
}

// A reaction of somebody without a conversation opens no thread, and is told in none.
func TestReactionOpensNoThread(t *testing.T) {
	t.Parallel()
	w, _, _, thread := newAnsweredQuestion(t)
	w.react("nobody", "unheard-of", "💤")
	w.waitDrained()
	wantEqual(t, "threads", w.countRoots(), 1)
	wantEqual(t, "lines in kim's thread", w.countLines(thread, bridge.LineReacted), 0)
}

// A customer answers one message of ours: the post says which. The provider may name it by its own id, or by ours beside one
// that nobody knows.
func TestAnsweredMessageIsQuoted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "Blue or red?")
	w.provider.WaitTexts(t, "Blue or red?")
	w.waitDrained()
	ours := w.provider.Sent()[0]

	w.customerSends(chat, channelstest.Event{From: "kim", Text: "The first", Answered: ours.ID})
	wantWords(t, "the answer by the provider's id", w.waitShown("The first").Plain(), `[answers "Blue or red?"]`)

	w.customerSends(chat, channelstest.Event{From: "kim", Text: "Or both", Answered: "our id as they know it", Answers: ours.Message})
	wantWords(t, "the answer by our id", w.waitShown("Or both").Plain(), `[answers "Blue or red?"]`)

	w.postChatEvent(channelstest.Event{Type: "reaction", From: "kim", Target: "our id as they know it", Answers: ours.Message, Emoji: "👌"})
	wantWords(t, "the reaction by our id", w.waitShown("👌").Plain(), "Blue or red?")
}

// An answer to a message that nobody knows says that it answers one.
func TestAnsweredMessageIsUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.openThread()
	w.customerSends(chat, channelstest.Event{From: "kim", Text: "And that", Answered: "unheard-of"})
	wantWords(t, "the answer", w.waitShown("And that").Plain(), `[answers ""]`)
}

// The answer to a sending is lost, and the provider tells of our own message before anybody looks for it: it counts as sent by that,
// and its id at the provider is known.
func TestOwnEchoResolvesALostAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: func(c *channels.Capabilities) { c.Sending.Timeout = time.Minute }})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	reply := w.reply(thread, "Hi Kim")
	sent := w.provider.WaitTexts(t, "Hi Kim")[0]
	w.postChatEvent(channelstest.Event{Type: "own", ID: sent.ID, From: "kim", Answers: sent.Message, State: "accepted"})
	w.waitMarked(reply, "sent")
	w.waitFate(reply, "out")
	w.eventually("the provider's id is known as the message's", func() bool {
		return w.count(`SELECT count(*) FROM external_ids WHERE external_id = $1 AND message_id = $2`, sent.ID, sent.Message) == 1
	})
}

// An echo that names no message of ours is accepted, and nobody is told of it.
func TestOwnEchoOfNoMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	before := len(w.chat.Messages(support, thread))
	w.postChatEvent(channelstest.Event{Type: "own", ID: "no-token", From: "kim"})
	w.waitDrained()
	wantEqual(t, "messages of the thread", len(w.chat.Messages(support, thread)), before)
	wantEqual(t, "events in quarantine", w.count(`SELECT count(*) FROM quarantine`), 0)
}

// In a chat nobody is added and nobody takes the customer's place, whether its channel is connected or not: what somebody would
// never get isn't promised, and no answer goes to another customer.
func TestRecipientsOfAChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: func(c *channels.Capabilities) { c.Participants = c.Threads }})
	thread := w.openThread()
	connected := w.live[chat].Load()
	for refused, ch := range []channels.Channel{connected, nil} {
		w.engines[0].SetChannel(w.accounts[chat], ch)
		w.reply(thread, "!cc lea@x.test")
		w.reply(thread, "!to lea@x.test")
		w.chat.Wait(t, "both are refused", func() bool { return len(w.chat.Whispers("ann")) == 2*(refused+1) })
	}
	w.engines[0].SetChannel(w.accounts[chat], connected)
	w.waitFate(w.reply(thread, "Hi Kim"), "out")
	wantSentTo(t, w.provider.Sent()[0], []string{"kim"}, nil)
}

// What is refused changes nobody's mail: neither a verb without an address nor one of which
// an address is none.
func TestRecipientsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "One", Text: "Hello"})
	thread := w.waitThread("Hello")
	w.waitDrained()
	refused := []string{"!to", "!cc", "!allow", "!to eve@x.test lee", "!cc eve@x.test lea"}
	typed := append([]string{"!take"}, refused...)
	w.sayInOneBatch(thread, append(typed, "Hi Kim")...)
	w.provider.WaitTexts(t, "Hi Kim")
	w.chat.Wait(t, "all are refused", func() bool { return len(w.chat.Whispers("ann")) == len(refused) })
	wantSentTo(t, w.provider.Sent()[0], []string{"kim@x.test"}, []string{"lee@x.test"})
}

// Who begins a conversation with a customer writes from our number to which she wrote last: in her phone that is the same chat, and
// only there the provider takes words that are no template.
func TestStartLeavesFromTheNumberWrittenToLast(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(chat, channelstest.Event{From: "+4915111", Name: "Kim", Text: "Hello", Via: "+2000"})
	thread := w.waitThread("Hello")
	w.reply(thread, "!resolve")
	w.waitCard(thread, "resolved")
	w.chat.Submit("ben", support, "", startForm(chat, "+4915111", ""), "Good morning.")
	wantEqual(t, "our number from which it was sent", w.waitSent(1)[0].From, "+2000")
}
