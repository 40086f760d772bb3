package chores

import (
	"strings"
	"testing"

	"parley/store"
)

// Parley keeps the customer's first question and the last answer of a resolved conversation, without names.
func TestWhatIsLearned(t *testing.T) {
	t.Parallel()
	const asked, answered = "Where is the slip for my lamp?", "It lies in the box, below the lamp."
	kim := store.AgentID(1)
	in := func(text string) store.Message {
		return store.Message{ConversationID: 1, Direction: store.DirectionIn, Text: text}
	}
	out := func(text string) store.Message {
		return store.Message{ConversationID: 1, Direction: store.DirectionOut, Fate: store.FateOut,
			MessageAuthor: store.MessageAuthor{AgentID: &kim}, Text: text}
	}
	with := func(m store.Message, change func(*store.Message)) store.Message {
		change(&m)
		return m
	}
	for name, c := range map[string]struct {
		messages []store.Message
		answered string
	}{
		"a question and its answer":        {messages: []store.Message{in(asked), out(answered)}, answered: answered},
		"what was asked behind the answer": {messages: []store.Message{in(asked), out(answered), in("And the bulb?")}, answered: answered},
		"two answers":                      {messages: []store.Message{in(asked), out("One moment."), out(answered)}, answered: answered},
		"somebody else's signature": {messages: []store.Message{
			in(asked + "\n\nKind regards,\nPetra Unbekannt\nCanary Ltd"), out(answered),
		}, answered: answered},
		"the customer's name":                {messages: []store.Message{in(asked + "\nAnn Lee"), out(answered)}, answered: answered},
		"the agent's name below the answer":  {messages: []store.Message{in(asked), out(answered + "\n\nKim Park")}, answered: answered},
		"a name in the middle of the answer": {messages: []store.Message{in(asked), out("It lies in the box, as Kim Park packed it.")}},
		"an answer that is too long":         {messages: []store.Message{in(asked), out(strings.Repeat("It lies in the box. ", 200))}},
		"an answer that did not leave":       {messages: []store.Message{in(asked), with(out(answered), func(m *store.Message) { m.Fate = store.FateFailed })}},
		"an answer that no agent gave":       {messages: []store.Message{in(asked), with(out(answered), func(m *store.Message) { m.AgentID = nil })}},
		"a remark among colleagues": {messages: []store.Message{in(asked), with(out(answered), func(m *store.Message) {
			m.Direction = store.DirectionNote
		})}},
		"a machine's mail": {messages: []store.Message{with(in("I am away."), func(m *store.Message) {
			m.Automatic = "auto-reply"
		}), in(asked), out(answered)}, answered: answered},
		"another conversation's message": {messages: []store.Message{with(in("Refund me!"), func(m *store.Message) {
			m.ConversationID = 2
		}), in(asked), out(answered)}, answered: answered},
		"another conversation's answer behind": {messages: []store.Message{in(asked), out(answered), with(out("No."), func(m *store.Message) {
			m.ConversationID = 2
		})}, answered: answered},
	} {
		got, ok := solvedIn(&store.Conversation{ID: 1}, c.messages, []string{"Ann Lee", "Kim Park"})
		if !ok {
			t.Errorf("%s: nothing is learned, want what was asked", name)
		}
		if strings.TrimSpace(got.Asked) != asked {
			t.Errorf("%s: what was asked is %q, want %q", name, got.Asked, asked)
		}
		if got.Answered != c.answered {
			t.Errorf("%s: what was answered is %q, want %q", name, got.Answered, c.answered)
		}
	}
}

// A conversation whose texts make learning panic teaches nothing, and the process goes on.
func TestNothingIsLearnedFromAPanic(t *testing.T) {
	t.Parallel()
	message := store.Message{ConversationID: 1, Direction: store.DirectionIn, Text: "Where is my lamp?"}
	var missing *store.Conversation // has no field that can be read
	s, ok, err := learnFrom(missing, []store.Message{message}, nil)
	if ok || err == nil {
		t.Errorf("got %+v, %v and the error %v, want nothing and an error", s, ok, err)
	}
}
