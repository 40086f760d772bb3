package email

import (
	"fmt"
	"strings"
	"testing"

	"parley/channels/email/mailfake"
)

// A domain outside ASCII (IDN) is the same domain in both of its forms: mails have nearly always the one for machines, people type the
// other. An account with such a domain knows its own address, and needs no server that takes UTF-8.
func TestInternationalDomain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *mailfake.Options) { o.Mailboxes[0].Address = "help@xn--bcher-kva.test" })
	w.config["address"], w.config["aliases"], w.config["imap.username"] = "Help@bücher.test", "info@bücher.test", "help@xn--bcher-kva.test"
	c := w.channel()
	ins, err := c.Decode([]byte("Message-ID: <1@x>\nFrom: Ann <ann@xn--mller-kva.test>\nTo: help@xn--bcher-kva.test\n" +
		"Cc: info@bücher.test, Bob <bob@Müller.test>, bob@xn--mller-kva.test\nSubject: x\n\nHello\n"))
	if err != nil || len(ins) != 1 {
		t.Fatalf("decoded as %+v, %v; want one message", ins, err)
	}
	wantEqual(t, "address of ours", ins[0].Envelope.Via, "help@xn--bcher-kva.test")
	wantEqual(t, "other recipients in To", len(ins[0].Envelope.To), 0)
	wantEqual(t, "other recipients in Cc", fmt.Sprint(ins[0].Envelope.Cc), "[{bob@xn--mller-kva.test  Bob [] false}]")
	if _, err := c.Recipient("help@bücher.test"); err == nil {
		t.Error("a conversation with the account's own address may begin, want an error")
	}
	o := reply()
	o.To[0].Key = "ann@müller.test"
	r, err := c.Send(testContext(t), o)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(r.ExternalID, "@xn--bcher-kva.test") {
		t.Errorf("got the id %s, want one of the domain as machines write it", r.ExternalID)
	}
}
