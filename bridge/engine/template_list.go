package engine

import (
	"context"
	"slices"

	"parley/bridge"
	"parley/bridge/engine/permission"
	"parley/bridge/engine/reading"
	"parley/channels"
	"parley/store"
)

// Templates returns templates for pickers and lists, and the known values of their
// variables. Errors as Facts.
func (d *Desk) Templates(ctx context.Context, which bridge.TemplatesFor, user string) (bridge.Templates, error) {
	agent, dir := d.agentOf(user), d.e.directory.Load()
	if problem := permission.Authorize(agent, bridge.VerbTemplates); problem != nil {
		return bridge.Templates{}, problem
	}

	out := bridge.Templates{Zone: dir.Zone(agent, 0), Admin: agent.IsAdmin()}
	if which.Conversation != 0 {
		f, err := d.Facts(ctx, which.Conversation, user)
		if err != nil {
			return out, err
		}

		out.Known = reading.KnownValues(f, dir.Company)
		out.List, err = d.e.reading.FittingTemplates(ctx, d.e.pool, f)
		if len(out.List) == 0 {
			out.None = reading.NoTemplate(f)
		}
		return out, err
	}

	d.e.reading.AskAudiences(ctx, agent)
	reader := d.e.reading.As(agent)
	account := dir.AccountNamed(which.Account)
	isClosed := account != nil && slices.Contains(reader.Closed, account.ID)
	if which.Account != "" && (account == nil || isClosed) {
		return out, &bridge.Problem{Code: "no_account", Text: "There is no account " + which.Account + "."}
	}

	var err error
	out.List, err = d.e.reading.Templates(ctx, d.e.pool, reader, account)
	out.Known = reading.KnownValues(bridge.Facts{Viewer: dir.Ref(d.account, agent.ID)}, dir.Company)
	if which.Use != "" {
		out.List = slices.DeleteFunc(out.List, func(t bridge.Template) bool {
			return t.Status != string(channels.TemplateApproved) || !slices.Contains(t.Uses, which.Use)
		})
	}

	for _, a := range dir.Accounts {
		if a.Side == store.SideChannel && !slices.Contains(reader.Closed, a.ID) {
			out.Accounts = append(out.Accounts, a.Name)
		}
	}

	return out, err
}
