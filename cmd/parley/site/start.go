package site

import (
	"context"

	"parley/bot/slack"
	"parley/bot/teams/manifest"
	"parley/bot/web"
	"parley/bot/web/start"
	"parley/bridge/setup"
	"parley/channels"
	"parley/store"
	"parley/store/stats"
)

// startDesk implements start.Desk.
type startDesk struct{ o Options }

// Progress implements start.Desk.
func (d *startDesk) Progress(ctx context.Context) (start.Progress, error) {
	var p start.Progress
	directory, err := store.LoadDirectory(ctx, d.o.Pool)
	if err != nil {
		return p, err
	}
	entries, err := setup.Entries(ctx, d.o.Pool, d.o.Specs)
	if err != nil {
		return p, err
	}
	seen, err := stats.LatestEvents(ctx, d.o.Pool)
	if err != nil {
		return p, err
	}
	for _, chat := range d.o.Chats {
		c := start.Chat{Kind: chat.Kind, Name: chat.Name}
		for _, a := range directory.Accounts {
			if a.Side == store.SideSurface && a.Kind == chat.Kind && a.Status != string(channels.Active) {
				c.Text, c.Hint = a.StatusText, a.StatusHint
			}
		}
		p.Chats = append(p.Chats, c)
	}
	for _, e := range entries {
		switch e.Kind {
		case setup.EntryAgent:
			p.Agents++
			if e.Value("slack")+e.Value("teams") == "" {
				p.Lost = append(p.Lost, start.Agent{Email: e.Name, Version: e.Version})
			}
		case setup.EntryTeam:
			p.Teams = append(p.Teams, start.Team{Name: e.Name, Version: e.Version, Placed: e.Value("slack_channel")+e.Value("teams_channel") != ""})
		case setup.EntryAccount:
			a := start.Account{Name: e.Name, Address: e.Value("email.address"), Mode: e.Value("mode")}
			for _, row := range directory.Accounts {
				if row.Name == e.Name {
					a.Since = seen[row.ID]
				}
			}
			p.Accounts = append(p.Accounts, a)
		}
	}
	return p, nil
}

// SlackManifest implements start.Desk. Socket Mode works everywhere, also where Slack can't reach Parley.
func (d *startDesk) SlackManifest() ([]byte, error) {
	return slack.Manifest(slack.ManifestOptions{})
}

// TeamsPackage implements start.Desk.
func (d *startDesk) TeamsPackage(appID string) ([]byte, error) {
	return manifest.Package(manifest.Options{AppID: appID, Name: "Parley", PublicURL: d.o.BaseURL, Version: "1.0.0"})
}

// CheckSlack implements start.Desk.
func (d *startDesk) CheckSlack(ctx context.Context, botToken, appToken string) []start.Finding {
	if d.o.CheckSlack == nil {
		return []start.Finding{{What: "Slack", Text: "can't be asked from here.", Hint: "Use parley doctor."}}
	}
	var list []start.Finding
	for _, f := range d.o.CheckSlack(ctx, botToken, appToken) {
		list = append(list, start.Finding{OK: f.OK, What: f.What, Text: f.Text, Hint: f.Hint})
	}
	return list
}

// Save implements start.Desk.
func (d *startDesk) Save(ctx context.Context, by web.Person, c setup.Change) (setup.Result, error) {
	return setup.Save(ctx, d.o.Pool, c, d.o.setup(setup.Author{Agent: &by.ID, Name: by.Email}))
}
