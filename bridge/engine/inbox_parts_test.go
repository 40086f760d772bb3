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

// Of a reply that leaves in several parts, the page names the part that failed, or of which nobody knows, though others have
// left behind it. So it can be sent again, or marked as sent.
//
func TestInboxDecidesAboutPart(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		faults []channelstest.Fault
		fate   store.Fate
		verb   bridge.Verb
		want   []string
	}{
		"failed": {
			faults: []channelstest.Fault{{Kind: channelstest.FaultReject, Class: channels.BadContent, With: "a.txt"}},
			fate:   store.FateFailed, verb: bridge.VerbSendAgain, want: []string{"+b.txt", "Two plans+a.txt"},
		},
		"unclear": {
			faults: []channelstest.Fault{{Kind: channelstest.FaultDropAfter, With: "a.txt"}, {Kind: channelstest.FaultBlind, Times: -1}},
			fate:   store.FateUnclear, verb: bridge.VerbMarkSent, want: []string{"Two plans+a.txt", "+b.txt"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			w.openThread()
			p := w.inboxPage()
			for _, f := range c.faults {
				w.provider.AddFault(f)
			}

			var files []bridge.SurfaceFile
			for _, name := range []string{"a.txt", "b.txt"} {
				blob, size, err := p.inbox.StoreFile(t.Context(), strings.NewReader(name), 100)
				check(t, err)
				files = append(files, bridge.SurfaceFile{ID: blob, Name: name, ContentType: "text/plain", SizeBytes: size, Blob: blob})
			}
			p.act("ann", bridge.Act{Verb: bridge.VerbReply, Text: "Two plans", Files: files})
			w.repeatUntil("the first part did not leave, and the second has", func() {
				w.exec(ageUnclear)
				w.exec(lookNow)
				w.exec(`UPDATE deliveries SET sent_at = sent_at - interval '1 hour' WHERE state = 'unknown'`)
			}, func() bool { return p.newest("ann").Fate == c.fate && slices.Contains(w.sentWithFiles(), "+b.txt") })

			shown := p.newest("ann")
			if !slices.Contains(shown.Verbs, c.verb) {
				t.Fatalf("the page shows %+v, want a button %s", shown, c.verb)
			}
			act := bridge.Act{Verb: c.verb, Args: bridge.Args{Message: shown.ID, Delivery: shown.Delivery}}
			p.waitResult("ann", p.act("ann", act), bridge.ActDone, "")
			w.eventually("it has left", func() bool { return p.newest("ann").Fate == store.FateOut })
			if got := w.sentWithFiles(); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Who answers on the page while the database can't say what became of the answer is told where to look for it, not that
// it failed: it leaves, and who types it again sends it twice.
//
func TestInboxActBesideADatabaseThatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{statements: &statements{fails: `what = 'refused'`}})
	w.openThread()
	p := w.inboxPage()
	name := p.act("ann", bridge.Act{Verb: bridge.VerbReply, Text: "On Monday"})
	p.waitResult("ann", name, bridge.ActDone, "")
	w.provider.WaitTexts(t, "On Monday")
}
