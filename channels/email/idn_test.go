package email

import (
	"reflect"
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/email/mailfake"
)

// A domain outside ASCII (IDN) is the same domain in both of its forms: mails have nearly always the one for machines, people type the
// other. In these tests the account's address is typed by a person, and the mailbox has the form for machines.

// newIDNWorld makes a world whose mailbox is help@bücher.test.
func newIDNWorld(t *testing.T) *world {
	t.Helper()
	const forMachines = "help@xn--bcher-kva.test"
	w := newWorld(t, func(o *mailfake.Options) { o.Mailboxes[0].Address = forMachines })
	w.config["address"] = "Help@bücher.test"
	w.config["aliases"] = "info@bücher.test"
	w.config["imap.username"] = forMachines
	return w
}

// The account knows its own address and its alias, in whichever form they are, and other addresses are kept once, in the form for
// machines.
func TestInternationalAddressesAreRecognised(t *testing.T) {
	t.Parallel()
	ins, err := newIDNWorld(t).channel().Decode([]byte(`Message-ID: <1@x>
From: Ann <ann@xn--mller-kva.test>
To: help@xn--bcher-kva.test
Cc: info@bücher.test, Bob <bob@Müller.test>, bob@xn--mller-kva.test
Subject: x

Hello
`))
	noError(t, err)
	if len(ins) != 1 {
		t.Fatalf("decoded: got %+v, want one message", ins)
	}
	got := ins[0].Envelope
	wantEqual(t, "address of ours", got.Via, "help@xn--bcher-kva.test")
	wantEqual(t, "other recipients in To", len(got.To), 0)
	if want := []channels.Party{{Key: "bob@xn--mller-kva.test", Name: "Bob"}}; !reflect.DeepEqual(got.Cc, want) {
		t.Errorf("other recipients in Cc: got %+v, want %+v", got.Cc, want)
	}
}

func TestNoConversationWithTheOwnInternationalAddress(t *testing.T) {
	t.Parallel()
	if got, err := newIDNWorld(t).channel().Recipient("help@bücher.test"); err == nil {
		t.Errorf("Recipient of the account's own address: got %+v, want an error", got)
	}
}

// A mail to such a domain, from such a domain, leaves by a server that takes no UTF-8.
func TestMailBetweenInternationalDomains(t *testing.T) {
	t.Parallel()
	o := reply()
	o.To[0].Key = "ann@müller.test"
	r, err := newIDNWorld(t).channel().Send(testContext(t), o)
	noError(t, err)
	if !strings.HasSuffix(r.ExternalID, "@xn--bcher-kva.test") {
		t.Errorf("id: got %s, want one of the domain as machines write it", r.ExternalID)
	}
}
