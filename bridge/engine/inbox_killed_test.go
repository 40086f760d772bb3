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

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

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
// Requirement R-274: An inbox in the browser.
func TestInboxActKilled(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		at   moment
	}{
		{name: "accepted, and not applied", at: whileLocked(`SELECT FROM conversations FOR UPDATE`)},
		{name: "applied, and not told", at: whileTelling(bridgetest.FaultDropBefore)},
		{name: "told, and not recorded", at: whileTelling("")}, // the chat takes it and doesn't answer
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{lossy: true, caps: func(c *channels.Capabilities) { c.Files.PerMessage = 2 }})
			thread := w.openThread()
			w.stops[0]()
			kill := w.startChild()
			release := tt.at.arm(w)
			w.journalReplyOfPage("It comes on Monday.", "the plan")
			w.eventually("the process has come to the moment", func() bool { return tt.at.reached(w) })
			kill()
			release()
			w.exec(`UPDATE lanes SET leased_until = clock_timestamp() WHERE leased_until IS NOT NULL`) // its leases end

			w.startReplica()
			w.provider.WaitTexts(t, "It comes on Monday.")
			w.waitShown("It comes on Monday.")
			w.waitDrained()
			told := strings.Count(strings.Join(w.threadTexts(thread), "\n"), "It comes on Monday.")
			wantEqual(t, "how often the thread tells it", told, 1)
			w.provider.WaitTexts(t, "It comes on Monday.")
			files := w.provider.Sent()[0].Files
			if len(files) != 1 {
				t.Fatalf("with it the customer got the files %+v, want the plan alone", files)
			}
			wantEqual(t, "the content of the file", string(files[0].Content), "the plan")
		})
	}
}

// journalReplyOfPage stores that ann answers kim on the page, with a file, as the page does, while no process of the test runs.
func (w *world) journalReplyOfPage(text, fileContent string) {
	w.t.Helper()
	blob, size, err := w.inboxPage().inbox.StoreFile(w.t.Context(), strings.NewReader(fileContent), 100)
	check(w.t, err)
	act := own.Act{Agent: w.agents["ann"], Act: bridge.Act{
		Verb:  bridge.VerbReply,
		Text:  text,
		Form:  "f",
		Args:  bridge.Args{Conversation: 1},
		Files: []bridge.SurfaceFile{{ID: blob, Name: "plan.txt", ContentType: "text/plain", SizeBytes: size, Blob: blob}},
	}}
	payload := must(json.Marshal(own.Fact{Kind: own.Acted, Conversation: 1, Demand: own.Demand{Act: &act}}))(w.t)
	e := store.NewEvent{AccountID: store.SystemAccount, ExternalID: "act:1", OrderKey: store.ConversationKey(1), Payload: payload}
	check(w.t, errorOf(store.InsertEvents(w.t.Context(), w.pool, []store.NewEvent{e})))
}
