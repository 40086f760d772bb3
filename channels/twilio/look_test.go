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
	w := newWorld(t, viaSMS)
	w.fake.SetLost(true)
	m := w.loadMemory()
	w.annSends(twiliofake.Message{Text: "Look", Media: pngMedia("png!")})
	w.annWrites("Did you get it?")
	w.clock.move(time.Minute)
	w.fake.AddFault(twiliofake.Fault{Route: "GET /Media.json", Kind: twiliofake.FaultCode, Code: codeNotFound, Status: http.StatusNotFound})
	w.poll(m)
	in := w.takeMessages(2)
	wantEqual(t, "text", in[0].Text, "Look")
	wantEqual(t, "files", len(in[0].Attachments), 0)
}

// Two numbers of one messaging service are two accounts: what customers write to the second goes to the webhook of the first, which
// says whose it is. The second one's look finds the same message under the same name. The answer leaves from that number, and if its
// receipts are lost, the look finds them, though it can't tell whose they are, and however much other programs send.
func TestTwoNumbersOfAService(t *testing.T) {
	t.Parallel()
	const second, program = "+15550102", "+15550103"
	w := newWorld(t, viaSMS, func(o *twiliofake.Options, c channels.Config) {
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
	w.annWrites("To the first")
	facts := w.accepted()
	source := listSources(channels.Config{fieldAccount: testAccount, fieldFrom: "+1 (555) 0102"})[fieldFrom]
	if len(facts) != 2 {
		t.Fatalf("accepted %d facts, want 2: %+v", len(facts), facts)
	}
	wantEqual(t, "owner of Bob's message", facts[0].Owner, source)
	wantEqual(t, "external id of Bob's message", facts[0].ExternalID, sid)
	wantEqual(t, "owner of Ann's message", facts[1].Owner, "")

	m := w.loadMemory()
	w.fake.SetLost(true)
	o := w.outbound(1, "From the second")
	o.From = w.decoded(channels.InboundMessage)[0].Envelope.Via
	w.mustSend(o)
	o = w.outbound(2, "From the first")
	w.mustSend(o)
	for i, want := range []string{second, smsNumber} {
		if got := w.fake.Messages()[2+i]; got.From != want {
			t.Errorf("%q left from %s, want %s", got.Body, got.From, want)
		}
	}
	w.waitSettled()
	w.clock.move(time.Minute)
	for range 3 {
		if _, err := w.fake.Phone("+15550125", program, "Cleo").Send(twiliofake.Message{Text: "To another program"}); err != nil {
			t.Fatal(err)
		}
	}
	w.base.maxStatuses = 1
	w.poll(m)
	for _, in := range w.decoded(channels.InboundStatus) {
		isOfSecond := in.Status.External[0] == w.fake.Messages()[2].SID
		wantEqual(t, "state", in.Status.State, channels.StateDelivered)
		wantEqual(t, "another account may have sent "+in.Status.External[0], in.Status.Others, isOfSecond)
	}
	receipts := 0
	for _, f := range w.accepted() {
		if strings.HasSuffix(f.ExternalID, ":delivered") && f.Owner == "" {
			receipts++
		}
	}
	wantEqual(t, "receipts for this account", receipts, 2)
}
