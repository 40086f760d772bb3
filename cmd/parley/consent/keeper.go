package consent

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/channels"
	"parley/channels/email/oauth"
	"parley/channels/fence"
	"parley/store"
	"parley/store/grant"
)

// Keeper keeps the consents for all accounts. It is safe for concurrent use.
type Keeper struct {
	pool      *pgxpool.Pool
	sealer    *store.Sealer
	providers map[string]*oauth.Provider
	log       *slog.Logger
	holder    string // the name under which this process holds leases
	now       func() time.Time
}

// New makes a keeper. apps are Parley's registrations, by the providers' names; one without an id is none.
func New(pool *pgxpool.Pool, sealer *store.Sealer, apps map[string]oauth.App, log *slog.Logger) *Keeper {
	k := &Keeper{pool: pool, sealer: sealer, providers: map[string]*oauth.Provider{}, log: log, holder: rand.Text(), now: time.Now}
	client := fence.NewClient(fence.Options{})
	for name, app := range apps {
		if app.ID != "" {
			k.providers[name] = oauth.New(name, app, client)
		}
	}
	return k
}

// For returns the consent for an account at a provider.
func (k *Keeper) For(account store.Account, provider string) channels.Grant {
	return &token{keeper: k, account: account.ID, name: account.Name, provider: provider, turn: make(chan struct{}, 1),
		log: k.log.With("account_id", account.ID)}
}

// Registered reports whether Parley is registered with a provider.
func (k *Keeper) Registered(provider string) bool { return k.providers[provider] != nil }

// Failure is why a mailbox can't be connected, for the person who tries.
type Failure struct {
	Text  string // what happened
	Hint  string // what to do next
	cause error
}

// Error implements error.
func (f *Failure) Error() string { return strings.TrimSpace(f.Text + " " + f.Hint) }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.cause }

// findProvider returns a provider in which Parley is registered. Errors: *Failure.
func (k *Keeper) findProvider(name string) (*oauth.Provider, error) {
	if p := k.providers[name]; p != nil {
		return p, nil
	}
	prefix := strings.ToUpper(name)
	return nil, &Failure{Text: "Parley is not registered with " + titleOf(name) + ".",
		Hint: fmt.Sprintf("Register it there and set %s_CLIENT_ID and %s_CLIENT_SECRET: see docs/email.md.", prefix, prefix)}
}

func titleOf(provider string) string {
	if provider == oauth.Google {
		return "Google"
	}
	return "Microsoft"
}

// secrets are the tokens of one consent, as they are sealed.
type secrets struct {
	Access  string `json:"access"`
	Refresh string `json:"refresh"`
}

// String hides the tokens, from logs too.
func (secrets) String() string { return "tokens" }

// placeOf is the place to which an account's tokens are bound: see store.Sealer.
func placeOf(account store.AccountID) string { return fmt.Sprintf("grants/%d", account) }

func (k *Keeper) seal(account store.AccountID, t oauth.Tokens) ([]byte, error) {
	plain, err := json.Marshal(secrets{Access: t.Access, Refresh: t.Refresh})
	if err != nil {
		return nil, fmt.Errorf("consent: tokens: %w", err)
	}
	return k.sealer.Seal(placeOf(account), plain), nil
}

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

// earlyMost is how long before its end an access token is replaced, at most: long enough that a provider may be away
// for a while meanwhile.
const earlyMost = 10 * time.Minute

// lastingOf returns how long tokens are used: they are renewed before they end.
func lastingOf(t oauth.Tokens) grant.Lasting {
	return grant.Lasting{Renew: t.Lasts - min(earlyMost, t.Lasts/2), Expire: t.Lasts}
}
