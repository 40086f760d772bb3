package email

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

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

// A server may be unable to check tokens, as Dovecot is while its provider is away. The channel tries again, however long
// that lasts, and asks neither for another token nor a person.
func TestServerThatCannotCheckTokens(t *testing.T) {
	t.Parallel()
	w, c := newTokenWorld(t)
	w.env.Grant = &grant{consent: c, token: goodToken}
	w.addFault(smtpReply(mailfake.OpAUTH, 454, "4.7.0"))
	o := reply()
	o.Attempt.FirstAt = time.Now().Add(-24 * time.Hour)
	failed := w.wantSendFails(o, channels.Retry)
	wantContains(t, "error", failed.Text, "does not let anybody in right now: 454")
	wantEqual(t, "requests for another token", c.requests, 0)
}

// If IMAP and SMTP refuse each token, Check explains that for both, and shows no token.
func TestCheckWhereTokensAreRefused(t *testing.T) {
	t.Parallel()
	w, c := newTokenWorld(t)
	c.goodToken = "none of ours"
	w.env.Grant = &grant{consent: &consent{goodToken: "token-3"}, token: oldToken}

	found := w.channel().Check(testContext(t))
	if len(found) != 2 {
		t.Fatalf("findings: got %+v, want one for IMAP and one for SMTP", found)
	}
	for i, p := range []protocol{imapProtocol(), smtpProtocol()} {
		got := found[i]
		wantEqual(t, "finding", got.What, p.label+" login")
		wantEqual(t, got.What+" is good", got.OK, false)
		wantContains(t, got.What, got.Text, "refuses the sign-in of "+support)
		wantContains(t, got.What+": hint", got.Hint, "Check that "+p.label+" is switched on")
		if strings.Contains(got.Text, "token-") {
			t.Errorf("%s: the text %q shows a token", got.What, got.Text)
		}
	}
}

// Check also explains that nobody has connected the mailbox to the provider.
func TestCheckWithoutAGrant(t *testing.T) {
	t.Parallel()
	w, _ := newTokenWorld(t)
	w.env.Grant = nil
	found := w.channel().Check(testContext(t))
	wantEqual(t, "findings, for IMAP and for SMTP", len(found), 2)
	for _, f := range found {
		wantEqual(t, f.What+" is good", f.OK, false)
		wantContains(t, f.What, f.Text, "not connected")
	}
}
