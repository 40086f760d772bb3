package site

import (
	"context"
	"errors"

	"parley/bot/web/openid"
	"parley/store"
)

// openidDesk implements openid.Desk: it finds the agent whom an OpenID Connect provider, such as Slack, has identified.
type openidDesk struct{ o Options }

// Agent returns the agent with a provider's user id or, if none has it, with the email address that the provider states.
// People of other Slack workspaces get openid.ErrOtherOrganisation, and people who aren't agents openid.ErrNoAgent.
func (d *openidDesk) Agent(ctx context.Context, who openid.Identity) (store.AgentID, error) {
	surface := ""
	switch who.Kind {
	case openid.Slack:
		team, err := d.o.Chats.SlackTeam(ctx)
		if err != nil {
			return 0, err
		}
		if who.Organisation != team || team == "" {
			return 0, openid.ErrOtherOrganisation
		}

		surface = "slack"
	case openid.Microsoft:
		surface = "teams" // package openid has already checked the Microsoft tenant
	case openid.Any:
	}

	person, err := store.FindPersonByUser(ctx, d.o.Pool, surface, store.SurfaceUser(who.User), who.Mail)
	if errors.Is(err, store.ErrNoPerson) {
		return 0, openid.ErrNoAgent
	}

	return person.ID, err
}

// providerButtons returns a function that lists the configured providers for the buttons on the sign-in page.
func providerButtons(list func() []openid.Config) func() []openid.Provider {
	return func() (all []openid.Provider) {
		for _, c := range list() {
			all = append(all, openid.Provider{Name: c.Name, Path: openid.Begin(c.Kind)})
		}
		return all
	}
}
