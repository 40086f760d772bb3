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

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// countRoots returns how many threads there are.
func (w *world) countRoots() int { return len(w.chat.Messages(support, "")) }

// newCustomerWithTwoKeys makes a world in which a customer wrote under the provider's id alone, to our number +1000, and
// then also under her phone number, to our number +2000. It returns the thread.
func newCustomerWithTwoKeys(t *testing.T) (w *world, thread string) {
	t.Helper()
	w = newWorld(t, options{})
	w.customerSends(chat, channelstest.Event{From: "US.abc", Name: "Kim", Text: "Hello", Via: "+1000"})
	thread = w.waitThread("Hello")
	w.customerSends(chat, channelstest.Event{From: "+4915111", Also: []string{"US.abc"}, Name: "Kim", Text: "It is me", Via: "+2000"})
	wantEqual(t, "the thread of what she wrote by phone", w.waitThread("It is me"), thread)
	return w, thread
}

// A reply goes to the key of the customer's newest message, with her other keys beside it, and leaves from our number to
// which that message was written. A message that comes late doesn't change that.
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

// A reply leaves from our number to which the customer wrote last, whatever agents said since and however late her
// messages are found. A message that is found late is shown with the time at which it was written.
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

// newNumberChanged makes a world in which kim's phone number and provider's id have changed from +491 and US.old to +492
// and US.new. The provider reported that twice, once under each old key. A reply that was typed before waits in its hold.
// It returns the thread.
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

// A customer's phone number and provider's id change. The conversation goes on, one line says so, and a waiting reply
// goes to the new number.
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

// Somebody who writes from a customer's former number is another customer. When the first customer's number changes
// again, the report names the former number as hers, too. Each of the two still gets only her own replies.
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

// newTwoWhoAreOne makes a world with two customers who turn out to be one person: one is known by the provider's id, the
// other one by phone, and each has a conversation. It returns the threads, first the one by id.
func newTwoWhoAreOne(t *testing.T) (w *world, byID, byPhone string) {
	t.Helper()
	w = newWorld(t, options{})
	w.customerSends(chat, channelstest.Event{From: "US.abc", Name: "Kim", Text: "By id"})
	byID = w.waitThread("By id")
	w.customerSends(chat, channelstest.Event{From: "+491", Name: "Kim", Text: "By phone"})
	byPhone = w.waitThread("By phone")
	w.customerSends(chat, channelstest.Event{From: "+491", Also: []string{"US.abc"}, Name: "Kim", Text: "Both"})
	w.waitShown("Both")
	w.waitDrained() // until Parley knows that it is shown: it refuses to end a conversation with unseen messages
	return w, byID, byPhone
}

// Two customers with open conversations turn out to be one person. Both conversations stay, both say so, and replies
// leave from both. The customer's next message goes to the one in which she wrote last.
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

// newAnsweredQuestion makes a world in which kim asked where her order is, and ann answered. It returns the provider's
// ids of both messages, and the thread.
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

// react lets a customer react to a message. An empty emoji takes the reaction back.
func (w *world) react(who, target, emoji string) {
	w.t.Helper()
	w.postChatEvent(channelstest.Event{Type: "reaction", From: who, Name: displayName(who), Target: target, Emoji: emoji})
}

// A reaction has one line, which quotes the message. The line follows each change of the reaction, until that is taken
// back.
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

// A text with which a phone says that the customer has put an emoji on our message, or taken it back, is a reaction: a resolved
// conversation stays resolved, and nobody is mentioned. One that quotes anything else is a message.
func TestTapback(t *testing.T) {
	t.Parallel()
	w, _, _, thread := newAnsweredQuestion(t)
	w.reply(thread, "!resolve")
	w.waitCard(thread, "resolved")
	w.customerWrites("kim", "Liked “On its way”")
	line := w.waitLine(thread, bridge.LineReacted)
	wantWords(t, "the line", line.Plain(), "👍", "On its way")
	wantEqual(t, "people who are mentioned", len(line.Mentions()), 0)
	w.customerWrites("kim", "Removed a like from “On its way”")
	w.eventually("it is taken back", func() bool { return !strings.Contains(w.waitLine(thread, bridge.LineReacted).Plain(), "👍") })
	w.waitDrained()
	wantEqual(t, "resolved conversations", w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`), 1)
	wantEqual(t, "messages of hers", w.count(`SELECT count(*) FROM messages WHERE direction = 'in'`), 1)

	w.customerWrites("kim", "Liked “On my way”")
	w.waitShown("On my way")
	w.customerWrites("kim", "Liked “Where is my order?”")
	w.waitShown("Liked “Where")
	wantEqual(t, "lines", w.countLines(thread, bridge.LineReacted), 1)
}

// A mail that is a reaction is one also in a resolved conversation. If it is on nothing known, it is listed with the automatic mail.
func TestReactionByMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(mail, channelstest.Event{ID: "q1", From: "kim", Text: "Where is my order?"})
	thread := w.waitThread("Where is my order?")
	w.reply(thread, "On its way")
	answer := w.provider.WaitTexts(t, "On its way")[0]
	w.reply(thread, "!resolve")
	w.waitCard(thread, "resolved")
	reaction := channelstest.Event{Type: "reaction", ID: "r1", From: "kim", Target: "as a server rewrote it", Answers: answer.Message,
		Emoji: "👍", Text: "👍", Subject: "Re: Order", Automatic: "reaction"}
	w.postEvents(mail, reaction)
	wantWords(t, "the line", w.waitLine(thread, bridge.LineReacted).Plain(), "👍", "On its way")
	w.waitDrained()
	wantEqual(t, "resolved conversations", w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`), 1)
	wantEqual(t, "reactions at our message", w.count(`SELECT count(*) FROM reactions WHERE target = $1`, answer.ID), 1)

	reaction.ID, reaction.Target, reaction.Answers = "r2", "unheard-of", 0
	w.postEvents(mail, reaction)
	w.waitShown("[automatic]")
	w.waitDrained()
	wantEqual(t, "conversations with customers", w.count(`SELECT count(*) FROM conversations WHERE kind = 'customer'`), 1)
}

// The provider's answer to a sending is lost. Before Parley looks for the message, the provider reports it as an echo,
// with its id: it counts as sent.
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

// In a chat no recipient can be added and none can replace the customer, whether the channel is connected or not. The
// commands are refused, and the reply goes to the customer.
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
