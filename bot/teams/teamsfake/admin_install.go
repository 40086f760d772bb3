package teamsfake

import (
	"context"
	"fmt"
	"net/url"
	"slices"
)

// This file of the Teams emulator installs the bot's app in teams and removes it. Real Teams tells the bot by activities
// (events), and so does the emulator: a conversationUpdate when the bot becomes or stops being a member of the team, and
// an installationUpdate. The methods return when the bot has accepted these.

// Connect sets the address at which the bot listens, such as http://127.0.0.1:3978/teams/messages, and installs the app
// in each team.
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

// Install installs the app in teams.
// Errors: an unknown team, an activity that the bot refused, ctx's.
func (s *Administrator) Install(ctx context.Context, teams ...string) error {
	return s.changeInstallation(ctx, actionAdd, teams)
}

// Upgrade installs a newer version of the app in teams.
// Errors: as Install.
func (s *Administrator) Upgrade(ctx context.Context, teams ...string) error {
	return s.changeInstallation(ctx, actionUpgrade, teams)
}

// Uninstall removes the app from teams.
// Errors: as Install.
func (s *Administrator) Uninstall(ctx context.Context, teams ...string) error {
	return s.changeInstallation(ctx, actionRemove, teams)
}

// Actions of an installationUpdate.
const (
	actionAdd     = "add"
	actionUpgrade = "upgrade"
	actionRemove  = "remove"
)

// changeInstallation changes the installation in teams, and waits until the bot has accepted the activities.
func (s *Administrator) changeInstallation(ctx context.Context, action string, teams []string) error {
	sent, err := s.setInstalled(action, teams)
	if err != nil {
		return err
	}
	for _, d := range sent { // without the lock, because the bot may make requests before it accepts an activity
		if err := s.activities.Wait(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// setInstalled is changeInstallation without the wait. It returns the activities that it sends to the bot.
func (s *Administrator) setInstalled(action string, teams []string) ([]*Delivery, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	isInstalled := action != actionRemove
	var sent []*Delivery
	for _, id := range teams {
		team, general := s.org.Teams[id], s.org.Channels[id] // the General channel has the id of its team
		if team == nil {
			return nil, fmt.Errorf("teamsfake: no team %q", id)
		}

		wasInstalled := team.Installed
		team.Installed = isInstalled
		s.Note(Change{Kind: "team", ID: id})
		if wasInstalled != isInstalled {
			s.org.PutLocked(general, &Message{ID: s.NextMessage(), At: s.Now(), System: true})
			sent = append(sent, s.announcer.TellRoster(general, isInstalled, s.Opt.BotID()))
		}

		sent = append(sent, s.announcer.TellInstallation(general, action))
	}

	return sent, nil
}
