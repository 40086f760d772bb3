package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// foreignAnswer is an answer to kim that a person wrote in the page's own inbox, or that the page sent by itself.
func foreignAnswer(id, text string) channelstest.Event {
	return channelstest.Event{Type: "foreign", ID: id, From: "kim", Text: text}
}

// An answer that was written elsewhere is shown and counts as an answer. Parley never sends it.
// Requirement R-259: Answers given elsewhere.
func TestAnsweredElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")

	e := foreignAnswer("echo-1", "Hi from the page")
	e.Author = "Dora"
	w.postChatEvent(e)

	m := w.waitShown("Hi from the page")
	wantEqual(t, "the answer's thread", m.Thread, thread)
	wantEqual(t, "the answer's author", m.Name, "Dora")
	w.waitCard(thread, "#1 pending")
	wantEqual(t, "customers who wait, in whatever status", w.countWaitingAnyhow(), 0)
	w.waitDrained()
	w.wantNothingSent()
}

// An answer of the page may come before the customer's words, or so soon after them that a machine must have written it.
// It is shown, but the customer still counts as waiting. A later answer counts as a person's.
func TestMachineElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0)})
	wrote := time.Now().Add(-time.Hour)
	w.customerSends(chat, channelstest.Event{From: "kim", Text: "Hello", At: wrote})
	thread := w.waitThread("Hello")
	answerAt := func(id, text string, at time.Time) bridgetest.Message {
		t.Helper()
		e := foreignAnswer(id, text)
		e.At = at
		w.postChatEvent(e)
		return w.waitShown(text)
	}

	before := answerAt("before", "Thank you in advance", wrote.Add(-time.Minute))
	wantEqual(t, "the thread of the earlier answer", before.Thread, thread)
	wantEqual(t, "customers who wait after the earlier answer", w.countWaiting(), 1)

	atOnce := answerAt("at once", "Thank you at once", wrote.Add(2*time.Second))
	wantEqual(t, "the thread of the immediate answer", atOnce.Thread, thread)
	wantEqual(t, "customers who wait after the immediate answer", w.countWaiting(), 1)

	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent})
	w.waitFate(w.reply(thread, "Refused"), "failed")
	wantEqual(t, "customers who wait after a reply that did not reach her", w.countWaiting(), 1)

	answerAt("later", "We look", wrote.Add(6*time.Second))
	wantEqual(t, "customers who wait after an answer that a person can have written", w.countWaiting(), 0)
}

// countWaiting counts the open conversations whose customers wait for an answer.
func (w *world) countWaiting() int {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM conversations WHERE waiting_since IS NOT NULL AND status = 'open'`)
}

// countWaitingAnyhow counts the conversations whose customers wait for an answer, in any status.
func (w *world) countWaitingAnyhow() int {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM conversations WHERE waiting_since IS NOT NULL`)
}

// resting are the two ways in which a conversation rests until its customer writes: resolved and snoozed.
func resting() []restingState {
	return []restingState{
		{command: "!resolve", card: "#1 resolved", line: bridge.LineReopened},
		{command: "!snooze 2h", card: "#1 snoozed", line: bridge.LineWoke},
	}
}

// restingState is the way in which a conversation was put to rest.
type restingState struct {
	command string
	card    string          // shown by its card then
	line    bridge.LineKind // says that it is open again
}

// restAskedByMail makes a world in which ann took the conversation of kim's mail, and put it to rest.
func restAskedByMail(t *testing.T, r restingState) (w *world, question, thread string) {
	t.Helper()
	w = newWorld(t, options{})
	question, thread = w.askByMail("It is dark")
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")
	w.reply(thread, r.command)
	w.waitCard(thread, r.card)
	return w, question, thread
}

// TestSpamThatAnswersUs: mail that is marked as spam, or that came by a list or a ticket system, opens a resolved
// conversation and wakes a snoozed one, if it has Parley's token and its sender takes part in the conversation.
func TestSpamThatAnswersUs(t *testing.T) {
	t.Parallel()
	for _, r := range resting() {
		for _, marked := range []string{"spam", "bulk", "auto-generated"} {
			t.Run(r.command+" "+marked, func(t *testing.T) {
				t.Parallel()
				w, _, thread := restAskedByMail(t, r)
				w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "Still dark", Automatic: marked, Conversation: 1})
				w.waitShown("Still dark")
				w.waitCard(thread, "#1 open")
				wantList(t, "whom the line that tells it mentions", w.waitLine(thread, r.line).Mentions(), []string{"ann"})
				wantEqual(t, "customers who wait", w.countWaiting(), 1)
			})
		}
	}
}

// Mail that is marked as spam but lacks Parley's token, or is from a stranger, is only shown in the thread, and so is a
// machine's mail. The conversation stays resolved or snoozed.
func TestSpamThatOnlyStandsInTheThread(t *testing.T) {
	t.Parallel()
	for _, r := range resting() {
		t.Run(r.command, func(t *testing.T) {
			t.Parallel()
			w, question, thread := restAskedByMail(t, r)
			for _, e := range []channelstest.Event{
				{From: "kim@x.test", Text: "No token", Automatic: "spam", References: []string{question}},
				{From: "eve@x.test", Text: "No customer", Automatic: "spam", Conversation: 1},
				{From: "kim@x.test", Text: "A machine", Automatic: "auto-reply", Conversation: 1},
			} {
				w.customerSends(mail, e)
				wantEqual(t, "the thread of "+e.Text, w.waitShown(e.Text).Thread, thread)
			}
			w.waitDrained()
			w.waitCard(thread, r.card)
		})
	}
}
