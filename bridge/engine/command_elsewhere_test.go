package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// Each test makes a world (harness_test.go). An agent types a command with the number of a conversation outside of the
// conversation's thread, as in "@Parley #1 take".

const (
	sales       = "sales" // a public channel that belongs to no team
	notReadable = "Conversation #1 is not open to you."
)

// typedElsewhere are commands about conversation 1 that can be typed elsewhere.
func typedElsewhere() []string {
	return []string{"find", "history", "why", "timeline", "take", "resolve", "tag urgent"}
}

// commandOn returns the text by which an agent gives a command about conversation 1 from elsewhere.
func commandOn(command string) string { return "<@" + bridgetest.App + "> #1 " + command }

// An agent who may not read a private conversation types commands with its number elsewhere: all are refused, without a
// word of the conversation.
// Requirement R-212: Only some people read an account.
func TestTypedCommandOpensNoPrivateConversation(t *testing.T) {
	t.Parallel()
	w := newSecludedWorld(t, options{})
	for i, command := range typedElsewhere() {
		w.chat.Say("cat", support, "", commandOn(command))
		w.chat.Wait(t, "#1 "+command+" is answered", func() bool { return len(w.chat.Whispers("cat")) == i+1 })
		answer := w.chat.Whispers("cat")[i].Plain()
		wantWords(t, "the answer to "+command, answer, notReadable)
		wantNoWords(t, "the answer to "+command, answer, "Maria", "Salary")
	}
	wantEqual(t, "owners of the conversation", len(w.annsFacts().Assignees), 0)
}

// A refused command gives no other access to the conversation, neither by a command below it nor by an emoji on it.
// Requirement R-212: Only some people read an account.
func TestRefusedCommandOpensNoPrivateConversation(t *testing.T) {
	t.Parallel()
	w := newSecludedWorld(t, options{})
	refused := w.chat.Say("cat", support, "", commandOn("take"))
	w.waitWhisper("cat", notReadable)
	w.chat.Say("cat", support, refused, "!take")
	w.chat.React("cat", w.chat.Get(support, refused), bridge.VerbTake)
	w.waitDrained()
	wantEqual(t, "owners of the conversation", len(w.annsFacts().Assignees), 0)
}

// newLeftForPrivate makes a world whose conversation 1 was handed from its private channel to a team in the channel
// sales, and back. It returns the thread in sales. cat is in that team, and may not read the conversation any more.
func newLeftForPrivate(t *testing.T) (w *world, left string) {
	t.Helper()
	w = newSecludedWorld(t, options{})
	w.openTeam("Helpers", w.chat, w.surface, sales)
	root := w.chat.Messages(vault, "")[0].ID
	w.chat.Say("ann", vault, root, "!assign #helpers")
	left = waitNewestRoot(t, w.chat, sales, 1, "Salary")
	w.waitDrained()
	w.chat.Say("ann", sales, left, "!assign #guards")
	waitNewestRoot(t, w.chat, vault, 2, "Salary")
	w.waitDrained()
	return w, left
}

// A conversation has left a thread and goes on in a private channel: commands in the old thread are refused.
// Requirement R-212: Only some people read an account.
func TestLeftThreadOpensNoPrivateConversation(t *testing.T) {
	t.Parallel()
	w, left := newLeftForPrivate(t)
	w.chat.Say("cat", sales, left, "!history")
	w.waitWhisper("cat", notReadable)
	w.chat.Say("cat", sales, left, "!take")
	w.waitDrained()
	wantEqual(t, "owners of the conversation", len(w.annsFacts().Assignees), 0)
}

// Remarks below a command that was typed elsewhere don't belong to the conversation: no customer gets them.
func TestWordsBelowACommandReachNobody(t *testing.T) {
	t.Parallel()
	w := newTwoHomes(t, options{})
	thread := w.openThread()
	w.second.Open(sales)
	command := w.second.Say("tann", sales, "", commandOn("assign ben"))
	w.waitCard(thread, "| Ben |")
	w.second.Say("tben", sales, command, "ok, but he is a pain")
	w.waitDrained()
	w.wantNothingSent()
	wantEqual(t, "stored messages of that text", w.count(`SELECT count(*) FROM messages WHERE text LIKE '%pain%'`), 0)
}

// An older version of Parley stored such a command as a part of the conversation. Remarks below it reach no customer
// either.
func TestWordsBelowAnOlderCommandReachNobody(t *testing.T) {
	t.Parallel()
	w := newTwoHomes(t, options{})
	thread := w.openThread()
	w.second.Open(sales)
	command := w.second.Say("tann", sales, "", commandOn("assign ben"))
	w.waitCard(thread, "| Ben |")
	w.waitDrained()
	w.exec(`UPDATE posts SET conversation_id = 1 WHERE account_id = $1 AND message = $2`, w.account, command)
	w.second.Say("tben", sales, command, "ok, but he is a pain")
	w.waitDrained()
	w.wantNothingSent()
}

// The answer to a command with a number is given where it was typed, also in the channel of the conversation's thread.
// Requirement R-086: What is not allowed changes nothing and says why.
func TestCommandElsewhereIsAnsweredThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.openThread()
	w.customerWrites("lee", "Bonjour")
	other := w.waitThread("Bonjour")
	tests := []struct {
		name, thread, command, answer string
	}{
		{name: "a refusal at the top of the channel", command: "snooze blurgh", answer: "blurgh"},
		{name: "a refusal in another conversation's thread", thread: other, command: "snooze tomorow", answer: "tomorow"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.chat.Say("ann", support, tt.thread, commandOn(tt.command))
			wantEqual(t, "the thread of the answer", w.waitWhisper("ann", tt.answer).Thread, tt.thread)
		})
	}
}

// A refused command isn't stored in a conversation that its author may not read.
// Requirement R-212: Only some people read an account.
func TestRefusedCommandLeavesNothing(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, user, command string
	}{
		{name: "by an agent who may not read it", user: "cat", command: "resolve he is a thief"},
		{name: "by an agent who asks for its history", user: "cat", command: "history he is a thief"},
		{name: "by nobody's agent", user: "guest", command: "resolve he is a thief"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newSecludedWorld(t, options{})
			w.chat.Say(tt.user, support, "", commandOn(tt.command))
			w.waitDrained()
			wantEqual(t, "texts about a thief in the conversation", w.count(`SELECT count(*) FROM messages WHERE text LIKE '%thief%'`), 0)
		})
	}
}

// A command that was typed elsewhere is edited into a remark: it isn't sent, and nobody is asked to send it.
func TestCommandElsewhereEditedIntoARemark(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	command := w.chat.Say("ann", support, "", commandOn("take"))
	w.waitCard(thread, "| Ann |")
	w.waitDrained()
	w.chat.Edit(support, command, "never mind, he is a pain")
	w.waitDrained()
	wantEqual(t, "questions about the remark", w.countLines(thread, bridge.LineAsk), 0)
	w.wantNothingSent()
}

// A conversation has left a thread and goes on in a private channel. A text that an agent without access types in the old
// thread isn't stored in it.
// Requirement R-212: Only some people read an account.
func TestWordsInALeftThreadStayOutOfAPrivateConversation(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"Hello", "note: he is a thief"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			w, left := newLeftForPrivate(t)
			w.chat.Say("cat", sales, left, text)
			w.waitWhisper("cat", notReadable)
			w.waitDrained()
			wantEqual(t, "stored texts of cat", w.count(`SELECT count(*) FROM messages WHERE author_user = 'cat'`), 0)
		})
	}
}

// The author of a held reply takes it back by an emoji on it, also after the conversation went on where its author may
// not read it.
func TestAuthorTakesReplyBackInALeftThread(t *testing.T) {
	t.Parallel()
	w := newSecludedWorld(t, options{hold: time.Hour})
	w.openTeam("Helpers", w.chat, w.surface, sales)
	root := w.chat.Messages(vault, "")[0].ID
	w.chat.Say("ann", vault, root, "!assign #helpers")
	left := waitNewestRoot(t, w.chat, sales, 1, "Salary")
	w.waitDrained()

	reply := w.chat.Say("cat", sales, left, "It is what it is")
	w.waitFate(reply, "waiting")
	w.chat.Say("ann", sales, left, "!assign #guards")
	waitNewestRoot(t, w.chat, vault, 2, "Salary")

	w.chat.React("cat", w.chat.Get(sales, reply), bridge.VerbUndo)
	w.waitFate(reply, "undone")
	w.wantNothingSent()
}

// Each command from elsewhere is confirmed once where it was typed. Everything else about it is shown in the
// conversation's thread.
func TestCommandFromElsewhereIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.openThread()
	commands := []string{"take", "topic Lamp", "snooze 2h", "wake", "note asked the warehouse", "unassign", "resolve", "reopen"}
	for i, command := range commands {
		w.chat.Say("ann", support, "", commandOn(command))
		w.chat.Wait(t, "#1 "+command+" is answered", func() bool { return len(w.chat.Whispers("ann")) > i })
		w.waitDrained()
		if got := len(w.chat.Whispers("ann")); got != i+1 {
			t.Errorf("#1 %s is answered %d times, want once", command, got-i)
		}
	}
}
