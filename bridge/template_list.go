package bridge

import (
	"cmp"
	"context"
	"slices"
	"time"

	"parley/channels"
	"parley/store"
)

// TemplatesFor says which templates are asked for.
type TemplatesFor struct {
	Conversation int64  // those that may be sent in it now, or
	Account      string // the approved ones of an account with this Use, or, when both are empty, all of all
	Use          string
}

// Templates is what forms and lists need of templates.
type Templates struct {
	List     []Template        // by name
	Known    map[string]string // values that are known for variables
	Accounts []string          // names of the accounts that may have templates
	None     string            // why List is empty, for people
	Zone     *time.Location
	Admin    bool // the viewer may change them
}

// Templates implements Desk.
func (d *desk) Templates(ctx context.Context, which TemplatesFor, user string) (Templates, error) {
	agent, dir := d.agent(user), d.e.directory.Load()
	if problem := Authorize(agent, VerbTemplates, nil); problem != nil {
		return Templates{}, problem
	}
	out := Templates{Zone: dir.zone(agent), Admin: slices.Contains(agent.Roles, "admin")}
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
		account := dir.accountNamed(which.Account)
		if account == nil && which.Account != "" {
			return out, &Problem{Code: "no_account", Text: "There is no account " + which.Account + "."}
		}
		out.List, err = d.e.templates(ctx, d.e.pool, account)
		out.Known = knownValues(Facts{Viewer: dir.ref(d.account, agent.ID)}, dir.Company)
	}
	if which.Use != "" {
		out.List = slices.DeleteFunc(out.List, func(t Template) bool {
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

func (d *directory) accountNamed(name string) *store.Account {
	for i := range d.Accounts {
		if d.Accounts[i].Name == name && d.Accounts[i].Side == "channel" {
			return &d.Accounts[i]
		}
	}
	return nil
}

// templates reads the templates of an account, nil = of all, by name.
func (e *Engine) templates(ctx context.Context, q store.Querier, account *store.Account) ([]Template, error) {
	var id int64
	if account != nil {
		id = account.ID
	}
	rows, err := store.ListTemplates(ctx, q, id)
	if err != nil {
		return nil, err
	}
	dir := e.directory.Load()
	var list []Template
	for _, row := range rows {
		if a := dir.accounts[row.AccountID]; a != nil {
			list = append(list, templateFacts(row, a.Name))
		}
	}
	slices.SortStableFunc(list, func(a, b Template) int { return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Name, b.Name)) })
	return list, nil
}

// fitting gives the templates that may be sent in a conversation now.
func (e *Engine) fitting(ctx context.Context, q store.Querier, f Facts) ([]Template, error) {
	account := e.directory.Load().accountNamed(f.Account)
	if account == nil {
		return nil, nil
	}
	ch := e.channel(account.ID)
	if ch != nil && f.WindowClosed && !ch.Capabilities().Templates {
		return nil, nil // nothing at all may be sent now
	}
	list, err := e.templates(ctx, q, account)
	return slices.DeleteFunc(list, func(t Template) bool { return !t.Fits(!f.WindowClosed) }), err
}

// noneFits says why no template can be sent in a conversation.
func noneFits(f Facts) string {
	if !f.WindowClosed {
		return f.Account + " has no approved template for replies yet."
	}
	return f.Account + " has no approved template for the time after the reply window yet."
}
