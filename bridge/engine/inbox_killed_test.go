package engine_test

import (
	"encoding/json"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/bridge/engine/own"
	"parley/channels"
	"parley/store"
)

// whileTelling holds a process that posts what was done on the page, before or after the chat takes it.
func whileTelling(kind bridgetest.FaultKind) moment {
	m := whilePostingNote(kind)
	m.arm = func(w *world) func() {
		release := make(chan struct{})
		w.chat.AddFault(bridgetest.Fault{Call: "post", Text: "It comes on Monday.", Kind: kind, Until: release})
		return func() { close(release) }
	}
	return m
}

// A process that is killed with an act of the inbox page in hand leaves it to the next one, wherever it was: the
// customer gets one answer with its file, and the thread tells of it once.
//
func TestInboxActKilled(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]moment{
		"accepted, and not applied": whileLocked(`SELECT FROM conversations FOR UPDATE`),
		"applied, and not told":     whileTelling(bridgetest.FaultDropBefore),
		"told, and not recorded":    whileTelling(""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{lossy: true, caps: func(c *channels.Capabilities) { c.Files.PerMessage = 2 }})
			thread := w.openThread()
			w.stops[0]()
			kill := w.startChild()
			release := at.arm(w)
			blob, size, err := w.inboxPage().inbox.StoreFile(t.Context(), strings.NewReader("the plan"), 100)
			check(t, err)
			act := own.Act{Agent: w.agents["ann"], Act: bridge.Act{Verb: bridge.VerbReply, Text: "It comes on Monday.", Form: "f", Args: bridge.Args{Conversation: 1},
				Files: []bridge.SurfaceFile{{ID: blob, Name: "plan.txt", ContentType: "text/plain", SizeBytes: size, Blob: blob}}}}
			payload := must(json.Marshal(own.Fact{Kind: own.Acted, Conversation: 1, Demand: own.Demand{Act: &act}}))(t)
			check(t, errorOf(store.InsertEvents(t.Context(), w.pool, []store.NewEvent{{AccountID: store.SystemAccount, ExternalID: "act:1", OrderKey: store.ConversationKey(1), Payload: payload}})))
			w.eventually("the process is there", func() bool { return at.reached(w) })
			kill()
			release()
			w.exec(`UPDATE lanes SET leased_until = clock_timestamp() WHERE leased_until IS NOT NULL`) // its leases end
			w.startReplica()
			w.provider.WaitTexts(t, "It comes on Monday.")
			w.waitShown("It comes on Monday.")
			w.waitDrained()
			wantEqual(t, "how often the thread tells it", strings.Count(strings.Join(w.threadTexts(thread), "\n"), "It comes on Monday."), 1)
			w.provider.WaitTexts(t, "It comes on Monday.")
			if got := w.provider.Sent()[0].Files; len(got) != 1 || string(got[0].Content) != "the plan" {
				t.Errorf("with it the customer got the files %+v, want the plan alone", got)
			}
		})
	}
}
