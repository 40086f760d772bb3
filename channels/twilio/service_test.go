package twilio

import (
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// Two numbers of one messaging service may be two accounts of Parley. Twilio calls one webhook for both numbers. It is
// that of the account under test, whose number is smsNumber.

const (
	otherNumber   = "+15550102" // in the same service, of another account
	foreignNumber = "+15550103" // of another program, not in the service
	bobPhone      = "+15550124" // writes to otherNumber
)

// newServiceWorld makes a world whose number and otherNumber are in one service, and returns Bob's phone.
func newServiceWorld(t *testing.T) (*world, *twiliofake.Phone) {
	t.Helper()
	w := newWorld(t, viaSMS, func(o *twiliofake.Options, c channels.Config) {
		o.Numbers = append(o.Numbers, twiliofake.Number{Address: otherNumber}, twiliofake.Number{Address: foreignNumber})
		o.Services = []twiliofake.Service{{SID: "MG1", Name: "Help", OnNumber: true, Numbers: []string{smsNumber, otherNumber}}}
		c[fieldService] = "MG1"
	})
	w.fake.SetWebhook(otherNumber, w.base.callbacks.address+retryOverrides)
	return w, w.fake.Phone(bobPhone, otherNumber, "Bob")
}

// bobWrites lets Bob write to otherNumber, and returns the id of the message.
func bobWrites(t *testing.T, bob *twiliofake.Phone, text string) string {
	t.Helper()
	sid, err := bob.Send(twiliofake.Message{Text: text})
	noError(t, err)
	return sid
}

// The fact of a message to the other number names the account that owns that number. It has the same id as when that
// account finds the message in Twilio's list.
func TestServiceNamesTheOwner(t *testing.T) {
	t.Parallel()
	w, bob := newServiceWorld(t)
	sid := bobWrites(t, bob, "To the other")
	w.annWrites("To ours")
	facts := w.accepted()
	if len(facts) != 2 {
		t.Fatalf("accepted %d facts, want 2: %+v", len(facts), facts)
	}

	otherAccount := channels.Config{fieldAccount: testAccount, fieldFrom: "+1 (555) 0102"}
	wantEqual(t, "owner of Bob's message", facts[0].Owner, listSources(otherAccount)[fieldFrom])
	wantEqual(t, "external id of Bob's message", facts[0].ExternalID, sid)
	wantEqual(t, "owner of Ann's message", facts[1].Owner, "")
}

// With a service, each of its numbers is ours, but none of another medium. Without a service, only our own number is. A
// message of a service that waits has no number yet.
func TestOursInAService(t *testing.T) {
	t.Parallel()
	alone := &ownNumber{from: smsNumber}
	inService := &ownNumber{from: smsNumber, service: testService}
	tests := []struct {
		name           string
		number         *ownNumber
		from, service  string
		wantMayBeOurs  bool // the number may have sent it
		wantOfServices bool // another number of the service sent it
	}{
		{name: "our number", number: alone, from: smsNumber, wantMayBeOurs: true},
		{name: "another number", number: alone, from: otherNumber},
		{name: "no number yet", number: alone, from: ""},
		{name: "our number in a service", number: inService, from: smsNumber, service: testService, wantMayBeOurs: true},
		{
			name: "the service's other number", number: inService, from: otherNumber, service: testService,
			wantMayBeOurs: true, wantOfServices: true,
		},
		{name: "no number of the service yet", number: inService, from: "", wantMayBeOurs: true},
		{name: "a number of another service", number: inService, from: otherNumber, service: "MG9"},
		{name: "the service's WhatsApp sender", number: inService, from: waPrefix + otherNumber, service: testService, wantMayBeOurs: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantEqual(t, "may have sent it", tt.number.mayHaveSent(row{From: tt.from, Service: tt.service}), tt.wantMayBeOurs)
			wantEqual(t, "sent by the service", tt.number.isServiceSender(row{From: tt.from, Service: tt.service}), tt.wantOfServices)
			wantEqual(t, "sent to the service", tt.number.isServiceRecipient(row{To: tt.from, Service: tt.service}), tt.wantOfServices)
		})
	}
}

// receiveFrom lets Bob write, and returns what arrives.
func (w *world) receiveFrom(bob *twiliofake.Phone) channels.Inbound {
	w.t.Helper()
	bobWrites(w.t, bob, "To the other")
	return w.takeMessages(1)[0]
}

// sendFromBoth sends a message from the number to which somebody wrote, and one from our own number.
func (w *world) sendFromBoth(toOther channels.Inbound) (fromOther, fromOurs channels.Receipt) {
	w.t.Helper()
	o := w.outbound(1, "From the other")
	o.From = toOther.Envelope.Via
	fromOther = w.mustSend(o)
	return fromOther, w.mustSend(w.outbound(2, "From ours"))
}

// An answer leaves from the number to which the customer wrote. A message that answers none leaves from our own number.
func TestServiceSendsFromTheNumberWrittenTo(t *testing.T) {
	t.Parallel()
	w, bob := newServiceWorld(t)
	w.sendFromBoth(w.receiveFrom(bob))
	messages := w.fake.Messages()
	if len(messages) != 3 {
		t.Fatalf("Twilio has %d messages, want Bob's and two answers", len(messages))
	}
	wantEqual(t, "number of the first answer", messages[1].From, otherNumber)
	wantEqual(t, "number of the second answer", messages[2].From, smsNumber)

	w.waitStatuses(4) // of both answers: sent, delivered
	for _, f := range w.accepted()[1:] {
		wantEqual(t, "owner of the status "+f.ExternalID+", which has this account's token", f.Owner, "")
	}
}

// Lost receipts are taken from the list for both numbers, even if other programs send much. A receipt of the other number
// says that another account may have sent the message. That of our own number doesn't, as this process remembers sending
// it.
func TestServiceFindsLostReceipts(t *testing.T) {
	t.Parallel()
	w, bob := newServiceWorld(t)

	m := w.loadMemory()
	toOther := w.receiveFrom(bob)
	w.fake.SetLost(true)
	fromOther, fromOurs := w.sendFromBoth(toOther)
	w.waitSettled()

	w.clock.move(time.Minute)
	for range 3 {
		cleo := w.fake.Phone("+15550125", foreignNumber, "Cleo")
		if _, err := cleo.Send(twiliofake.Message{Text: "To another program"}); err != nil {
			t.Fatal(err)
		}
	}

	w.base.maxStatuses = 1 // less than what other programs send
	w.poll(m)
	othersBySID := map[string]bool{}
	for _, in := range w.decoded(channels.InboundStatus) {
		wantEqual(t, "state", in.Status.State, channels.StateDelivered)
		othersBySID[in.Status.External[0]] = in.Status.Others
	}
	wantOthers(t, othersBySID, fromOther.ExternalID, true)
	wantOthers(t, othersBySID, fromOurs.ExternalID, false)

	receipts := 0
	for _, f := range w.accepted() {
		if strings.HasSuffix(f.ExternalID, ":delivered") && f.Owner == "" {
			receipts++
		}
	}
	wantEqual(t, "number of receipts for this account", receipts, 2)
}

// A lost message to the other number is taken from the list if Twilio calls us for that number. It names the owning
// account.
func TestServiceFindsLostMessages(t *testing.T) {
	t.Parallel()
	for name, webhook := range map[string]string{"ours": "", "another program's": "https://other.example/sms"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, bob := newServiceWorld(t)
			if webhook != "" {
				w.fake.SetWebhook(otherNumber, webhook)
			}
			m := w.loadMemory()
			w.fake.SetLost(true)
			w.annWrites("To ours")
			sid := bobWrites(t, bob, "STOP")
			w.clock.move(time.Minute)
			w.poll(m)

			facts := w.accepted()
			wantEqual(t, "owner of Ann's message", facts[0].Owner, "")
			if webhook != "" {
				wantEqual(t, "number of facts", len(facts), 1)
				return
			}
			in := w.takeMessages(2)[1]
			wantEqual(t, "external id of Bob's message", in.ExternalID, sid)
			wantEqual(t, "number to which Bob wrote", in.Envelope.Via, otherNumber)
			wantEqual(t, "owner of Bob's message", facts[1].Owner, w.base.number.ownerOf(otherNumber))
			if in.Consent == nil || !in.Consent.OptedOut {
				t.Error("Bob's STOP does not count")
			}
		})
	}
}

// wantOthers checks that a receipt came for a message, and whether it says that another account may have sent the
// message.
func wantOthers(t *testing.T, othersBySID map[string]bool, sid string, want bool) {
	t.Helper()
	got, ok := othersBySID[sid]
	if !ok {
		t.Errorf("no receipt came for %s", sid)
		return
	}
	wantEqual(t, "another account may have sent "+sid, got, want)
}
