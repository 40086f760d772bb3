package site

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bot/web"
	"parley/bot/web/tokens"
	"parley/bridge/setup"
	"parley/channels"
	"parley/store"
	"parley/store/apitoken"
)

// maxTokens is how many tokens are shown: all valid ones, and some that have ended.
const maxTokens = 2 * apitoken.Most

// tokensDesk implements tokens.Desk: it stores the API tokens that admins make on the site for their own programs.
type tokensDesk struct{ o Options }

func (d *tokensDesk) Tokens(ctx context.Context) ([]tokens.Token, error) {
	rows, err := apitoken.List(ctx, d.o.Pool, maxTokens)
	if err != nil {
		return nil, err
	}

	list := make([]tokens.Token, len(rows))
	makers := map[store.AgentID]web.Person{}
	for i, r := range rows {
		_, isKnown := makers[r.Agent]
		if !isKnown && !r.Ended {
			maker, err := people{d.o.Pool, d.o.Inbox}.Person(ctx, r.Agent)
			if err != nil && !errors.Is(err, web.ErrNobody) {
				return nil, err
			}
			makers[r.Agent] = maker // without rights if there is nobody
		}

		list[i] = tokens.Token{
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

func (d *tokensDesk) Make(ctx context.Context, by web.Person, name string, scope web.Scope, days int) (secret string, err error) {
	err = store.InTx(ctx, d.o.Pool, func(tx pgx.Tx) error {
		token := apitoken.Token{Name: name, Scope: string(scope), Agent: by.ID}
		secret, err = apitoken.Make(ctx, tx, d.o.Sealer, token, time.Duration(days)*24*time.Hour)
		if err != nil {
			return err
		}
		return logChange(ctx, tx, by, fmt.Sprintf("+ API token %s: %s, %d days", name, scope, days))
	})
	if errors.Is(err, apitoken.ErrTooMany) {
		err = tokens.ErrTooMany
	}
	return secret, err
}

func (d *tokensDesk) Revoke(ctx context.Context, by web.Person, id int64) error {
	err := store.InTx(ctx, d.o.Pool, func(tx pgx.Tx) error {
		name, err := apitoken.Revoke(ctx, tx, id)
		if err != nil {
			return err
		}
		return logChange(ctx, tx, by, "- API token "+name+": revoked")
	})
	if errors.Is(err, apitoken.ErrNone) {
		return tokens.ErrNone
	}
	return err
}

// findHolder finds who holds a token, for web.Options.
func (o Options) findHolder(ctx context.Context, secret string) (web.Holder, error) {
	t, err := apitoken.Find(ctx, o.Pool, o.Sealer, secret)
	if errors.Is(err, apitoken.ErrNone) {
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

// Export implements tokens.Desk. It leaves out secrets: when the file is applied, the stored ones stay.
func (d *tokensDesk) Export(ctx context.Context) ([]byte, error) {
	open := slices.Clone(d.o.Specs)
	for i := range open {
		open[i].Fields = slices.DeleteFunc(slices.Clone(open[i].Fields), func(f channels.Field) bool { return f.Secret })
	}
	return setup.Export(ctx, d.o.Pool, open)
}

// Apply implements tokens.Desk. Variables in the file are not replaced: it must not read this machine's environment.
func (d *tokensDesk) Apply(ctx context.Context, by web.Person, a tokens.Application) (string, error) {
	file, err := setup.Parse(a.File, func(string) (string, bool) { return "", false })
	if err != nil {
		return "", tokens.Refused(err.Error())
	}

	o := d.o.saveOptions(setup.Author{Agent: &by.ID, Name: by.Email, Token: a.Token})
	o.Prune = a.Prune
	run := setup.Apply
	if a.Dry {
		run = setup.Plan
	}

	result, err := run(ctx, d.o.Pool, file, o)
	if faults, ok := errors.AsType[setup.Faults](err); ok {
		return "", tokens.Refused(faults.Error())
	}
	if err != nil {
		return "", err
	}

	return result.Text(), nil
}
