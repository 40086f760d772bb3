package teams

import (
	"testing"

	"parley/bridge"
	"parley/channels"
)

// newAssigned makes a line that says that Ann has assigned the conversation to Ben, who is mentioned if he is in the
// channel.
func (w *world) newAssigned() bridge.Post {
	p := w.newPost(bridge.PostLine, "assigned")
	p.Line = &bridge.Line{
		Content: bridge.LineAssigned, By: bridge.AgentRef{Name: "Ann Lee"},
		Mentions: []bridge.AgentRef{{ID: 2, Name: "Ben Kim", User: ben}},
	}
	return p
}

// Somebody outside the channel is told of an assignment, once, also if Teams' answer to the line was lost.
func TestAbsentIsToldAfterALostAnswer(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.typeAs(w.fake.As(ben), w.root, "known from elsewhere")
	w.beginPrivateThread()
	w.sendWithLostAnswer(w.newAssigned())
	w.wantReconciled(w.newAssigned(), channels.Landed)
	w.wantReconciled(w.newAssigned(), channels.Landed)
	w.surface.org.Work.Wait()
	wantEqual(t, "messages to Ben", len(w.fake.Personal(ben)), 1)
}
