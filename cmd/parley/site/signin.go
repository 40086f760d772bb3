package site

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bot/web/signin"
	"parley/bridge/setup"
	"parley/store"
	"parley/store/site"
)

// LinkLifetime is how long a link that signs somebody in works.
const LinkLifetime = 24 * time.Hour

// ErrNoAgent means that there is no such agent.
var ErrNoAgent = errors.New("there is no agent with that address; parley export lists them all")

// SignInLink makes a link that signs an agent in. It works once, within LinkLifetime, and doesn't change the
// agent's rights.
// Errors: ErrNoAgent.
func SignInLink(ctx context.Context, q store.Querier, baseURL, email string) (string, error) {
	person, err := site.FindPersonByEmail(ctx, q, email)
	if errors.Is(err, site.ErrNoPerson) {
		return "", fmt.Errorf("%s: %w", email, ErrNoAgent)
	}
	if err != nil {
		return "", err
	}
	return newLink(ctx, q, baseURL, &person.ID)
}

// FirstLink makes a link for a new Parley: whoever opens it becomes the first admin. It returns "" if there is an
// admin.
func FirstLink(ctx context.Context, q store.Querier, baseURL string) (string, error) {
	has, err := site.HasAdmin(ctx, q)
	if err != nil || has {
		return "", err
	}
	return newLink(ctx, q, baseURL, nil)
}

// newLink stores a link and returns its address. agent is nil for the link of the first admin.
func newLink(ctx context.Context, q store.Querier, baseURL string, agent *store.AgentID) (string, error) {
	secret, err := site.NewLink(ctx, q, agent, LinkLifetime)
	if err != nil {
		return "", err
	}
	return strings.TrimRight(baseURL, "/") + "/auth/link/" + secret, nil
}

// signInDesk implements signin.Desk: it signs agents in by links that work once.
type signInDesk struct{ o Options }

// Invited implements signin.Desk. A link for the first admin is no longer valid once there is an admin.
func (d *signInDesk) Invited(ctx context.Context, link string) (signin.Invited, error) {
	agent, err := site.FindLink(ctx, d.o.Pool, link)
	if err != nil {
		return signin.Invited{}, linkError(err)
	}

	if agent == nil {
		hasAdmin, err := site.HasAdmin(ctx, d.o.Pool)
		if hasAdmin {
			return signin.Invited{}, signin.ErrNoLink
		}
		return signin.Invited{}, err
	}

	person, err := site.FindPerson(ctx, d.o.Pool, *agent)
	if errors.Is(err, site.ErrNoPerson) {
		return signin.Invited{}, signin.ErrNoLink
	}

	return signin.Invited{Name: person.Name, Email: person.Email}, err
}

// linkError turns a missing link into the error of the page; other errors stay as they are.
func linkError(err error) error {
	if errors.Is(err, site.ErrNoLink) {
		return signin.ErrNoLink
	}
	return err
}

// Use implements signin.Desk. The link for the first admin is used up in the transaction that stores the admin: if what was typed
// is refused, the link still works.
func (d *signInDesk) Use(ctx context.Context, link, email, name string) (store.AgentID, error) {
	invited, err := d.Invited(ctx, link)
	if err != nil {
		return 0, err
	}

	email = strings.ToLower(email)
	if invited.Email == "" {
		if err := d.makeFirstAdmin(ctx, link, email, name); err != nil {
			return 0, err
		}
		person, err := site.FindPersonByEmail(ctx, d.o.Pool, email)
		return person.ID, err
	}

	agent, err := site.UseLink(ctx, d.o.Pool, link)
	if err != nil {
		return 0, linkError(err)
	}

	return *agent, nil
}

// makeFirstAdmin uses up a link and makes an agent an admin; the agent may be new. If several people do so at once, with this
// link or another one, only the first becomes admin: changes of the set-up wait for each other.
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
		hasAdmin, err := site.HasAdmin(ctx, tx)
		if err != nil {
			return err
		}
		if hasAdmin {
			return site.ErrNoLink
		}

		_, err = site.UseLink(ctx, tx, link)
		return err
	}

	_, err = setup.Save(ctx, d.o.Pool, change, options)
	if refused, ok := errors.AsType[*setup.Refused](err); ok {
		return signin.Problems(refused.Fields)
	}

	mayBeRepeated := errors.Is(err, setup.ErrExists) || errors.Is(err, setup.ErrStale) // it was sent twice
	if mayBeRepeated {
		hasAdmin, err := site.HasAdmin(ctx, d.o.Pool)
		if err != nil {
			return err
		}
		if hasAdmin { // the first one has succeeded
			return signin.ErrNoLink
		}
	}

	return linkError(err)
}

func (d *signInDesk) SignOutEverywhere(ctx context.Context, agent store.AgentID) error {
	return site.SignOutEverywhere(ctx, d.o.Pool, agent)
}
