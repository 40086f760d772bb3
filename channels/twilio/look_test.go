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
// receipts are lost, the look finds them, though it can't tell whose they are, and however much other programs send.
func TestTwoNumbersOfAService(t *testing.T) {
	t.Parallel()
	const second, program = "+15550102", "+15550103"
	w := newWorld(t, false, func(o *twiliofake.Options, c channels.Config) {
		o.Numbers = append(o.Numbers, twiliofake.Number{Address: second}, twiliofake.Number{Address: program})
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
	for range 3 {
		if _, err := w.fake.Phone("+15550125", program, "Cleo").Send(twiliofake.Message{Text: "To another program"}); err != nil {
			t.Fatal(err)
		}
	}
	w.base.maxStatuses = 1
	if _, err := w.base.pollOnce(t.Context(), &m); err != nil {
		t.Fatal(err)
	}
	for _, in := range w.decoded(channels.InboundStatus) {
		isOfSecond := in.Status.External[0] == w.fake.Messages()[2].SID
		if in.Status.State != channels.StateDelivered || in.Status.Others != isOfSecond {
			t.Errorf("%+v", in.Status)
		}
	}
	receipts := 0
	for _, f := range w.accepted() {
		if strings.HasSuffix(f.ExternalID, ":delivered") && f.Owner == "" {
			receipts++
		}
	}
	if receipts != 2 {
		t.Errorf("%d receipts for this account, want 2", receipts)
	}
}
