package engine

import (
	"cmp"
	"context"
	"slices"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// Templates gives templates for pickers and lists, and the known values of their
// variables. Errors as Facts.
func (d *Desk) Templates(ctx context.Context, which bridge.TemplatesFor, user string) (bridge.Templates, error) {
	agent, dir := d.agent(user), d.e.directory.Load()
	if problem := Authorize(agent, bridge.VerbTemplates, nil); problem != nil {
		return bridge.Templates{}, problem
	}
	out := bridge.Templates{Zone: dir.Zone(agent), Admin: slices.Contains(agent.Roles, "admin")}
	var err error
	switch {
	case which.Conversation != 0:
		f, err := d.Facts(ctx, which.Conversation, user)
		if err != nil {
			return out, err
		}
		out.Known = knownValues(f, dir.Company)
		if out.List, err = d.e.fitting(ctx, d.e.pool, f); len(out.List) == 0 {
			out.None = noneFits(f)
		}
		return out, err
	default:
		account := dir.AccountNamed(which.Account)
		if account == nil && which.Account != "" {
			return out, &bridge.Problem{Code: "no_account", Text: "There is no account " + which.Account + "."}
		}
		out.List, err = d.e.templates(ctx, d.e.pool, account)
		out.Known = knownValues(bridge.Facts{Viewer: dir.Ref(d.account, agent.ID)}, dir.Company)
	}
	if which.Use != "" {
		out.List = slices.DeleteFunc(out.List, func(t bridge.Template) bool {
			return t.Status != string(channels.TemplateApproved) || !slices.Contains(t.Uses, which.Use)
		})
	}
	for _, a := range dir.Accounts {
		if a.Side == "channel" {
			out.Accounts = append(out.Accounts, a.Name)
		}
	}
	return out, err
}

// templates reads the templates of an account, nil = of all, by name.
func (e *Engine) templates(ctx context.Context, q store.Querier, account *store.Account) ([]bridge.Template, error) {
	var id int64
	if account != nil {
		id = account.ID
	}
	rows, err := store.ListTemplates(ctx, q, id)
	if err != nil {
		return nil, err
	}
	dir := e.directory.Load()
	var list []bridge.Template
	for _, row := range rows {
		if a := dir.Account(row.AccountID); a != nil {
			list = append(list, templateFacts(row, a.Name))
		}
	}
	slices.SortStableFunc(list, func(a, b bridge.Template) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Name, b.Name))
	})
	return list, nil
}

// fitting gives the templates that may be sent in a conversation now.
func (e *Engine) fitting(ctx context.Context, q store.Querier, f bridge.Facts) ([]bridge.Template, error) {
	account := e.directory.Load().AccountNamed(f.Account)
	if account == nil {
		return nil, nil
	}
	ch := e.Channel(account.ID)
	if ch != nil && f.WindowClosed && !ch.Capabilities().Templates {
		return nil, nil // nothing at all may be sent now
	}
	list, err := e.templates(ctx, q, account)
	return slices.DeleteFunc(list, func(t bridge.Template) bool { return !t.Fits(!f.WindowClosed) }), err
}

// noneFits says why no template can be sent in a conversation.
func noneFits(f bridge.Facts) string {
	if !f.WindowClosed {
		return f.Account + " has no approved template for replies yet."
	}
	return f.Account + " has no approved template for the time after the reply window yet."
}
