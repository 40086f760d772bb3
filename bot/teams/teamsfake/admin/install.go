package admin

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"parley/bot/teams/teamsfake/delivery"
	"parley/bot/teams/teamsfake/tenant"
)

// Connect sets the address at which the bot listens, such as http://127.0.0.1:3978/teams/messages, and installs the
// app in every team. It returns when the bot has taken the activities about that.
// Errors: a malformed address, an activity that the bot refused, ctx's.
func (s *Administrator) Connect(ctx context.Context, endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return fmt.Errorf("teamsfake: endpoint %q isn't an address", endpoint)
	}
	s.activities.SetEndpoint(endpoint)
	s.Mu.Lock()
	teams := slices.Clone(s.org.TeamIDs)
	s.Mu.Unlock()
	return s.Install(ctx, teams...)
}

// Install installs the app in teams. It returns when the bot has taken the activities about that.
// Errors: an unknown team, an activity that the bot refused, ctx's.
func (s *Administrator) Install(ctx context.Context, teams ...string) error {
	return s.changeInstallation(ctx, "add", true, teams)
}

// Upgrade installs a newer version of the app in teams. It waits as Install does.
func (s *Administrator) Upgrade(ctx context.Context, teams ...string) error {
	return s.changeInstallation(ctx, "upgrade", true, teams)
}

// Uninstall removes the app from teams. It waits as Install does.
func (s *Administrator) Uninstall(ctx context.Context, teams ...string) error {
	return s.changeInstallation(ctx, "remove", false, teams)
}

// changeInstallation installs the app in teams, or removes it, and waits until the bot has taken the activities.
// action is the word for it in the installationUpdate.
func (s *Administrator) changeInstallation(ctx context.Context, action string, installed bool, teams []string) error {
	sent, err := s.setInstalled(action, installed, teams)
	if err != nil {
		return err
	}
	for _, d := range sent { // without the lock: the bot may ask Teams before it takes an event
		if err := s.activities.Wait(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// setInstalled is changeInstallation without the wait. It returns what was sent to the bot.
func (s *Administrator) setInstalled(action string, installed bool, teams []string) ([]*delivery.Delivery, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var sent []*delivery.Delivery
	for _, id := range teams {
		if s.org.Teams[id] == nil {
			return nil, fmt.Errorf("teamsfake: no team %q", id)
		}

		wasInstalled := s.org.Teams[id].Installed
		s.org.Teams[id].Installed = installed
		s.Note(tenant.Change{Kind: "team", ID: id})
		if wasInstalled != installed {
			s.org.PutLocked(s.org.Channels[id], &tenant.Message{ID: s.NextMessage(), At: s.Now(), System: true})
			sent = append(sent, s.announcer.TellRoster(s.org.Channels[id], installed, s.Opt.BotID()))
		}

		sent = append(sent, s.announcer.TellInstallation(s.org.Channels[id], action))
	}

	return sent, nil
}
