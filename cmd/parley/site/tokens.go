package site

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bot/web"
	"parley/bot/web/settings"
	"parley/bridge/setup"
	"parley/channels"
	"parley/store"
)

// maxTokens is the number of tokens shown. It is large enough for all valid tokens and some expired or revoked ones.
const maxTokens = 2 * store.MaxAPITokens

// tokensDesk implements tokens.Desk, the interface through which the site's pages and API for tokens reach the database.
//
// Admins create API tokens for their own programs. A token has a scope, such as reading or changing the configuration, and
// never permits more than the admin who created it (its maker) may do now: if the maker loses those permissions, the token
// stops working. With a token, a program can export the configuration as a parley.yaml and apply a changed one.
type tokensDesk struct{ o Options }

// Tokens returns the tokens. Idle are valid tokens that don't work now because their maker has lost the permissions.
func (d *tokensDesk) Tokens(ctx context.Context) ([]settings.Token, error) {
	rows, err := store.APITokens(ctx, d.o.Pool, maxTokens)
	if err != nil {
		return nil, err
	}

	list := make([]settings.Token, len(rows))
	makers := map[store.AgentID]web.Person{}
	for i, r := range rows {
		_, isKnown := makers[r.Agent]
		if !isKnown && !r.Ended {
			maker, err := people{d.o.Pool, d.o.Inbox}.Person(ctx, r.Agent)
			if err != nil && !errors.Is(err, web.ErrNobody) {
				return nil, err
			}
			makers[r.Agent] = maker // if the maker no longer exists, a Person without permissions
		}

		list[i] = settings.Token{
			ID:      r.ID,
			Name:    r.Name,
			Scope:   r.Scope,
			By:      r.Author,
			Expires: r.Expires,
			Used:    r.Used,
			Ended:   r.Ended,
			Idle:    !r.Ended && !web.Scope(r.Scope).OpenTo(makers[r.Agent]),
		}
	}

	return list, nil
}

// Make creates a token that is valid for a number of days. It returns the token's secret, which can't be read later, or
// tokens.ErrTooMany.
func (d *tokensDesk) Make(ctx context.Context, by web.Person, name string, scope web.Scope, days int) (secret string, err error) {
	err = store.InTx(ctx, d.o.Pool, func(tx pgx.Tx) error {
		token := store.APIToken{Name: name, Scope: string(scope), Agent: by.ID}
		secret, err = store.MakeAPIToken(ctx, tx, d.o.Sealer, token, time.Duration(days)*24*time.Hour)
		if err != nil {
			return err
		}
		return logChange(ctx, tx, by, fmt.Sprintf("+ API token %s: %s, %d days", name, scope, days))
	})
	if errors.Is(err, store.ErrTooManyAPITokens) {
		err = settings.ErrTooMany
	}
	return secret, err
}

// Revoke ends a token. It returns settings.ErrNoToken if there is no such valid token.
func (d *tokensDesk) Revoke(ctx context.Context, by web.Person, id int64) error {
	err := store.InTx(ctx, d.o.Pool, func(tx pgx.Tx) error {
		name, err := store.RevokeAPIToken(ctx, tx, id)
		if err != nil {
			return err
		}
		return logChange(ctx, tx, by, "- API token "+name+": revoked")
	})
	if errors.Is(err, store.ErrNoAPIToken) {
		return settings.ErrNoToken
	}
	return err
}

// findHolder returns the token with a secret and its maker, or web.ErrNoToken. It authenticates API requests (web.Options).
func (o Options) findHolder(ctx context.Context, secret string) (web.Holder, error) {
	t, err := store.FindAPIToken(ctx, o.Pool, o.Sealer, secret)
	if errors.Is(err, store.ErrNoAPIToken) {
		return web.Holder{}, web.ErrNoToken
	}
	if err != nil {
		return web.Holder{}, err
	}
	maker, err := people{o.Pool, o.Inbox}.Person(ctx, t.Agent)
	if errors.Is(err, web.ErrNobody) {
		err = web.ErrNoToken
	}
	return web.Holder{Token: t.ID, Name: t.Name, Scope: web.Scope(t.Scope), Maker: maker}, err
}

// Export returns the configuration as a parley.yaml without secrets. When the file is applied, stored secrets are kept.
func (d *tokensDesk) Export(ctx context.Context) ([]byte, error) {
	public := slices.Clone(d.o.Specs) // the channels without their secret fields
	for i := range public {
		public[i].Fields = slices.DeleteFunc(slices.Clone(public[i].Fields), func(f channels.Field) bool { return f.Secret })
	}
	return setup.Export(ctx, d.o.Pool, public)
}

// Apply applies a parley.yaml, or only plans the changes if a.Dry is set, and returns a description of the changes. It doesn't
// expand variables such as ${HOME} in the file, because the file's author must not be able to read this server's
// environment. It returns tokens.Refused for an invalid file.
func (d *tokensDesk) Apply(ctx context.Context, by web.Person, a settings.Application) (string, error) {
	file, err := setup.Parse(a.File, func(string) (string, bool) { return "", false })
	if err != nil {
		return "", settings.Refused(err.Error())
	}

	o := d.o.saveOptions(setup.Author{Agent: &by.ID, Name: by.Email, Token: a.Token})
	o.Prune = a.Prune
	run := setup.Apply
	if a.Dry {
		run = setup.Plan
	}

	result, err := run(ctx, d.o.Pool, file, o)
	if faults, ok := errors.AsType[setup.Faults](err); ok {
		return "", settings.Refused(faults.Error())
	}
	if err != nil {
		return "", err
	}

	return result.Text(), nil
}
