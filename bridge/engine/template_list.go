package engine

import (
	"context"
	"slices"

	"parley/bridge"
	"parley/bridge/engine/reading"
	"parley/channels"
	"parley/store"
)

// This file lists templates for the agents' chats. A template is a text with variables that a provider has approved.
// In some channels, only templates may be sent once the reply window is closed: when the customer has not written for
// a day, in WhatsApp. Agents choose one in a form, and see all of them in a list.

// Templates returns the templates that a user of this chat may choose from or look at, with the known values of their
// variables. It returns those for a conversation if which names one, and else those of accounts.
// Errors: *bridge.Problem, if the user may not list templates, or if there is no such account for the user; those of
// Facts; the database's.
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

	const anyAccount = 0 // the time zone of an account doesn't count, because templates of several are listed
	found.Zone = d.e.directory.Load().Zone(agent, anyAccount)
	found.Admin = agent.IsAdmin()
	return found, nil
}

// fittingTemplates returns the templates that can be sent in a conversation now, or the reason why there are none.
// Errors: those of Facts; the database's.
func (d *Desk) fittingTemplates(ctx context.Context, id bridge.ConversationID, user store.SurfaceUser) (bridge.Templates, error) {
	facts, err := d.Facts(ctx, id, user)
	if err != nil {
		return bridge.Templates{}, err
	}
	list, err := d.e.reading.FittingTemplates(ctx, d.e.pool, facts)
	if err != nil {
		return bridge.Templates{}, err
	}

	found := bridge.Templates{List: list, Known: reading.KnownValues(facts, d.e.directory.Load().Company)}
	if len(list) == 0 {
		found.None = reading.NoTemplate(facts)
	}
	return found, nil
}

// accountTemplates returns the templates of one account, or of all accounts that are open to an agent, and the names
// of the accounts that are open to the agent.
// Errors: *bridge.Problem, if there is no such account or if it is closed to the agent; the database's.
func (d *Desk) accountTemplates(ctx context.Context, which bridge.TemplatesFor, agent *store.Agent) (bridge.Templates, error) {
	dir := d.e.directory.Load()

	// Conversations in a private channel of a chat are closed to agents who aren't in it, and so are its accounts.
	// The chats are asked first, so that As, which asks nobody, knows of an agent who has just joined such a channel.
	d.e.reading.AskAudiences(ctx, agent)
	reader := d.e.reading.As(agent)

	account := dir.AccountNamed(which.Account) // nil if which names none
	isClosed := account != nil && slices.Contains(reader.Closed, account.ID)
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
		Known: reading.KnownValues(bridge.Facts{Viewer: dir.Ref(d.account, agent.ID)}, dir.Company),
	}
	for _, a := range dir.Accounts {
		if a.Side == store.SideChannel && !slices.Contains(reader.Closed, a.ID) {
			found.Accounts = append(found.Accounts, a.Name)
		}
	}
	return found, nil
}

// isApprovedFor reports whether a template may be sent for a use, such as bridge.TemplateStart.
func isApprovedFor(t bridge.Template, use string) bool {
	return t.Status == string(channels.TemplateApproved) && slices.Contains(t.Uses, use)
}
