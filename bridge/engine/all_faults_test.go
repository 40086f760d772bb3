package engine_test

import (
	"fmt"
	"math/rand"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
)

// Everything goes wrong at once, on two replicas of which one goes and another comes:
// each thing said still has one effect, in order, in its own conversation.
func TestStorm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{engines: 2, lossy: true})
	const customers, each = 6, 5
	random := rand.New(rand.NewSource(7))
	armFaults(w, random)
	threads := make([]string, customers)
	for i := range each { // each message comes once or twice, and is answered
		for c := range customers {
			e := channelstest.Event{Type: "message", ID: fmt.Sprintf("%d.%d", c, i), From: fmt.Sprint("kim", c), Text: fmt.Sprintf("said %d.%d;", c, i)}
			for range 1 + random.Intn(2) {
				if status := w.postEvents(chat, e); status != http.StatusOK {
					t.Fatalf("the webhook answered %d, want %d", status, http.StatusOK)
				}
			}
		}
		for c := range customers {
			if threads[c] == "" {
				threads[c] = w.waitThread(fmt.Sprintf("said %d.0;", c))
			}
			w.chat.Say("ann", support, threads[c], fmt.Sprintf("reply %d.%d;", c, i))
			w.chat.Say("ann", support, threads[c], fmt.Sprintf("note: secret %d.%d;", c, i))
		}
		switch i {
		case 1:
			w.chat.Disconnect()
		case 2:
			w.stops[0]()
			w.startReplica()
		}
	}
	w.provider.Wait(t, "all replies", func(sent []channelstest.Sent) bool { return len(sent) >= customers*each })
	w.waitDrained()
	for c, thread := range threads {
		said := w.customerTexts(thread)
		if want := numberedTexts("said", c, each); !slices.Equal(said, want) {
			t.Errorf("thread %d shows %q, want %q", c, said, want)
		}
	}
	got := map[string][]string{}
	for _, m := range w.provider.Sent() {
		got[strings.Join(m.To, ",")] = append(got[strings.Join(m.To, ",")], m.Text)
	}
	for c := range customers {
		if want := numberedTexts("reply", c, each); !slices.Equal(got[fmt.Sprint("kim", c)], want) {
			t.Errorf("customer %d got %q, want %q", c, got[fmt.Sprint("kim", c)], want)
		}
	}
	if n := w.count(`SELECT count(*) FROM quarantine`); n != 0 {
		t.Errorf("%d events in quarantine, want none\n%s", n, w.dump())
	}
}

// numberedTexts returns what was said by, or to, the customer of a number: "reply 3.0;", "reply 3.1;" …
func numberedTexts(what string, c, each int) []string {
	var list []string
	for i := range each {
		list = append(list, fmt.Sprintf("%s %d.%d;", what, c, i))
	}
	return list
}

// armFaults arms faults on both sides.
func armFaults(w *world, random *rand.Rand) {
	provider := []channelstest.FaultKind{channelstest.FaultRefuse, channelstest.FaultThrottle, channelstest.FaultErrorBefore, channelstest.FaultErrorAfter,
		channelstest.FaultDropBefore, channelstest.FaultDropAfter}
	platform := []bridgetest.FaultKind{bridgetest.FaultRefuse, bridgetest.FaultThrottle, bridgetest.FaultErrorBefore, bridgetest.FaultErrorAfter,
		bridgetest.FaultDropBefore, bridgetest.FaultDropAfter}
	for range 12 {
		p, s := random.Intn(customersHit), random.Intn(customersHit)
		w.provider.AddFault(channelstest.Fault{Kind: provider[random.Intn(len(provider))], Text: fmt.Sprintf(".%d;", p), Wait: 100 * time.Millisecond})
		w.chat.AddFault(bridgetest.Fault{Call: "post", Kind: platform[random.Intn(len(platform))], Text: fmt.Sprintf(".%d;", s), Wait: 100 * time.Millisecond})
	}
	for _, call := range []string{"update", "mark", "thread"} {
		w.chat.AddFault(bridgetest.Fault{Call: call, Kind: bridgetest.FaultErrorAfter, Times: 2})
	}
}

// customersHit bounds which messages a storm hits.
const customersHit = 5
