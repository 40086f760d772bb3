package engine_test

import (
	"testing"

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
