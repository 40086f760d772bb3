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

// Templates returns templates for pickers and lists, and the known values of their variables.
// Errors: *bridge.Problem (who may not list templates, an unknown or closed account), those of Facts for a conversation; the database's.
func (d *Desk) Templates(ctx context.Context, which bridge.TemplatesFor, user string) (bridge.Templates, error) {
	agent, dir := d.agentOf(user), d.e.directory.Load()
	if problem := permission.Authorize(agent, bridge.VerbTemplates); problem != nil {
		return bridge.Templates{}, problem
	}

	const noAccount = 0 // an agent without a zone has that of no certain account
	out := bridge.Templates{Zone: dir.Zone(agent, noAccount), Admin: agent.IsAdmin()}
	var err error
	if which.Conversation != 0 {
		err = d.addFittingTemplates(ctx, &out, which.Conversation, user)
	} else {
		err = d.addTemplates(ctx, &out, which, agent)
	}
	return out, err
}

// addFittingTemplates adds the templates that can be sent in a conversation now, or why there are none.
func (d *Desk) addFittingTemplates(ctx context.Context, out *bridge.Templates, conversation bridge.ConversationID, user string) error {
	f, err := d.Facts(ctx, conversation, user)
	if err != nil {
		return err
	}

	out.Known = reading.KnownValues(f, d.e.directory.Load().Company)
	out.List, err = d.e.reading.FittingTemplates(ctx, d.e.pool, f)
	if len(out.List) == 0 {
		out.None = reading.NoTemplate(f)
	}
	return err
}

// addTemplates adds the templates of an account, or of all accounts that are open to an agent, and the names of these accounts.
func (d *Desk) addTemplates(ctx context.Context, out *bridge.Templates, which bridge.TemplatesFor, agent *store.Agent) error {
	dir := d.e.directory.Load()
	d.e.reading.AskAudiences(ctx, agent) // As goes by the answers
	reader := d.e.reading.As(agent)
	account := dir.AccountNamed(which.Account)
	isClosed := account != nil && slices.Contains(reader.Closed, account.ID)
	if which.Account != "" && (account == nil || isClosed) {
		return &bridge.Problem{Code: "no_account", Text: "There is no account " + which.Account + "."}
	}

	list, err := d.e.reading.Templates(ctx, d.e.pool, reader, account)
	if err != nil {
		return err
	}

	out.List = list
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

	return nil
}
