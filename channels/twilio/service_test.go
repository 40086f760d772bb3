package twilio

import (
	"testing"

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
