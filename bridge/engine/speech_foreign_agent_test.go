package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/bridge/engine"
)

// foreignAgentReply is a plain reply of an agent of whom the chat says that they belong to another organisation.
func foreignAgentReply() engine.Speech {
	s := plainReply()
	s.Author.Kind = bridge.ActorForeign
	return s
}

// wantInside checks that a text stays inside for a reason.
func wantInside(t *testing.T, s engine.Speech, reason bridge.Reason) {
	t.Helper()
	decision, got := engine.Speak(s)
	if decision != engine.Inside {
		t.Errorf("decision: got %s, want %s", decision, engine.Inside)
	}
	if got != reason {
		t.Errorf("reason: got %q, want %q", got, reason)
	}
}

// An agent whom the chat takes for somebody else's colleague learns that the customer didn't get the text.
func TestReplyOfAForeignAgent(t *testing.T) {
	t.Parallel()
	const reason = "foreign_agent"
	wantInside(t, foreignAgentReply(), reason)
	if !bridge.ConsequencesOf(reason).MustTellAuthor {
		t.Errorf("the author isn't told of %q, want them to be", reason)
	}
}

// A note was never meant for the customer: nobody has to be told.
func TestNoteOfAForeignAgent(t *testing.T) {
	t.Parallel()
	s := foreignAgentReply()
	s.Text.Marker = bridge.MarkNote
	wantInside(t, s, "note")
}

// Somebody of another organisation who isn't an agent here knows that the customer doesn't read along.
func TestTextOfAStranger(t *testing.T) {
	t.Parallel()
	s := foreignAgentReply()
	s.Author.IsAgent = false
	wantInside(t, s, "guest")
}
