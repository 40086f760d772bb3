package site

import (
	"context"
	"errors"

	"parley/bot/web/openid"
	"parley/bot/web/signin"
	"parley/store"
	"parley/store/site"
)

// openidDesk implements openid.Desk.
type openidDesk struct{ o Options }

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
		surface = "teams" // openid let in people of our tenant only
	case openid.Any:
	}

	person, err := site.FindPersonByUser(ctx, d.o.Pool, surface, store.SurfaceUser(who.User), who.Mail)
	if errors.Is(err, site.ErrNoPerson) {
		return 0, openid.ErrNoAgent
	}

	return person.ID, err
}

// providerButtons are the providers as the sign-in page shows them.
func providerButtons(list func() []openid.Config) func() []signin.Provider {
	return func() (all []signin.Provider) {
		for _, c := range list() {
			all = append(all, signin.Provider{Name: c.Name, Path: openid.Begin(c.Kind)})
		}
		return all
	}
}
