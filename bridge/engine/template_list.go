package engine

import (
	"context"
	"slices"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// This file lists message templates for the agents' chats. A template is a text with variables, such as "Hello {{first_name}}", that
// a provider has approved. Some providers accept only templates once the reply window is closed: in WhatsApp, when the customer has not
// written for a day. Agents choose a template in a form, and see all of them in a list.

// Templates returns templates with the known values of their variables. If which names a conversation, they are those that can be sent
// in it now; otherwise they are those of one account, or of all accounts. It returns a *bridge.Problem, worded for people, if the user
// may not list templates or may not use the account, and bridge.ErrNoConversation if the conversation doesn't exist.
func (d *Desk) Templates(ctx context.Context, which bridge.TemplatesFor, user store.SurfaceUser) (bridge.Templates, error) {
	agent := d.agentOf(user)
	if problem := d.e.reading.Verbs.Authorize(agent, bridge.VerbTemplates); problem != nil {
		return bridge.Templates{}, problem
	}

	var found bridge.Templates
	var err error
	if which.Conversation != 0 {
		found, err = d.fittingTemplates(ctx, which.Conversation, user)
	} else {
		found, err = d.accountTemplates(ctx, which, agent)
	}
	if err != nil {
		return bridge.Templates{}, err
	}

	const anyAccount = 0 // not the time zone of one account, because templates of several may be listed
	found.Zone = d.e.directory.Load().Zone(agent, anyAccount)
	found.Admin = agent.IsAdmin()
	return found, nil
}

// fittingTemplates returns the templates that can be sent in a conversation now. If there are none, the result says why.
func (d *Desk) fittingTemplates(ctx context.Context, id bridge.ConversationID, user store.SurfaceUser) (bridge.Templates, error) {
	facts, err := d.Facts(ctx, id, user)
	if err != nil {
		return bridge.Templates{}, err
	}
	list, err := d.e.reading.FittingTemplates(ctx, d.e.pool, facts)
	if err != nil {
		return bridge.Templates{}, err
	}

	found := bridge.Templates{List: list, Known: KnownValues(facts, d.e.directory.Load().Company)}
	if len(list) == 0 {
		found.None = NoTemplate(facts)
	}
	return found, nil
}

// accountTemplates returns the templates of one account, or of all accounts that the agent may read, and the names of these accounts.
// It returns a *bridge.Problem if the account doesn't exist, or if the agent may not read it.
func (d *Desk) accountTemplates(ctx context.Context, which bridge.TemplatesFor, agent *store.Agent) (bridge.Templates, error) {
	dir := d.e.directory.Load()

	// An account with its own chat channel is closed to agents who aren't in that channel. AskAudiences refreshes the cached members,
	// because the agent may just have joined; As uses only the cache.
	d.e.reading.AskAudiences(ctx, agent)
	reader := d.e.reading.As(agent)

	account := dir.AccountNamed(which.Account) // nil means all accounts, if which names none
	isClosed := account != nil && reader.Shuts(account.ID)
	if which.Account != "" && (account == nil || isClosed) {
		return bridge.Templates{}, &bridge.Problem{Code: "no_account", Text: "There is no account " + which.Account + "."}
	}

	list, err := d.e.reading.Templates(ctx, d.e.pool, reader, account)
	if err != nil {
		return bridge.Templates{}, err
	}
	if which.Use != "" {
		list = slices.DeleteFunc(list, func(t bridge.Template) bool { return !isApprovedFor(t, which.Use) })
	}

	found := bridge.Templates{
		List:  list,
		Known: KnownValues(bridge.Facts{Viewer: dir.Ref(d.account, agent.ID)}, dir.Company),
	}
	for _, a := range dir.Accounts {
		if a.Side == store.SideChannel && !reader.Shuts(a.ID) {
			found.Accounts = append(found.Accounts, a.Name)
		}
	}
	return found, nil
}

// isApprovedFor reports whether a template may be sent for a use, such as bridge.TemplateStart.
func isApprovedFor(t bridge.Template, use string) bool {
	return t.Status == string(channels.TemplateApproved) && slices.Contains(t.Uses, use)
}
