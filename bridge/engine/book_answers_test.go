package engine

import (
	"slices"
	"testing"

	"parley/store"
)

// talkOf returns a conversation with some messages, from the oldest on. Their ids count from 1.
func talkOf(messages ...store.Message) (*Conversation, *Messages) {
	c, ms := &Conversation{Fresh: true}, &Messages{Rows: map[store.MessageID]*Message{}}
	for i, m := range messages {
		m.ID = store.MessageID(i + 1)
		ms.Rows[m.ID] = &Message{Message: m}
		c.last = append(c.last, m)
	}
	return c, ms
}

// If a reply bounces, other replies to the same words may still answer them. AnswersBeside finds those that the customer
// has and those that are under way.
func TestAnswersBeside(t *testing.T) {
	t.Parallel()
	words := store.Message{Direction: store.DirectionIn}
	fromMachine := store.Message{Direction: store.DirectionIn, Automatic: "auto_reply"}
	reply := func(fate store.Fate) store.Message { return store.Message{Direction: store.DirectionOut, Fate: fate} }
	automaticReply := store.Message{Direction: store.DirectionOut, Fate: store.FateOut, Reason: store.ReasonMachine}

	c, ms := talkOf(
		words,                    // 1
		reply(store.FateOut),     // 2
		words,                    // 3
		reply(store.FateUnclear), // 4
		reply(store.FateFailed),  // 5
		reply(store.FateOut),     // 6
		fromMachine,              // 7: no new words of the customer
		reply(store.FateWaiting), // 8
		automaticReply,           // 9: no person's answer
		reply(store.FateParked),  // 10
		words,                    // 11
		reply(store.FateOut),     // 12
	)
	tests := []struct {
		name    string
		bounced store.MessageID
		want    []store.MessageID // from the latest on
	}{
		{name: "of several replies those that are out or under way", bounced: 5, want: []store.MessageID{8, 6, 4}},
		{name: "none of those to later words", bounced: 2, want: nil},
		{name: "none of those to earlier words", bounced: 12, want: nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []store.MessageID
			for _, m := range ms.AnswersBeside(c, ms.Rows[tt.bounced]) {
				got = append(got, m.ID)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("beside reply %d: got the replies %v, want %v", tt.bounced, got, tt.want)
			}
		})
	}
}
