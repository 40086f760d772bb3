package site

import (
	"context"
	"strings"

	"parley/bot/web"
	"parley/bot/web/settings"
	"parley/bridge/setup"
	"parley/store"
	"parley/store/stats"
)

// ReconnectPath is the page to which an admin goes when an account of a channel is in trouble.
func ReconnectPath(channel, name string) string { return settings.ReconnectPath(channel, name) }

// settingsDesk implements settings.Desk: it gives the pages on which admins set Parley up the entries of the set-up
// (agents, teams, accounts, tags and so on), and saves their changes.
type settingsDesk struct {
	o     Options
	cache *setupCache
}

func (d *settingsDesk) Entries(ctx context.Context) ([]setup.Entry, error) {
	return d.cache.Entries(ctx)
}

func (d *settingsDesk) Fields(kind, channel string) []setup.Field {
	return setup.FieldsOf(kind, d.o.findSpec(channel))
}

func (d *settingsDesk) Channels() []settings.Channel {
	list := make([]settings.Channel, len(d.o.Specs))
	for i, s := range d.o.Specs {
		list[i] = settings.Channel{Kind: s.Kind, Name: s.Name, Letters: s.Signature == nil}
	}
	return list
}

func (d *settingsDesk) Save(ctx context.Context, by web.Person, c setup.Change) (setup.Result, error) {
	return d.o.save(ctx, by, c)
}

func (d *settingsDesk) States(ctx context.Context, viewer store.AgentID) (map[string]settings.State, error) {
	accounts, err := d.o.listAccountsFor(ctx, viewer)
	if err != nil {
		return nil, err
	}

	waiting, err := stats.Read(ctx, d.o.Pool)
	if err != nil {
		return nil, err
	}

	seen, err := stats.LatestEvents(ctx, d.o.Pool)
	if err != nil {
		return nil, err
	}

	states := map[string]settings.State{}
	for _, a := range accounts {
		s := settings.State{Status: a.Status, Text: a.StatusText, Hint: a.StatusHint, Activity: seen[a.ID]}
		for _, l := range waiting.Lanes {
			if l.AccountID == a.ID {
				s.Queued = int(l.Deliveries)
			}
		}

		for _, u := range waiting.Undecided {
			if u.AccountID == a.ID {
				s.Decide = u.N
			}
		}

		states[a.Name] = s
	}

	return states, nil
}

func (d *settingsDesk) Preview(ctx context.Context, channel, source string) (settings.Preview, error) {
	if spec := d.o.findSpec(channel); spec != nil && spec.Signature != nil {
		t, err := d.o.Signatures.Read(source)
		return settings.Preview{Text: strings.TrimSpace(spec.Signature(t.Markdown))}, err
	}
	html, err := d.o.Signatures.Preview(ctx, source, d.findStoredPicture)
	return settings.Preview{HTML: html}, err
}

func (d *settingsDesk) Embed(picture []byte) (string, error) { return d.o.Signatures.Embed(picture) }

func (d *settingsDesk) TemplateStates(ctx context.Context) (map[string]settings.TemplateState, error) {
	accounts, err := store.ListAccounts(ctx, d.o.Pool)
	if err != nil {
		return nil, err
	}

	names := map[store.AccountID]string{}
	for _, a := range accounts {
		names[a.ID] = a.Name
	}

	rows, err := store.ListTemplates(ctx, d.o.Pool, 0)
	if err != nil {
		return nil, err
	}

	states := map[string]settings.TemplateState{}
	for _, t := range rows {
		entry := setup.TemplateEntry(names[t.AccountID], t.Language, t.Name)
		states[entry] = settings.TemplateState{Status: t.Status, Reason: t.Reason, Waiting: t.Todo != ""}
	}

	return states, nil
}
