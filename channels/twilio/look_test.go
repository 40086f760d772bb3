package twilio

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// A picture whose files are gone between two calls, because the company's clean-up deleted the message: its text is stored, and
// nobody reads that the credentials are refused.
func TestDeletedDuringTheLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	w.fake.SetLost(true)
	m, err := w.base.loadMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.ann.Send(twiliofake.Message{Text: "Look", Media: []twiliofake.Media{{ContentType: "image/png", Content: []byte("png!")}}}); err != nil {
		t.Fatal(err)
	}
	w.write("Did you get it?")
	w.clock.move(time.Minute)
	w.fake.AddFault(twiliofake.Fault{Route: "GET /Media.json", Kind: twiliofake.FaultCode, Code: codeNotFound, Status: http.StatusNotFound})
	if _, err := w.base.pollOnce(t.Context(), &m); err != nil {
		t.Errorf("the look failed: %v", err)
	}
	if in := w.decoded(channels.InboundMessage); len(in) != 2 || in[0].Text != "Look" || len(in[0].Attachments) != 0 {
		t.Errorf("stored: %+v", in)
	}
}

// Two numbers of one messaging service are two accounts: what customers write to the second goes to the webhook of the first, which
// says whose it is. The second one's look finds the same message under the same name. The answer leaves from that number, and if its
// receipts are lost, the look finds them.
func TestTwoNumbersOfAService(t *testing.T) {
	t.Parallel()
	const second = "+15550102"
	w := newWorld(t, false, func(o *twiliofake.Options, c channels.Config) {
		o.Numbers = append(o.Numbers, twiliofake.Number{Address: second})
		o.Services = []twiliofake.Service{{SID: "MG1", Name: "Help", OnNumber: true, Numbers: []string{smsNumber, second}}}
		c[fieldService] = "MG1"
	})
	w.fake.SetWebhook(second, w.base.callbacks.address+retryOverrides)
	bob := w.fake.Phone("+15550124", second, "Bob")
	sid, err := bob.Send(twiliofake.Message{Text: "To the second"})
	if err != nil {
		t.Fatal(err)
	}
	w.write("To the first")
	facts := w.accepted()
	source := listSources(channels.Config{fieldAccount: testAccount, fieldFrom: "+1 (555) 0102"})[fieldFrom]
	if len(facts) != 2 || facts[0].Owner != source || facts[0].ExternalID != sid || facts[1].Owner != "" {
		t.Fatalf("accepted %+v, want the first for %q", facts, source)
	}

	m, err := w.base.loadMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.fake.SetLost(true)
	o := w.outbound(1, "From the second")
	o.From = w.decoded(channels.InboundMessage)[0].Envelope.Via
	w.sent(o)
	o = w.outbound(2, "From the first")
	w.sent(o)
	for i, want := range []string{second, smsNumber} {
		if got := w.fake.Messages()[2+i]; got.From != want {
			t.Errorf("%q left from %s, want %s", got.Body, got.From, want)
		}
	}
	w.settled()
	w.clock.move(time.Minute)
	if _, err := w.base.pollOnce(t.Context(), &m); err != nil {
		t.Fatal(err)
	}
	owners := map[string]bool{}
	for _, f := range w.accepted() {
		if strings.HasSuffix(f.ExternalID, ":delivered") {
			owners[f.Owner] = true
		}
	}
	if len(owners) != 2 || !owners[source] || !owners[""] {
		t.Errorf("receipts for %v", owners)
	}
}
