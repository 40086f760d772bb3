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

// takeBack ends the consent, and giveAgain begins it anew.
func (c *consent) takeBack() { c.setOver(true) }

func (c *consent) giveAgain() { c.setOver(false) }

func (c *consent) setOver(over bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = over
}

// keeper is what one process has of a consent: the token that was good when it asked last.
type keeper struct {
	*consent
	mine string
}

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
	w.watch()
	w.deliver("one")
	w.wantStored("one")
	ch := w.channel()
	if _, err := ch.Send(testContext(t), reply()); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "requests for another token", c.fetched, 1)
	for _, f := range ch.Check(testContext(t)) {
		if !f.OK {
			t.Errorf("Check finds %+v wrong, want nothing", f)
		}
	}
}

// a consent that is over breaks the account, also while its connection is open; a new one mends it, and what
// came meanwhile is fetched.
func TestConsentTakenBack(t *testing.T) {
	t.Parallel()
	w, c := newTokenWorld(t)
	stop := w.watch()
	c.takeBack()
	w.deliver("one") // wakes the connection
	got := w.waitCondition(channels.Broken)
	wantEqual(t, "condition", got.Text, "The consent was taken back.")
	wantEqual(t, "hint", got.Hint, "Connect it again.")
	w.wantSendFails(reply(), channels.AuthBroken)
	stop()
	w.deliver("two")
	c.giveAgain()
	w.watch()
	w.wantStored("one", "two")
}

// A server that can't check tokens right now, as Dovecot says it while its provider is away, doesn't ask for a person.
func TestTokensUncheckable(t *testing.T) {
	t.Parallel()
	w, c := newTokenWorld(t)
	w.env.Grant = &keeper{consent: c, mine: "token-2"}
	w.addFault(smtpReply(mailfake.OpAUTH, 454, "4.7.0"))
	w.wantSendFails(reply(), channels.Retry)
	wantEqual(t, "requests for another token", c.fetched, 0)
}

// Servers that refuse each token are explained, each apart.
func TestTokensRefused(t *testing.T) {
	t.Parallel()
	w, c := newTokenWorld(t)
	c.good = "none of ours"
	w.env.Grant = &keeper{consent: &consent{good: "token-3"}, mine: "token-1"}
	found := w.channel().Check(testContext(t))
	if len(found) != 2 {
		t.Fatalf("got the findings %+v, want one for IMAP and one for SMTP", found)
	}
	for i, protocol := range []string{"IMAP", "SMTP"} {
		f := found[i]
		wantEqual(t, "finding", f.What, protocol+" login")
		wantEqual(t, protocol+" is good", f.OK, false)
		wantText(t, protocol, f.Text, "refuses the sign-in of "+support)
		wantText(t, protocol+": hint", f.Hint, "Check that "+protocol+" is switched on")
		if strings.Contains(f.Text, "token-") {
			t.Errorf("the finding %q shows a token", f.Text)
		}
	}
	w.env.Grant = nil
	for _, f := range w.channel().Check(testContext(t)) {
		wantEqual(t, f.What+" is good without a grant", f.OK, false)
		wantText(t, f.What, f.Text, "not connected")
	}
}
