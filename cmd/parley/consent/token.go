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
	askTimeout   = 45 * time.Second       // for Token, including the wait for other goroutines and replicas
	leaseTime    = 30 * time.Second       // for one refresh: longer than a provider's answer and its storing
	storeTimeout = 10 * time.Second       // for storing what a provider answered
	othersPace   = 200 * time.Millisecond // between two looks while another replica refreshes
	failurePause = 10 * time.Second       // after a failure, before the provider is asked again
	freshFor     = time.Minute            // a server that refuses a token as fresh as that would refuse the next one, too
)

// token is the channels.Grant of one account: it gives the mailbox's IMAP and SMTP connections their access token.
// The token lasts about an hour. Before it expires, one replica asks the provider for the next one, which is called
// a refresh, and stores that for all replicas. A lease, a lock in the database that runs out by itself, decides
// which replica that is.
type token struct {
	keeper   *Keeper
	account  store.AccountID
	name     string // of the account
	provider string
	log      *slog.Logger
	turn     chan struct{} // of size 1: a lock for the fields below, for which one can wait with a context

	value       string    // the access token; "" if none was read yet
	renewAt     time.Time // when it should be refreshed
	endsAt      time.Time // when it expires
	refreshedAt time.Time // when this process refreshed it last; zero if it never did
	lastFailure error     // why this process's last refresh failed; nil if it succeeded
	retryAt     time.Time // until then lastFailure is returned without asking the provider
}

// Token implements channels.Grant. While the provider can't be reached, it returns the present token until that
// expires.
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
	if t.value == refused && now.Sub(t.refreshedAt) < freshFor {
		refused = "" // the token is brand-new: another one would be refused, too
	}
	if t.isUsable(refused) && now.Before(t.renewAt) {
		return t.value, nil
	}

	value, err := t.fetchShared(ctx, refused)
	var failure *channels.SendError
	mayWorkLater := errors.As(err, &failure) && failure.Class == channels.Retry
	if mayWorkLater && t.isUsable(refused) && t.keeper.now().Before(t.endsAt) {
		return t.value, nil // it is good for some more minutes
	}

	return value, err
}

// isUsable reports whether there is an access token other than the one that a server refused.
func (t *token) isUsable(refused string) bool { return t.value != "" && t.value != refused }

// fetchShared reads the access token that all replicas share, and refreshes it if that is due. Only the replica that has the
// lease refreshes; the others wait for what it stores.
func (t *token) fetchShared(ctx context.Context, refused string) (string, error) {
	for {
		g, err := t.read(ctx)
		if err != nil {
			return "", err
		}
		if t.value != refused && g.RenewIn > 0 {
			return t.value, nil
		}
		if t.lastFailure != nil && t.keeper.now().Before(t.retryAt) {
			return "", t.lastFailure
		}

		lease := fmt.Sprintf("grant:%d", t.account)
		isMine, err := store.TakeLease(ctx, t.keeper.pool, lease, t.keeper.holder, leaseTime.Seconds())
		if err != nil {
			return "", passingError("The stored sign-in can't be read.", err)
		}

		if isMine {
			isReplaced, err := t.refresh(ctx, refused)
			t.dropLease(ctx, lease)
			if err != nil {
				return "", err
			}
			if isReplaced {
				continue
			}
			return t.value, nil
		}

		if t.value != refused && g.ExpireIn > 0 {
			return t.value, nil
		}

		if !pause.For(ctx, othersPace) {
			return "", passingError("Another Parley is signing in, and takes too long.", ctx.Err())
		}
	}
}

// read reads the stored consent and puts its access token into t.
// Errors: *channels.SendError.
func (t *token) read(ctx context.Context) (*grant.Grant, error) {
	g, err := grant.Find(ctx, t.keeper.pool, t.account)
	if err != nil {
		return nil, passingError("The stored sign-in can't be read.", err)
	}
	if g == nil || g.Provider != t.provider {
		return nil, t.brokenError("The mailbox is not connected to " + titleOf(t.provider) + " yet.")
	}
	if g.Refused != "" {
		return nil, t.revokedError(g.Refused)
	}

	s, err := t.keeper.open(g)
	if err != nil {
		return nil, &channels.SendError{
			Class: channels.AuthBroken,
			Text:  "The stored sign-in can't be opened.",
			Hint:  "Put the right key into PARLEY_MASTER_KEY, or connect the mailbox again.",
			Cause: err,
		}
	}

	now := t.keeper.now()
	t.value = s.Access
	t.renewAt = now.Add(toDuration(g.RenewIn))
	t.endsAt = now.Add(toDuration(g.ExpireIn))
	return g, nil
}

func toDuration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

// refresh asks the provider for a new access token and stores it. The caller holds the lease. isReplaced means that
// the stored consent changed meanwhile, as when a person connected the account again: it has to be read anew. The
// answer is stored even if ctx ends, because a refresh token may work only once.
func (t *token) refresh(ctx context.Context, refused string) (isReplaced bool, err error) {
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
		errors.As(err, &f) // findProvider has no other error
		return false, &channels.SendError{Class: channels.AuthBroken, Text: f.Text, Hint: f.Hint}
	}

	s, err := t.keeper.open(g)
	if err != nil {
		return false, passingError("The stored sign-in can't be opened.", err)
	}

	ctx = context.WithoutCancel(ctx)
	tokens, refreshErr := p.Refresh(ctx, s.Refresh)
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if refreshErr != nil {
		return t.recordFailure(ctx, g, refreshErr)
	}

	sealed, err := t.keeper.seal(t.account, tokens)
	if err != nil {
		return false, passingError("The new sign-in can't be sealed.", err)
	}

	lasting := lastingOf(tokens)
	isCurrent, err := grant.SaveRefreshed(ctx, t.keeper.pool, *g, sealed, lasting)
	if err != nil { // the new tokens aren't used: whoever tries next refreshes with the same refresh token again
		return false, passingError("The new sign-in can't be stored.", err)
	}

	t.lastFailure = nil
	if isCurrent {
		now := t.keeper.now()
		t.value = tokens.Access
		t.renewAt = now.Add(lasting.Renew)
		t.endsAt = now.Add(lasting.Expire)
		t.refreshedAt = now
		t.log.Info("access token refreshed")
	}

	return !isCurrent, nil
}

// recordFailure records a failure to refresh, and returns it as a *channels.SendError. isReplaced is as for refresh.
func (t *token) recordFailure(ctx context.Context, g *grant.Grant, err error) (isReplaced bool, _ error) {
	var refusal *oauth.Refusal
	isRefused := errors.As(err, &refusal)
	if isRefused && refusal.IsConsentOver() {
		words := strings.Trim(refusal.Code+": "+refusal.Text, ": ")
		isCurrent, err := grant.Refuse(ctx, t.keeper.pool, *g, words)
		if err != nil {
			return false, passingError("The refusal of the sign-in can't be stored.", err)
		}

		t.log.Warn("consent refused by the provider", "code", refusal.Code)
		if !isCurrent {
			return true, nil
		}
		return false, t.revokedError(words)
	}

	wait := failurePause
	isRegistrationRefused := isRefused && refusal.Code != "" && !refusal.IsTemporary()
	if isRegistrationRefused {
		text, hint := registrationRefused(t.provider, refusal)
		err = &channels.SendError{Class: channels.AuthBroken, Text: text, Hint: hint, Cause: refusal}
	} else {
		if isRefused {
			wait = max(wait, refusal.Wait)
		}
		err = passingError(titleOf(t.provider)+" gives no access token right now.", err)
	}

	t.log.Warn("access token not refreshed", "error", err)
	t.lastFailure = err
	t.retryAt = t.keeper.now().Add(wait)
	return false, err
}

// revokedError is the error of a consent that was taken back. words are the provider's.
func (t *token) revokedError(words string) error {
	return t.brokenError(fmt.Sprintf("%s no longer lets Parley into the mailbox (%s): the consent was taken back or has expired.",
		titleOf(t.provider), words))
}

// brokenError is the error of an account that a person has to connect, or connect again.
func (t *token) brokenError(text string) error {
	hint := fmt.Sprintf("Connect it: parley connect %s --account %s. Settings are kept, mail that came meanwhile is fetched then, "+
		"and what waits is sent.", t.provider, t.name)
	return &channels.SendError{Class: channels.AuthBroken, Text: text, Hint: hint}
}

// passingError is the error of something that may work later.
func passingError(text string, cause error) error {
	return &channels.SendError{Class: channels.Retry, Text: text, Hint: "Parley tries again by itself.", Cause: cause}
}

// dropLease gives the lease back, also after ctx has ended. If that fails, the lease runs out by itself.
func (t *token) dropLease(ctx context.Context, lease string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := store.DropLease(ctx, t.keeper.pool, lease, t.keeper.holder); err != nil {
		t.log.Debug("lease of a refresh not given back", "error", err)
	}
}
