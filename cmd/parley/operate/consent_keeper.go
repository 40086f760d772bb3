package operate

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/channels"
	emailmailbox "parley/channels/email/mailbox"
	"parley/channels/wire"
	"parley/store"
)

// Keeper manages the consents of all accounts. A consent is what Google or Microsoft grants when a person allows
// Parley to use a mailbox: an access token, which is valid for about an hour, and a refresh token, with which Parley
// obtains the next access token. Both are stored encrypted ("sealed"). Begin and Finish obtain a consent from a
// person. ConsentOf gives a channel, such as the e-mail channel, access to the tokens. A Keeper is safe for
// concurrent use.
type Keeper struct {
	pool      *pgxpool.Pool
	sealer    *store.Sealer
	providers map[string]*emailmailbox.Provider // those at which Parley is registered, by name, such as "google"
	log       *slog.Logger
	holder    string // identifies this process as the owner of leases (locks that expire)
	now       func() time.Time
}

// New returns a Keeper. apps maps provider names (oauth.Google and oauth.Microsoft) to Parley's OAuth client
// registrations. New ignores a registration without an ID; nobody can sign in at that provider.
func New(pool *pgxpool.Pool, sealer *store.Sealer, apps map[string]emailmailbox.App, log *slog.Logger) *Keeper {
	k := &Keeper{pool: pool, sealer: sealer, log: log, holder: rand.Text(), now: time.Now}
	k.providers = map[string]*emailmailbox.Provider{}
	client := wire.NewClient(wire.Options{})
	for name, app := range apps {
		if app.ID != "" {
			k.providers[name] = emailmailbox.NewOauth(name, app, client)
		}
	}
	return k
}

// ConsentOf returns the source of access tokens for an account at a provider. It never returns nil: if nobody has
// consented yet, the Grant's method Token returns an error that says so.
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

// findProvider returns a provider by name. Errors: *Failure if Parley is not registered with it.
func (k *Keeper) findProvider(name string) (*emailmailbox.Provider, error) {
	if p := k.providers[name]; p != nil {
		return p, nil
	}
	return nil, NotRegistered(name)
}

// secrets is the plain text of a stored consent.
type secrets struct {
	Access  string `json:"access"`
	Refresh string `json:"refresh"`
}

// String keeps the tokens out of logs and error messages.
func (secrets) String() string { return "tokens" }

// placeOf identifies the database row to which an account's encrypted tokens are bound. Tokens copied to another
// account can't be decrypted there. See store.Sealer.
func placeOf(account store.AccountID) string { return fmt.Sprintf("grants/%d", account) }

// seal encrypts the tokens of an account.
func (k *Keeper) seal(account store.AccountID, t emailmailbox.Tokens) ([]byte, error) {
	plain, err := json.Marshal(secrets{Access: t.Access, Refresh: t.Refresh})
	if err != nil {
		return nil, fmt.Errorf("consent: tokens: %w", err)
	}
	return k.sealer.Seal(placeOf(account), plain), nil
}

// open decrypts the tokens of a consent.
func (k *Keeper) open(g *store.Grant) (secrets, error) {
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

// lastingOf returns when an access token is due for renewal and when it expires. Renewal is due ten minutes before
// the token expires, or at half its lifetime if that is later, to leave time for an outage of the provider.
func lastingOf(t emailmailbox.Tokens) store.GrantLasting {
	return store.GrantLasting{Renew: t.Lifetime - min(10*time.Minute, t.Lifetime/2), Expire: t.Lifetime}
}
