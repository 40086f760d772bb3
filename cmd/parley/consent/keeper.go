package consent

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/channels"
	"parley/channels/email/oauth"
	"parley/channels/fence"
	"parley/store"
	"parley/store/grant"
)

// Keeper keeps the consents for all accounts. A consent is what Google or Microsoft grants when a person allows
// Parley to use a mailbox: an access token, which works for about an hour, and a refresh token, with which Parley
// gets the next one. Both are stored encrypted ("sealed"). People give a consent by Begin and Finish; channels use
// it by ConsentOf. A Keeper is safe for concurrent use.
type Keeper struct {
	pool      *pgxpool.Pool
	sealer    *store.Sealer
	providers map[string]*oauth.Provider // where Parley is registered, by name, such as "google"
	log       *slog.Logger
	holder    string // the name under which this process holds leases
	now       func() time.Time
}

// New makes a Keeper. apps are Parley's registrations, by the names of the providers: oauth.Google and
// oauth.Microsoft. One without an ID is left out: nobody can sign in there.
func New(pool *pgxpool.Pool, sealer *store.Sealer, apps map[string]oauth.App, log *slog.Logger) *Keeper {
	k := &Keeper{pool: pool, sealer: sealer, log: log, holder: rand.Text(), now: time.Now}
	k.providers = map[string]*oauth.Provider{}
	client := fence.NewClient(fence.Options{})
	for name, app := range apps {
		if app.ID != "" {
			k.providers[name] = oauth.New(name, app, client)
		}
	}
	return k
}

// ConsentOf returns the consent of an account at a provider, from which channels get access tokens. It never returns nil:
// if nobody has consented yet, the Grant's method Token says so.
func (k *Keeper) ConsentOf(account store.Account, provider string) channels.Grant {
	return &token{
		keeper:   k,
		account:  account.ID,
		name:     account.Name,
		provider: provider,
		log:      k.log.With("account_id", account.ID),
		turn:     make(chan struct{}, 1),
	}
}

// IsRegistered reports whether Parley is registered with a provider.
func (k *Keeper) IsRegistered(provider string) bool { return k.providers[provider] != nil }

// findProvider returns a provider with which Parley is registered. Errors: *Failure.
func (k *Keeper) findProvider(name string) (*oauth.Provider, error) {
	if p := k.providers[name]; p != nil {
		return p, nil
	}
	return nil, NotRegistered(name)
}

// secrets are the tokens of one consent, as they are encrypted and stored.
type secrets struct {
	Access  string `json:"access"`
	Refresh string `json:"refresh"`
}

// String hides the tokens, from logs too.
func (secrets) String() string { return "tokens" }

// placeOf names the place in the database to which an account's encrypted tokens are bound, so that they can't be
// moved to another account: see store.Sealer.
func placeOf(account store.AccountID) string { return fmt.Sprintf("grants/%d", account) }

// seal encrypts the tokens of an account.
func (k *Keeper) seal(account store.AccountID, t oauth.Tokens) ([]byte, error) {
	plain, err := json.Marshal(secrets{Access: t.Access, Refresh: t.Refresh})
	if err != nil {
		return nil, fmt.Errorf("consent: tokens: %w", err)
	}
	return k.sealer.Seal(placeOf(account), plain), nil
}

// open decrypts the tokens of a consent.
func (k *Keeper) open(g *grant.Grant) (secrets, error) {
	plain, err := k.sealer.Open(placeOf(g.AccountID), g.Sealed)
	if err != nil {
		return secrets{}, fmt.Errorf("consent: tokens: %w", err)
	}
	var s secrets
	if json.Unmarshal(plain, &s) != nil {
		return secrets{}, errors.New("consent: the stored tokens can't be read") // the cause may quote one
	}
	return s, nil
}

// lastingOf returns when an access token is renewed and when it expires. It is renewed ten minutes early, or after half its life if
// that is shorter, so that the provider may be away for a while.
func lastingOf(t oauth.Tokens) grant.Lasting {
	return grant.Lasting{Renew: t.Lifetime - min(10*time.Minute, t.Lifetime/2), Expire: t.Lifetime}
}
