package email

import (
	"context"
	"sync"
	"testing"

	"parley/channels"
	"parley/channels/email/mailfake"
)

// consent is the consent that the owner of a mailbox gave at a provider. The provider accepts one access token at a time.
type consent struct {
	mu        sync.Mutex
	goodToken string
	requests  int // how often another token was asked for
	isRevoked bool
}

// accepts is the mail server's check of a token.
func (c *consent) accepts(username, token string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return username == support && token == c.goodToken
}

// replace makes the provider's servers accept another token instead of the one before.
func (c *consent) replace(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.goodToken = token
}

func (c *consent) revoke() { c.setRevoked(true) }

func (c *consent) giveAgain() { c.setRevoked(false) }

func (c *consent) setRevoked(isRevoked bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isRevoked = isRevoked
}

// grant is the consent as one process knows it, with the token that it got last.
type grant struct {
	consent *consent
	token   string
}

// Token implements channels.Grant. It returns the token, or the good one if that token was refused.
func (g *grant) Token(_ context.Context, refused string) (string, error) {
	c := g.consent
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isRevoked {
		return "", &channels.SendError{Class: channels.AuthBroken, Text: "The consent was taken back.", Hint: "Connect it again."}
	}
	if refused != "" && refused == g.token {
		g.token = c.goodToken
		c.requests++
	}
	return g.token, nil
}

// These are tokens of the consent of newTokenWorld.
const (
	oldToken  = "token-1" // the process has it, but the server no longer accepts it
	goodToken = "token-2"
)

// newTokenWorld makes a world whose mailbox accepts only access tokens. The process has the old one.
func newTokenWorld(t *testing.T) (*world, *consent) {
	t.Helper()
	c := &consent{goodToken: goodToken}
	w := newWorld(t, func(o *mailfake.Options) {
		o.Mailboxes[0].Password = ""
		o.CheckToken = c.accepts
	})
	delete(w.config, "imap.password")
	w.config["oauth"] = "google"
	w.env.Grant = &grant{consent: c, token: oldToken}
	return w, c
}

// A mailbox is read and answered with access tokens. If the server refuses a token, the channel asks for another one
// once.
// Requirement R-004: Gmail by signing in.
func TestAccessTokens(t *testing.T) {
	t.Parallel()
	w, c := newTokenWorld(t)
	w.startAndWaitActive()
	w.deliver("one")
	w.waitStored("one")

	c.replace("token-3") // so that SMTP refuses the token, too
	ch := w.channel()
	if _, err := ch.Send(testContext(t), reply()); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "requests for another token, for IMAP and for SMTP", c.requests, 2)

	for _, f := range ch.Check(testContext(t)) {
		if !f.OK {
			t.Errorf("finding %+v is bad, want all good", f)
		}
	}
}

// If the consent is taken back, the account counts as broken, even while its connection is open. After a new consent, the
// mails that came meanwhile are fetched.
// Requirement R-015: A broken account is signed in to again, and keeps its queue.
func TestConsentTakenBack(t *testing.T) {
	t.Parallel()
	w, c := newTokenWorld(t)
	stop := w.startAndWaitActive()

	c.revoke()
	w.deliver("one") // wakes the connection
	got := w.waitCondition(channels.Broken)
	wantEqual(t, "condition", got.Text, "The consent was taken back.")
	wantEqual(t, "hint", got.Hint, "Connect it again.")
	w.wantSendFails(reply(), channels.AuthBroken)
	stop()

	w.deliver("two")
	c.giveAgain()
	w.startAndWaitActive()
	w.waitStored("one", "two")
}
