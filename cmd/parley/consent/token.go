package consent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"parley/channels"
	"parley/channels/email/oauth"
	"parley/channels/pause"
	"parley/store"
	"parley/store/grant"
)

// Times of refreshing.
const (
	askTimeout   = 45 * time.Second       // of Token, waiting for others included
	leaseTime    = 30 * time.Second       // of the right to refresh: longer than a provider's answer and its storing
	storeTimeout = 10 * time.Second       // of storing what a provider answered
	othersPace   = 200 * time.Millisecond // between looks while another replica refreshes
	failurePause = 10 * time.Second       // after a failure, before the provider is asked again
	refusedPause = time.Minute            // of a token: a server that refuses one as fresh as that would refuse the next, too
)

// token is the channels.Grant of one account.
type token struct {
	keeper   *Keeper
	account  store.AccountID
	name     string // of the account
	provider string
	log      *slog.Logger
	turn     chan struct{} // holds one value while somebody uses the fields that follow

	value   string
	renewAt time.Time
	endsAt  time.Time
	renewed time.Time // when this process had it refreshed last
	failed  error     // the last failure to refresh; nil if there was none
	pause   time.Time
}

// Token implements channels.Grant.
func (t *token) Token(ctx context.Context, refused string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()

	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return "", passingError("Signing in takes too long.", ctx.Err())
	}

	now := t.keeper.now()
	if t.value == refused && now.Sub(t.renewed) < refusedPause {
		refused = "" // another one would be refused as well
	}
	if t.isUsable(refused) && now.Before(t.renewAt) {
		return t.value, nil
	}

	value, err := t.fetchShared(ctx, refused)
	var no *channels.SendError
	mayWorkLater := errors.As(err, &no) && no.Class == channels.Retry
	if mayWorkLater && t.isUsable(refused) && t.keeper.now().Before(t.endsAt) {
		return t.value, nil // it is good for some more minutes
	}

	return value, err
}

// isUsable reports whether there is an access token other than the one that a server refused.
func (t *token) isUsable(refused string) bool { return t.value != "" && t.value != refused }

// fetchShared reads the access token that all replicas share, and has it refreshed if it is due. Only the replica that
// has the lease does so; the others wait for what it stores.
func (t *token) fetchShared(ctx context.Context, refused string) (string, error) {
	for {
		g, err := t.read(ctx)
		if err != nil {
			return "", err
		}
		if t.value != refused && g.RenewIn > 0 {
			return t.value, nil
		}
		if t.failed != nil && t.keeper.now().Before(t.pause) {
			return "", t.failed
		}

		lease := fmt.Sprintf("grant:%d", t.account)
		mine, err := store.TakeLease(ctx, t.keeper.pool, lease, t.keeper.holder, leaseTime.Seconds())
		if err != nil {
			return "", passingError("The stored sign-in can't be read.", err)
		}

		if mine {
			again, err := t.refresh(ctx, refused)
			t.drop(ctx, lease)

			if err != nil {
				return "", err
			}
			if !again {
				return t.value, nil
			}

			continue
		}

		if t.value != refused && g.ExpireIn > 0 {
			return t.value, nil
		}

		pause.For(ctx, othersPace)

		if ctx.Err() != nil {
			return "", passingError("Another Parley is signing in, and takes too long.", ctx.Err())
		}
	}
}

// read reads the stored consent and takes its access token over.
// Errors: *channels.SendError.
func (t *token) read(ctx context.Context) (*grant.Grant, error) {
	g, err := grant.Find(ctx, t.keeper.pool, t.account)
	if err != nil {
		return nil, passingError("The stored sign-in can't be read.", err)
	}
	if g == nil || g.Provider != t.provider {
		return nil, t.brokenError("The mailbox is not connected to "+titleOf(t.provider)+" yet.", nil)
	}
	if g.Refused != "" {
		return nil, t.revokedError(g.Refused)
	}

	s, err := t.keeper.open(g)
	if err != nil {
		return nil, &channels.SendError{Class: channels.AuthBroken, Text: "The stored sign-in can't be opened.",
			Hint: "Put the right key into PARLEY_MASTER_KEY, or connect the mailbox again.", Cause: err}
	}

	now := t.keeper.now()
	t.value = s.Access
	t.renewAt, t.endsAt = now.Add(toDuration(g.RenewIn)), now.Add(toDuration(g.ExpireIn))
	return g, nil
}

func toDuration(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// refresh has the access token replaced, with the lease held. again = somebody else changed the consent meanwhile,
// so that it has to be read anew. What the provider answers is stored even if ctx ends: a refresh token may work only
// once.
func (t *token) refresh(ctx context.Context, refused string) (again bool, err error) {
	g, err := t.read(ctx)
	if err != nil {
		return false, err
	}
	if t.value != refused && g.RenewIn > 0 {
		return false, nil // another replica did it
	}

	p, err := t.keeper.findProvider(t.provider)
	if err != nil {
		var f *Failure
		errors.As(err, &f)
		return false, &channels.SendError{Class: channels.AuthBroken, Text: f.Text, Hint: f.Hint}
	}

	s, err := t.keeper.open(g)
	if err != nil {
		return false, passingError("The stored sign-in can't be opened.", err)
	}

	whole := context.WithoutCancel(ctx)
	got, err := p.Refresh(whole, s.Refresh)
	storing, cancel := context.WithTimeout(whole, storeTimeout)
	defer cancel()

	if err != nil {
		return t.recordFailure(storing, g, err)
	}

	sealed, err := t.keeper.seal(t.account, got)
	if err != nil {
		return false, passingError("The new sign-in can't be sealed.", err)
	}

	current, err := grant.Refreshed(storing, t.keeper.pool, *g, sealed, lastingOf(got))
	if err != nil { // not used: whoever tries next refreshes with the same refresh token again
		return false, passingError("The new sign-in can't be stored.", err)
	}

	t.failed = nil
	if current {
		lasting := lastingOf(got)
		now := t.keeper.now()
		t.value = got.Access
		t.renewAt = now.Add(lasting.Renew)
		t.endsAt = now.Add(lasting.Expire)
		t.renewed = now
		t.log.Info("access token refreshed")
	}

	return !current, nil
}

// recordFailure records a failure to refresh, and says what it means.
func (t *token) recordFailure(ctx context.Context, g *grant.Grant, err error) (again bool, _ error) {
	var no *oauth.Refusal
	isRefused := errors.As(err, &no)
	if isRefused && no.Revoked() {
		words := strings.Trim(no.Code+": "+no.Text, ": ")
		current, err := grant.Refuse(ctx, t.keeper.pool, *g, words)
		if err != nil {
			return false, passingError("The refusal of the sign-in can't be stored.", err)
		}

		t.log.Warn("consent refused by the provider", "code", no.Code)

		if !current { // somebody else has replaced the consent meanwhile
			return true, nil
		}
		return false, t.revokedError(words)
	}

	wait := failurePause
	isRegistrationRefused := isRefused && no.Code != "" && !no.Passing()
	if isRegistrationRefused {
		prefix := strings.ToUpper(t.provider)
		err = &channels.SendError{Class: channels.AuthBroken, Cause: no,
			Text: fmt.Sprintf("%s refuses Parley's registration: %s: %s", titleOf(t.provider), no.Code, no.Text),
			Hint: fmt.Sprintf("Check %s_CLIENT_ID and %s_CLIENT_SECRET, and the registration there.", prefix, prefix)}
	} else {
		if isRefused {
			wait = max(wait, no.Wait)
		}
		err = passingError(titleOf(t.provider)+" gives no access token right now.", err)
	}

	t.log.Warn("access token not refreshed", "error", err)
	t.failed, t.pause = err, t.keeper.now().Add(wait)
	return false, err
}

// revokedError is the error of a consent that was taken back. words are the provider's.
func (t *token) revokedError(words string) error {
	return t.brokenError(fmt.Sprintf("%s no longer lets Parley into the mailbox (%s): the consent was taken back or has expired.", titleOf(t.provider), words), nil)
}

// brokenError is the error of a consent that only a person can give.
func (t *token) brokenError(text string, cause error) error {
	return &channels.SendError{Class: channels.AuthBroken, Text: text, Cause: cause,
		Hint: fmt.Sprintf("Connect it: parley connect %s --account %s. Settings are kept, mail that came meanwhile is fetched then, and what waits is sent.",
			t.provider, t.name)}
}

// passingError is the error of something that may work later.
func passingError(text string, cause error) error {
	return &channels.SendError{Class: channels.Retry, Text: text, Hint: "Parley tries again by itself.", Cause: cause}
}

// drop gives the lease back. If that fails, it runs out by itself.
func (t *token) drop(ctx context.Context, lease string) {
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := store.DropLease(end, t.keeper.pool, lease, t.keeper.holder); err != nil {
		t.log.Debug("lease of a refresh not given back", "error", err)
	}
}
