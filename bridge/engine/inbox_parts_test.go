package engine_test

import (
	"slices"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// If a reply leaves in several parts, the inbox page names the part that failed or is unclear, even if later parts have
// left. So an agent can send that part again or mark it as sent.
// Requirement R-274: An inbox in the browser.
// Requirement R-070: Several files, in order.
func TestInboxDecidesAboutPart(t *testing.T) {
	t.Parallel()
	text, rest := withFiles("Two plans", "a.txt"), withFiles("", "b.txt")
	tests := []struct {
		name     string
		faults   []channelstest.Fault // of the part with the text
		wantFate store.Fate
		verb     bridge.Verb
		wantSent []sentMessage // after the decision
	}{
		{
			name:     "the part failed, and is sent again",
			faults:   []channelstest.Fault{badFile("a.txt")},
			wantFate: store.FateFailed,
			verb:     bridge.VerbSendAgain,
			wantSent: []sentMessage{rest, text},
		},
		{
			name:     "nobody knows of the part, which is marked as sent",
			faults:   []channelstest.Fault{{Kind: channelstest.FaultDropAfter, With: "a.txt"}, {Kind: channelstest.FaultBlind, Times: -1}},
			wantFate: store.FateUnclear,
			verb:     bridge.VerbMarkSent,
			wantSent: []sentMessage{text, rest},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			w.openThread()
			p := w.inboxPage()
			for _, f := range tt.faults {
				w.provider.AddFault(f)
			}

			files := []bridge.SurfaceFile{p.upload("a.txt"), p.upload("b.txt")}
			p.act("ann", bridge.Act{Verb: bridge.VerbReply, Text: "Two plans", Files: files})
			w.repeatUntil("the first part did not leave, and the second has", w.ageUntilNobodyCanTell, func() bool {
				return p.newest("ann").Fate == tt.wantFate && w.hasSent(rest)
			})

			shown := p.newest("ann")
			if !slices.Contains(shown.Verbs, tt.verb) {
				t.Fatalf("the page shows the buttons %q, want %s among them", shown.Verbs, tt.verb)
			}
			act := bridge.Act{Verb: tt.verb, Args: bridge.Args{Message: shown.ID, Delivery: shown.Delivery}}
			p.waitResult("ann", p.act("ann", act), bridge.ActDone, "")

			w.eventually("it has left", func() bool { return p.newest("ann").Fate == store.FateOut })
			w.wantSent(tt.wantSent...)
		})
	}
}

// The page shows the receipt of the latest sending. Here the customer has read a reply whose first sending was refused.
func TestInboxShowsTheReceiptOfTheLatestSending(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent})
	said := w.reply(thread, "One")
	w.waitFate(said, "failed")
	w.chat.Edit(support, said, "note: one")
	w.waitFate(said, "inside")
	w.chat.Edit(support, said, "Two")
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineAsk), bridge.VerbSend)
	w.waitFate(said, "out")
	w.waitDrained()
	w.readFirstSent(said)
	wantEqual(t, "what the page shows of the reply", w.inboxPage().newest("ann").Receipt, bridge.OutcomeRead)
}

// upload stores a file whose content is its name, as the page does before a form is handed in.
func (p *page) upload(name string) bridge.SurfaceFile {
	p.t.Helper()
	blob, size, err := p.inbox.StoreFile(p.t.Context(), strings.NewReader(name), 100)
	check(p.t, err)
	return bridge.SurfaceFile{ID: blob, Name: name, ContentType: "text/plain", SizeBytes: size, Blob: blob}
}

// An agent answers on the page while the database can't say what became of the answer. The page tells her where to look,
// and doesn't say that it failed: it does leave, and she would send it twice.
// Requirement R-274: An inbox in the browser.
func TestInboxActBesideADatabaseThatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{statements: &statements{fails: `what = 'refused'`}}) // the statement that looks for the result
	w.openThread()
	p := w.inboxPage()
	name := p.act("ann", bridge.Act{Verb: bridge.VerbReply, Text: "On Monday"})
	p.waitResult("ann", name, bridge.ActDone, "")
	w.provider.WaitTexts(t, "On Monday")
}
