package operate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"parley/channels"
	emailmailbox "parley/channels/email/mailbox"
	"parley/channels/wire"
	"parley/store"
)

// Timeouts and pauses for refreshing a token.
const (
	askTimeout   = 45 * time.Second       // for a call of Token, including the wait for other goroutines and replicas
	leaseTime    = 30 * time.Second       // for one refresh; longer than the request to the provider and storing its answer take
	storeTimeout = 10 * time.Second       // for storing the provider's answer
	othersPace   = 200 * time.Millisecond // between two reads of the database while another replica refreshes
	failurePause = 10 * time.Second       // after a failure, before the next request to the provider
	freshFor     = time.Minute            // a mail server that rejects a token younger than this would reject the next one as well
)

// token implements channels.Grant for one account: it supplies the access token for the mailbox's IMAP and SMTP
// connections. An access token is valid for about an hour. Before it expires, one replica requests the next one from
// the provider (a refresh) and stores it for all replicas. The replica that refreshes holds a lease, which is a lock
// in the database that expires by itself. So two replicas don't refresh at the same time, which matters because a
// refresh token may be valid only once.
type token struct {
	keeper   *Keeper
	account  store.AccountID
	name     string // of the account
	provider string
	log      *slog.Logger
	turn     chan struct{} // guards the fields below; a channel of size 1, because waiting for it must end with a context

	value       string    // the access token; "" if none was read yet
	renewAt     time.Time // when it should be refreshed
	endsAt      time.Time // when it expires
	refreshedAt time.Time // when this process last refreshed it; zero if never
	lastFailure error     // why this process's last refresh failed; nil if it succeeded
	retryAt     time.Time // until then lastFailure is returned without asking the provider
}

// Token implements channels.Grant. refused is the access token that a mail server has just rejected, or "". While the
// provider can't be reached, Token returns the current token until it expires.
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
		refused = "" // the token is brand-new; the server would reject another one as well
	}
	if t.isUsable(refused) && now.Before(t.renewAt) {
		return t.value, nil
	}

	value, err := t.fetchShared(ctx, refused)
	var failure *channels.SendError
	mayWorkLater := errors.As(err, &failure) && failure.Class == channels.Retry
	if mayWorkLater && t.isUsable(refused) && t.keeper.now().Before(t.endsAt) {
		return t.value, nil // it stays valid for a few more minutes
	}

	return value, err
}

// isUsable reports whether t has an access token other than refused.
func (t *token) isUsable(refused string) bool { return t.value != "" && t.value != refused }

// fetchShared reads the access token that all replicas share and refreshes it if necessary. Only the replica that
// holds the lease refreshes. The others keep using the stored token, or wait for a new one if that is refused or
// expired.
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

		if !wire.For(ctx, othersPace) {
			return "", passingError("Another Parley is signing in, and takes too long.", ctx.Err())
		}
	}
}

// read reads the stored consent and caches its access token in t.
// Errors: *channels.SendError.
func (t *token) read(ctx context.Context) (*store.Grant, error) {
	g, err := store.FindGrant(ctx, t.keeper.pool, t.account)
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

// refresh requests a new access token from the provider and stores it. The caller holds the lease. isReplaced reports
// that the stored consent changed in the meantime, for example because a person connected the account again; the
// caller must then read it again. Once the request is under way, refresh ignores the end of ctx: a refresh token may
// be valid only once, so the answer must be stored.
func (t *token) refresh(ctx context.Context, refused string) (isReplaced bool, err error) {
	g, err := t.read(ctx)
	if err != nil {
		return false, err
	}
	if t.value != refused && g.RenewIn > 0 {
		return false, nil // another replica has refreshed it
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
	isCurrent, err := store.SaveRefreshedGrant(ctx, t.keeper.pool, *g, sealed, lasting)
	if err != nil { // don't use the new tokens; the next attempt refreshes with the stored refresh token again
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

// recordFailure records why a refresh failed and returns the reason as a *channels.SendError. isReplaced is as for
// refresh. If the provider has ended the consent, this is stored for all replicas; any other failure is kept in
// memory until t.retryAt.
func (t *token) recordFailure(ctx context.Context, g *store.Grant, err error) (isReplaced bool, _ error) {
	var refusal *emailmailbox.Refusal
	isRefused := errors.As(err, &refusal)
	if isRefused && refusal.IsConsentOver() {
		words := strings.Trim(refusal.Code+": "+refusal.Text, ": ")
		isCurrent, err := store.RefuseGrant(ctx, t.keeper.pool, *g, words)
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

// revokedError returns the error for a consent that was revoked or has expired. words is the provider's explanation.
func (t *token) revokedError(words string) error {
	return t.brokenError(fmt.Sprintf("%s no longer lets Parley into the mailbox (%s): the consent was taken back or has expired.",
		titleOf(t.provider), words))
}

// brokenError returns the error for an account that a person has to connect, or reconnect.
func (t *token) brokenError(text string) error {
	hint := fmt.Sprintf("Connect it on its page Connection, or with parley connect %s --account %s. "+
		"Settings are kept, mail that came meanwhile is fetched then, and what waits is sent.", t.provider, t.name)
	return &channels.SendError{Class: channels.AuthBroken, Text: text, Hint: hint}
}

// passingError returns the error for a temporary failure.
func passingError(text string, cause error) error {
	return &channels.SendError{Class: channels.Retry, Text: text, Hint: "Parley tries again by itself.", Cause: cause}
}

// dropLease releases the lease, even if ctx has ended. If that fails, the lease expires by itself.
func (t *token) dropLease(ctx context.Context, lease string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := store.DropLease(ctx, t.keeper.pool, lease, t.keeper.holder); err != nil {
		t.log.Debug("lease of a refresh not given back", "error", err)
	}
}
