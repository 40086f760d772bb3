package email

import (
	"context"
	"strings"
	"sync"
	"testing"

	"parley/channels"
	"parley/channels/email/mailfake"
)

// consent is the grant of a mailbox at a provider that takes one token at a time.
type consent struct {
	mu      sync.Mutex
	good    string
	fetched int // how often another token was asked for
	over    bool
}

func (c *consent) accepts(username, token string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return username == support && token == c.good
}

func (c *consent) set(over bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = over
}

// keeper is what one process has of a consent: the token that was good when it asked last.
type keeper struct {
	*consent
	mine string
}

// Token implements channels.Grant.
func (k *keeper) Token(_ context.Context, refused string) (string, error) {
	k.consent.mu.Lock()
	defer k.consent.mu.Unlock()
	if k.over {
		return "", &channels.SendError{Class: channels.AuthBroken, Text: "The consent was taken back.", Hint: "Connect it again."}
	}
	if refused != "" && refused == k.mine {
		k.mine = k.good
		k.fetched++
	}
	return k.mine, nil
}

// newTokenWorld is a world whose mailbox is opened by tokens alone.
func newTokenWorld(t *testing.T) (*world, *consent) {
	t.Helper()
	c := &consent{good: "token-2"}
	w := newWorld(t, func(o *mailfake.Options) {
		o.Mailboxes[0].Password = ""
		o.CheckToken = c.accepts
	})
	delete(w.config, "imap.password")
	w.config["oauth"] = "google"
	w.env.Grant = &keeper{consent: c, mine: "token-1"}
	return w, c
}

// a mailbox is read and answered with access tokens; one that the server no longer takes is replaced.
func TestAccessTokens(t *testing.T) {
	t.Parallel()
	w, c := newTokenWorld(t)
	w.run()
	w.ready()
	w.mail("one")
	w.arrives("one")
	ch := w.channel()
	if _, err := ch.Send(within(t, patience), channels.Outbound{DeliveryID: 1, To: []channels.Party{{Key: "ann@customer.test"}}, Text: "Hello"}); err != nil {
		t.Fatal(err)
	}
	if c.fetched != 1 {
		t.Errorf("another token was asked for %d times", c.fetched)
	}
	for _, f := range ch.Check(within(t, patience)) {
		if !f.OK {
			t.Errorf("%+v", f)
		}
	}
}

// a consent that is over breaks the account, also while its connection is open; a new one mends it, and what
// came meanwhile is fetched.
func TestConsentTakenBack(t *testing.T) {
	t.Parallel()
	w, c := newTokenWorld(t)
	stop := w.run()
	w.ready()
	c.set(true)
	w.mail("one") // wakes the connection
	if got := w.condition(channels.Broken); got.Text != "The consent was taken back." || got.Hint == "" {
		t.Errorf("%+v", got)
	}
	_, err := w.channel().Send(within(t, patience), channels.Outbound{DeliveryID: 1, To: []channels.Party{{Key: "ann@customer.test"}}, Text: "Hello"})
	if channels.ClassOf(err) != channels.AuthBroken {
		t.Errorf("%v", err)
	}
	stop()
	w.mail("two")
	c.set(false)
	w.run()
	w.ready()
	w.arrives("one", "two")
}

// A server that can't check tokens right now, as Dovecot says it while its provider is away, doesn't ask for a person.
func TestTokensUncheckable(t *testing.T) {
	t.Parallel()
	w, c := newTokenWorld(t)
	w.env.Grant = &keeper{consent: c, mine: "token-2"}
	w.fault(mailfake.Fault{Op: mailfake.OpAUTH, Action: mailfake.ActionReply, Code: 454, Enhanced: "4.7.0"})
	_, err := w.channel().Send(within(t, patience), channels.Outbound{DeliveryID: 1, To: []channels.Party{{Key: "ann@customer.test"}}, Text: "Hello"})
	if channels.ClassOf(err) != channels.Retry {
		t.Errorf("%v", err)
	}
	if c.fetched != 0 {
		t.Errorf("another token was asked for %d times", c.fetched)
	}
}

// Servers that refuse each token are explained, each apart.
func TestTokensRefused(t *testing.T) {
	t.Parallel()
	w, c := newTokenWorld(t)
	c.good = "none of ours"
	w.env.Grant = &keeper{consent: &consent{good: "token-3"}, mine: "token-1"}
	found := w.channel().Check(within(t, patience))
	if len(found) != 2 {
		t.Fatalf("%+v", found)
	}
	for i, protocol := range []string{"IMAP", "SMTP"} {
		f := found[i]
		if f.OK || f.What != protocol+" login" || !strings.Contains(f.Text, "refuses the sign-in of "+support) ||
			!strings.Contains(f.Hint, "Check that "+protocol+" is switched on") || strings.Contains(f.Text, "token-") {
			t.Errorf("%+v", f)
		}
	}
	w.env.Grant = nil
	for _, f := range w.channel().Check(within(t, patience)) {
		if f.OK || !strings.Contains(f.Text, "not connected") {
			t.Errorf("%+v", f)
		}
	}
}
