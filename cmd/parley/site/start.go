package site

import (
	"context"
	"strings"

	slackmanifest "parley/bot/slack/manifest"
	"parley/bot/teams/manifest"
	"parley/bot/web"
	"parley/bot/web/start"
	"parley/bridge/setup"
	"parley/store/stats"
)

// startDesk implements start.Desk, for the page that leads an admin step by step from an empty Parley to the first
// customer's mail in a thread. Its methods are in this file and in connect.go.
type startDesk struct {
	o     Options
	cache *setupCache
}

func (d *startDesk) Progress(ctx context.Context) (start.Progress, error) {
	var p start.Progress
	directory, err := d.cache.Directory(ctx)
	if err != nil {
		return p, err
	}

	entries, err := d.cache.Entries(ctx)
	if err != nil {
		return p, err
	}

	if p.Arrived, err = stats.HasConversation(ctx, d.o.Pool); err != nil {
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
				p.Lost = append(p.Lost, start.Agent{Email: e.Name, Version: e.Version})
			}
		case setup.EntryTeam:
			team, err := d.teamProgress(ctx, directory, e)
			if err != nil {
				return p, err
			}
			p.Teams = append(p.Teams, team)
		case setup.EntryAccount:
			p.Accounts = append(p.Accounts, start.Account{
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

// SlackManifest implements start.Desk. Socket Mode works everywhere, also where Slack can't reach Parley. Agents can sign in by Slack
// where the site has an address of https.
func (d *startDesk) SlackManifest() ([]byte, error) {
	var o slackmanifest.Options
	if strings.HasPrefix(d.o.BaseURL, "https://") {
		o.PublicURL = d.o.BaseURL
	}
	return slackmanifest.JSON(o)
}

func (d *startDesk) TeamsPackage(appID string) ([]byte, error) {
	if !strings.HasPrefix(d.o.BaseURL, "https://") {
		return nil, &web.Problem{
			Text: "Microsoft calls no address but one that begins with https.",
			Hint: "Set PARLEY_PUBLIC_URL to that of this Parley, and start it again.",
		}
	}
	return manifest.Package(manifest.Options{AppID: appID, Name: "Parley", PublicURL: d.o.BaseURL, Version: "1.0.0"})
}

func (d *startDesk) Save(ctx context.Context, by web.Person, c setup.Change) (setup.Result, error) {
	return d.o.save(ctx, by, c)
}
