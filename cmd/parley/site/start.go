package site

import (
	"context"
	"strings"

	"parley/bot/slack"
	"parley/bot/teams"
	"parley/bot/web"
	"parley/bot/web/settings"
	"parley/bridge/setup"
	"parley/store"
)

// startDesk implements start.Desk, the interface through which the "First steps" page reaches the database and the chats. The
// page guides an admin from an empty installation to the first customer's mail in a thread: connect Slack or Teams, add
// agents and teams, connect a mailbox. This file reports the progress and generates the app manifests; connect.go
// connects the chats, and members.go finds a team's agents.
type startDesk struct {
	o     Options
	cache *setupCache
}

// Progress returns the state of each step. Lost are agents who aren't linked to a user in Slack or Teams. Endpoint is the URL
// for Teams' requests, which is empty unless the site uses https, as Teams requires.
func (d *startDesk) Progress(ctx context.Context) (settings.Progress, error) {
	var p settings.Progress
	directory, err := d.cache.Directory(ctx)
	if err != nil {
		return p, err
	}

	entries, err := d.cache.Entries(ctx)
	if err != nil {
		return p, err
	}

	if p.Arrived, err = store.HasConversation(ctx, d.o.Pool); err != nil {
		return p, err
	}
	if p.Chats, err = d.listChats(ctx, directory); err != nil {
		return p, err
	}
	if strings.HasPrefix(d.o.BaseURL, "https://") {
		p.Endpoint = d.o.BaseURL + "/teams/messages"
	}

	for _, e := range entries {
		switch e.Kind {
		case setup.EntryAgent:
			p.Agents++
			if e.Value("slack")+e.Value("teams") == "" {
				p.Lost = append(p.Lost, settings.Agent{Email: e.Name, Version: e.Version})
			}
		case setup.EntryTeam:
			team, err := d.teamProgress(ctx, directory, e)
			if err != nil {
				return p, err
			}
			p.Teams = append(p.Teams, team)
		case setup.EntryAccount:
			p.Accounts = append(p.Accounts, settings.Account{
				Name:       e.Name,
				Address:    e.Value("email.address"),
				Mode:       e.Value("mode"),
				Team:       e.Value("team"),
				HasChannel: e.Value("slack_channel")+e.Value("teams_channel") != "",
				Paused:     e.Value("paused") == "true",
			})
		}
	}

	return p, nil
}

// SlackManifest returns the manifest of the Slack app. It uses Socket Mode, which doesn't require that Slack can reach Parley.
// If the site has an https URL, the manifest also allows agents to sign in with Slack.
func (d *startDesk) SlackManifest() ([]byte, error) {
	var o slack.ManifestOptions
	if strings.HasPrefix(d.o.BaseURL, "https://") {
		o.PublicURL = d.o.BaseURL
	}
	return slack.JSON(o)
}

// TeamsPackage returns the zip file with which the app is installed in Teams. It requires that the site has an https URL.
func (d *startDesk) TeamsPackage(appID string) ([]byte, error) {
	if !strings.HasPrefix(d.o.BaseURL, "https://") {
		return nil, &web.Problem{
			Text: "Microsoft calls no address but one that begins with https.",
			Hint: "Whoever runs Parley gives it one.",
		}
	}
	return teams.Package(teams.ManifestOptions{AppID: appID, Name: "Parley", PublicURL: d.o.BaseURL, Version: "1.0.0"})
}

// ChatChannels returns the names of the channels that a connected chat tells.
func (d *startDesk) ChatChannels(ctx context.Context, chat string) []string {
	return d.o.chatChannels(ctx, chat)
}

// Save saves a change of one entry of the configuration, such as an agent.
func (d *startDesk) Save(ctx context.Context, by web.Person, c setup.Change) (setup.Result, error) {
	return d.o.save(ctx, by, c)
}
