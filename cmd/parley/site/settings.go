package site

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"parley/bot/web"
	"parley/bot/web/settings"
	"parley/bridge/setup"
	"parley/routing"
	"parley/store"
)

// AccountPath returns the path of the page on which an admin repairs the connection of an account.
func AccountPath(name string) string { return settings.AccountPath(name) }

// settingsDesk implements settings.Desk, the interface through which the settings pages reach the database and the running
// process. Admins configure Parley on these pages. The configuration (the set-up) consists of entries, such as an agent, a
// team, or the account support-mail, through which customers write. settingsDesk lists entries, saves changes to them, and
// reports the state of accounts and templates. Its other methods are in ai.go and retention.go.
type settingsDesk struct {
	o     Options
	cache *setupCache
}

// Entries returns all entries. The caller must not change them, because they are cached.
func (d *settingsDesk) Entries(ctx context.Context) ([]setup.Entry, error) {
	return d.cache.Entries(ctx)
}

// Fields returns the fields of a kind of entry. For an account, channel is its kind, such as email.
func (d *settingsDesk) Fields(kind, channel string) []setup.Field {
	return setup.FieldsOf(kind, d.o.findSpec(channel))
}

// Channels returns the kinds of accounts that this version of Parley supports.
func (d *settingsDesk) Channels() []settings.Channel {
	list := make([]settings.Channel, len(d.o.Specs))
	for i, s := range d.o.Specs {
		list[i] = settings.Channel{Kind: s.Kind, Name: s.Name, Letters: s.Signature == nil}
	}
	return list
}

// ChatChannels returns the names of the channels that a connected chat tells.
func (d *settingsDesk) ChatChannels(ctx context.Context, chat string) []string {
	return d.o.chatChannels(ctx, chat)
}

// channelsTimeout bounds how long a page waits for the names of channels, which only help to type one.
const channelsTimeout = 5 * time.Second

func (o Options) chatChannels(ctx context.Context, chat string) []string {
	surface, ok := o.Chats.find(chat).(interface {
		ChannelNames(ctx context.Context) ([]string, error)
	})
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, channelsTimeout)
	defer cancel()
	names, err := surface.ChannelNames(ctx)
	if err != nil {
		o.Log.Warn("the channels of a chat could not be listed", "chat", chat, "error", err)
	}
	return names
}

// Save validates and stores a change of one entry, in the name of by.
func (d *settingsDesk) Save(ctx context.Context, by web.Person, c setup.Change) (setup.Result, error) {
	return d.o.save(ctx, by, c)
}

// States returns the state of each account, by its name, as far as viewer may see it: its status, the latest event, and the
// numbers of queued replies and of replies about which a person must decide.
func (d *settingsDesk) States(ctx context.Context, viewer store.AgentID) (map[string]settings.State, error) {
	accounts, err := d.o.listAccountsFor(ctx, viewer)
	if err != nil {
		return nil, err
	}

	waiting, err := store.ReadStats(ctx, d.o.Pool)
	if err != nil {
		return nil, err
	}

	seen, err := store.LatestEvents(ctx, d.o.Pool)
	if err != nil {
		return nil, err
	}

	grants, err := store.GrantConnections(ctx, d.o.Pool)
	if err != nil {
		return nil, err
	}

	states := map[string]settings.State{}
	for _, a := range accounts {
		s := settings.State{Status: a.Status, Text: a.StatusText, Hint: a.StatusHint, Activity: seen[a.ID]}
		if g := grants[a.ID]; g.AccountID != 0 {
			s.Consent = settings.Consent{Provider: g.Provider, SignedIn: g.SignedIn, Valid: g.Refused == ""}
		}
		for _, lane := range waiting.Lanes { // a lane is a queue of deliveries that are sent one after the other
			if lane.AccountID == a.ID {
				s.Queued = int(lane.Deliveries)
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

// Preview renders the source of a signature as customers see it: as text in channels that define their own form of
// signatures, and as HTML in mail.
func (d *settingsDesk) Preview(ctx context.Context, channel, source string) (settings.Preview, error) {
	if spec := d.o.findSpec(channel); spec != nil && spec.Signature != nil {
		t, err := d.o.Signatures.Read(source)
		return settings.Preview{Text: strings.TrimSpace(spec.Signature(t.Markdown))}, err
	}
	html, err := d.o.Signatures.Preview(ctx, source, d.findStoredPicture)
	return settings.Preview{HTML: html}, err
}

// AddPicture returns a signature with a picture at its end.
func (d *settingsDesk) AddPicture(source string, picture []byte, description string) (string, error) {
	return d.o.Signatures.AddPicture(source, picture, description)
}

// Presences returns which agents aren't available, until when, and who covers; and how much of their room is taken.
func (d *settingsDesk) Presences(ctx context.Context) (map[string]settings.Presence, error) {
	stored, err := d.cache.Directory(ctx)
	if err != nil {
		return nil, err
	}
	names, capacity := map[store.AgentID]string{}, map[store.AgentID]int{}
	for _, a := range stored.Agents {
		var work routing.Work
		_ = json.Unmarshal(a.Routing, &work) // it was validated before it was stored
		names[a.ID], capacity[a.ID] = a.Name, work.Capacity
	}
	loads, err := store.CountLoads(ctx, d.o.Pool, slices.Collect(maps.Keys(names)))
	if err != nil {
		return nil, err
	}
	all := map[string]settings.Presence{}
	for _, a := range stored.Agents {
		words, room := a.Presence, ""
		if a.PresenceUntil != nil {
			zone, err := time.LoadLocation(a.Zone)
			if err != nil {
				zone = time.UTC
			}
			words += " until " + a.PresenceUntil.In(zone).Format("Mon 2 Jan 15:04 MST")
		}
		if a.Cover != nil {
			words += ", " + names[*a.Cover] + " covers"
		}
		i := slices.IndexFunc(loads, func(l store.Load) bool { return l.AgentID == a.ID })
		if i >= 0 && capacity[a.ID] > 0 {
			room = fmt.Sprintf("%d/%d", loads[i].Open, capacity[a.ID])
		}
		all[a.Email] = settings.Presence{Words: words, Room: room}
	}
	return all, nil
}

// TemplateStates returns the state of each template, by the name of its entry. WhatsApp's provider, for example, may still
// have to approve a template.
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
