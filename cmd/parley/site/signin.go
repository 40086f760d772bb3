package site

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bot/web/openid"
	"parley/bridge/setup"
	"parley/channels"
	"parley/store"
)

// LinkLifetime is how long a sign-in link is valid.
const LinkLifetime = 24 * time.Hour

// ErrNoAgent means that no agent has the email address.
var ErrNoAgent = errors.New("there is no agent with that address; parley export lists them all")

// SignInLink creates a URL that signs an agent in. It can be used once, within LinkLifetime, and doesn't change the agent's
// permissions. SignInLink returns ErrNoAgent if no agent has the email address.
func SignInLink(ctx context.Context, q store.Querier, baseURL, email string) (string, error) {
	person, err := store.FindPersonByEmail(ctx, q, channels.LowerAddress(email))
	if errors.Is(err, store.ErrNoPerson) {
		return "", explainNoAgent(ctx, q, email)
	}
	if err != nil {
		return "", err
	}
	return newLink(ctx, q, baseURL, &person.ID)
}

// explainNoAgent returns ErrNoAgent for an address, and says what to do while nobody is an admin.
func explainNoAgent(ctx context.Context, q store.Querier, email string) error {
	hasAdmin, err := store.HasAdmin(ctx, q)
	if err != nil {
		return err
	}
	if !hasAdmin {
		const hint = "Nobody is an admin yet: run parley admin-link without --email, whose link makes the first one"
		return fmt.Errorf("%s: %w. %s", email, ErrNoAgent, hint)
	}
	return fmt.Errorf("%s: %w", email, ErrNoAgent)
}

// FirstLink creates a URL for a new installation. The person who opens it becomes the first admin. FirstLink returns "" if
// there is an admin already.
func FirstLink(ctx context.Context, q store.Querier, baseURL string) (string, error) {
	hasAdmin, err := store.HasAdmin(ctx, q)
	if err != nil || hasAdmin {
		return "", err
	}
	return newLink(ctx, q, baseURL, nil)
}

// newLink stores a new secret and returns the URL that contains it. agent is nil for the link of the first admin.
func newLink(ctx context.Context, q store.Querier, baseURL string, agent *store.AgentID) (string, error) {
	secret, err := store.NewSignInLink(ctx, q, agent, LinkLifetime)
	if err != nil {
		return "", err
	}
	return strings.TrimRight(baseURL, "/") + "/auth/link/" + secret, nil
}

// signInDesk implements signin.Desk, the interface through which the sign-in pages reach the database. Besides
// providers such as Slack (openid.go), an agent signs in with a link that works once: https://parley.acme.test/auth/link/SECRET.
// The parameter link is that secret. Opening the link shows a page (Invited), and only a click there uses the link up (Use), so that
// programs that follow links in messages can't do so.
type signInDesk struct{ o Options }

// HasAdmin reports whether somebody is an admin already.
func (d *signInDesk) HasAdmin(ctx context.Context) (bool, error) {
	return store.HasAdmin(ctx, d.o.Pool)
}

// Invited returns whom a link signs in, without using it up. The result is empty for the first admin's link, which becomes
// invalid once there is an admin.
func (d *signInDesk) Invited(ctx context.Context, link string) (openid.Invited, error) {
	agent, err := store.FindSignInLink(ctx, d.o.Pool, link)
	if err != nil {
		return openid.Invited{}, linkError(err)
	}

	if agent == nil {
		hasAdmin, err := store.HasAdmin(ctx, d.o.Pool)
		if hasAdmin {
			return openid.Invited{}, openid.ErrNoLink
		}
		return openid.Invited{}, err
	}

	person, err := store.FindPerson(ctx, d.o.Pool, *agent)
	if errors.Is(err, store.ErrNoPerson) {
		return openid.Invited{}, openid.ErrNoLink
	}

	return openid.Invited{Name: person.Name, Email: person.Email}, err
}

// linkError converts the store's error for an unknown link to signin's. It returns other errors unchanged.
func linkError(err error) error {
	if errors.Is(err, store.ErrNoSignInLink) {
		return openid.ErrNoLink
	}
	return err
}

// Use uses a link up and returns the agent to sign in. email and name are those that the first admin has typed; other links
// ignore them. The first admin's link is used up in the transaction that stores the admin, so it stays valid if the
// input is refused.
func (d *signInDesk) Use(ctx context.Context, link, email, name string) (store.AgentID, error) {
	invited, err := d.Invited(ctx, link)
	if err != nil {
		return 0, err
	}

	email = channels.LowerAddress(email)
	if invited.Email == "" {
		if err := d.makeFirstAdmin(ctx, link, email, name); err != nil {
			return 0, err
		}
		person, err := store.FindPersonByEmail(ctx, d.o.Pool, email)
		return person.ID, err
	}

	agent, err := store.UseSignInLink(ctx, d.o.Pool, link)
	if err != nil {
		return 0, linkError(err)
	}

	return *agent, nil
}

// makeFirstAdmin uses up a link and makes an agent an admin, creating the agent if necessary. If several people do this
// concurrently, with the same link or different ones, only the first succeeds, because setup.Save serializes changes.
func (d *signInDesk) makeFirstAdmin(ctx context.Context, link, email, name string) error {
	all, err := setup.Entries(ctx, d.o.Pool, d.o.Specs)
	if err != nil {
		return err
	}

	values := map[string][]string{"name": {name}, "roles": {store.RoleSuperAdmin}}
	change := setup.Change{Kind: setup.EntryAgent, Name: email, Values: values}
	if i := slices.IndexFunc(all, func(e setup.Entry) bool { return e.Kind == setup.EntryAgent && e.Name == email }); i >= 0 {
		change.Version = all[i].Version
	}

	options := d.o.saveOptions(setup.Author{Name: "the first admin's link"})
	options.With = func(ctx context.Context, tx pgx.Tx) error {
		hasAdmin, err := store.HasAdmin(ctx, tx)
		if err != nil {
			return err
		}
		if hasAdmin {
			return store.ErrNoSignInLink
		}

		_, err = store.UseSignInLink(ctx, tx, link)
		return err
	}

	_, err = setup.Save(ctx, d.o.Pool, change, options)
	if refused, ok := errors.AsType[*setup.Refused](err); ok {
		return openid.Problems(refused.Fields)
	}

	mayBeRepeated := errors.Is(err, setup.ErrExists) || errors.Is(err, setup.ErrStale) // the form may have been sent twice
	if mayBeRepeated {
		hasAdmin, err := store.HasAdmin(ctx, d.o.Pool)
		if err != nil {
			return err
		}
		if hasAdmin { // the first request has succeeded
			return openid.ErrNoLink
		}
	}

	return linkError(err)
}

// SignOutEverywhere ends all sessions of an agent.
func (d *signInDesk) SignOutEverywhere(ctx context.Context, agent store.AgentID) error {
	return store.SignOutEverywhere(ctx, d.o.Pool, agent)
}
