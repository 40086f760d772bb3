package book

import (
	"fmt"
	"testing"

	"parley/store"
)

// A reply bounced, and with it a wait of the customer goes on to the other replies to the same words: those that the customer has,
// and those that are still under way. What answers earlier or later words, what failed, what is not a person's answer, and remarks
// of the customer's machine are no such replies.
func TestAnswersBeside(t *testing.T) {
	t.Parallel()
	in := func(automatic string) store.Message {
		return store.Message{Direction: store.DirectionIn, Automatic: automatic}
	}
	out := func(fate store.Fate, reason string) store.Message {
		return store.Message{Direction: store.DirectionOut, Fate: fate, Reason: reason}
	}
	said := []store.Message{
		1: in(""), 2: out(store.FateOut, ""),
		3: in(""), 4: out(store.FateUnclear, ""), 5: out(store.FateFailed, ""), 6: out(store.FateOut, ""), 7: in("auto_reply"),
		8: out(store.FateWaiting, ""), 9: out(store.FateOut, store.ReasonMachine), 10: out(store.FateParked, ""),
		11: in(""), 12: out(store.FateOut, ""),
	}
	c, ms := &Conversation{}, &Messages{Rows: map[store.MessageID]*Message{}}
	for i, m := range said[1:] {
		m.ID = store.MessageID(i + 1)
		ms.Rows[m.ID] = &Message{Message: m}
		c.Last = append(c.Last, m)
	}
	for reply, want := range map[store.MessageID]string{5: " 8 6 4", 2: "", 12: ""} {
		got := ""
		for _, m := range ms.AnswersBeside(c, ms.Rows[reply]) {
			got += fmt.Sprint(" ", m.ID)
		}
		if got != want {
			t.Errorf("beside reply %d the wait goes on to%s, want%s", reply, got, want)
		}
	}
}
