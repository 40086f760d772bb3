package teams

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"parley/bot/teams/connector"
)

// errNowhere is returned while the address at which Teams is reached for this organisation isn't known.
var errNowhere = errors.New("teams: the app was not added to a team yet, so Teams didn't tell where it is reached")

// errUnlisted is returned for a channel that none of the teams with the app lists.
var errUnlisted = errors.New("teams: no team that the app is in has the channel")

// globalService reaches Teams for an organisation whose own address isn't known.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages,
// "global service URLs", read 2026-11.
const globalService = "https://smba.trafficmanager.net/teams/"

// notesFresh is how long a replica uses its notes before it reads what other replicas have noted.
const notesFresh = time.Minute

// Keys of notes: "service", and prefixes that stand before an id.
const (
	noteService = "service"
	noteTeam    = "team:"
	noteChannel = "channel:"
	notePerson  = "person:"
)

// teamNote is a team that the app is in, or was.
type teamNote struct {
	Group   string `json:"group,omitempty"`   // its id in Graph
	Service string `json:"service,omitempty"` // where it is reached: an organisation may be spread over regions
	Name    string `json:"name,omitempty"`
	Removed bool   `json:"removed,omitempty"` // the app was taken out
}

// channelNote is a channel of a team.
type channelNote struct {
	Team string `json:"team"`
	Name string `json:"name,omitempty"`
	Gone bool   `json:"gone,omitempty"` // deleted

	Removed bool `json:"removed,omitempty"` // the app was removed from the channel, but is still in the team
}

// notes remembers something for the surface and its replicas over a restart, by key.
type notes interface {
	Keep(ctx context.Context, key string, value json.RawMessage) error
	Kept(ctx context.Context) (map[string]json.RawMessage, error)
}

// notebook holds what Teams' events have told of the organisation. Its notes outlive restarts, and
// replicas share them.
type notebook struct {
	*app

	notes    notes
	people   *people
	onlyLook bool // keeps nothing
	named    bool // the settings name service addresses of their own

	turn     sync.Mutex // held by whoever reads all notes
	mu       sync.Mutex
	readAt   time.Time
	kept     map[string]string // all notes as JSON, by key
	service  string
	teams    map[string]teamNote
	channels map[string]channelNote

	asked *memory[bool] // channels whose names Teams was asked for
}

func newNotebook(b *app, o Options) *notebook {
	return &notebook{app: b, notes: o.Desk, onlyLook: o.OnlyLook, named: len(o.ServiceURLs) > 0, kept: map[string]string{}, teams: map[string]teamNote{}, channels: map[string]channelNote{},
		asked: newMemory[bool]()}
}

// load reads the notes unless they are fresh.
func (n *notebook) load(ctx context.Context) error {
	n.turn.Lock()
	defer n.turn.Unlock()
	n.mu.Lock()
	fresh := !n.readAt.IsZero() && n.now().Sub(n.readAt).Abs() < notesFresh
	n.mu.Unlock()
	if fresh {
		return nil
	}
	all, err := n.notes.Kept(ctx)
	if err != nil {
		return fmt.Errorf("teams: notes: %w", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.readAt = n.now()
	for key, value := range all {
		n.take(key, value)
	}
	return nil
}

// take fills the field for a note with its value. The caller holds mu.
func (n *notebook) take(key string, value json.RawMessage) {
	n.kept[key] = string(value)
	var t teamNote
	var c channelNote
	switch id := key[strings.IndexByte(key, ':')+1:]; {
	case key == noteService:
		_ = json.Unmarshal(value, &n.service) //nolint:errcheck // our own; else there is none
	case strings.HasPrefix(key, noteTeam) && json.Unmarshal(value, &t) == nil:
		n.teams[id] = t
	case strings.HasPrefix(key, noteChannel) && json.Unmarshal(value, &c) == nil:
		n.channels[id] = c
	case strings.HasPrefix(key, notePerson):
		n.people.take(id, value)
	}
}

// keep stores a note, unless this replica knows it already.
func (n *notebook) keep(ctx context.Context, key string, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("teams: note %s: %w", key, err)
	}
	n.mu.Lock()
	known := n.kept[key] == string(raw)
	n.mu.Unlock()
	if known {
		return nil
	}
	if !n.onlyLook {
		if err := n.notes.Keep(ctx, key, raw); err != nil {
			return fmt.Errorf("teams: note %s: %w", key, err)
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.take(key, raw)
	return nil
}

// renew stores a note even if this replica knows it already, for what an event says: another replica
// may have stored something else since.
func (n *notebook) renew(ctx context.Context, key string, v any) error {
	n.mu.Lock()
	delete(n.kept, key)
	n.mu.Unlock()
	return n.keep(ctx, key, v)
}

// where gives the address at which Teams is reached for this organisation. The address is checked
// again at each call of Teams; see rest.Hosts.
// Errors: errNowhere, the desk's.
func (n *notebook) where(ctx context.Context) (string, error) {
	if err := n.load(ctx); err != nil {
		return "", err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.service != "":
		return n.service, nil
	case !n.named:
		return globalService, nil
	}
	return "", errNowhere
}

// whereIs gives the address at which a channel is reached.
// Errors: as where.
func (n *notebook) whereIs(ctx context.Context, channel string) (string, error) {
	service, err := n.where(ctx)
	if err != nil {
		return "", err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if own := n.teams[n.channels[channel].Team].Service; own != "" {
		service = own
	}
	return service, nil
}

func (n *notebook) team(id string) (teamNote, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	t, ok := n.teams[id]
	return t, ok
}

func (n *notebook) channel(id string) (channelNote, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	c, ok := n.channels[id]
	return c, ok
}

// here gives the teams that the app is in, by their ids.
func (n *notebook) here() map[string]teamNote {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := maps.Clone(n.teams)
	maps.DeleteFunc(all, func(_ string, t teamNote) bool { return t.Removed })
	return all
}

// groups gives the Graph id of each channel's team, as far as it is known.
func (n *notebook) groups() map[string]string {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := make(map[string]string, len(n.channels))
	for id, c := range n.channels {
		if g := n.teams[c.Team].Group; g != "" {
			out[id] = g
		}
	}
	return out
}

// group gives the Graph id of a channel's team. If no event told it, group asks Teams once.
// Errors: errNowhere, *connector.Error.
func (n *notebook) group(ctx context.Context, channel string) (string, error) {
	service, err := n.whereIs(ctx, channel)
	if err != nil {
		return "", err
	}
	c, known := n.channel(channel)
	if !known {
		if c, err = n.find(ctx, service, channel); err != nil {
			return "", err
		}
	}
	t, _ := n.team(c.Team)
	if t.Group != "" {
		return t.Group, nil
	}
	d, err := n.bot.Team(ctx, service, c.Team)
	if err != nil {
		return "", err
	}
	t.Group, t.Name = d.AADGroupID, d.Name
	return t.Group, n.keep(ctx, noteTeam+c.Team, t)
}

// find asks Teams which of the teams with the app has a channel.
func (n *notebook) find(ctx context.Context, service, channel string) (channelNote, error) {
	for id, t := range n.here() {
		list, err := n.bot.Channels(ctx, cmp.Or(t.Service, service), id)
		if err != nil && !closedTo(err) {
			return channelNote{}, err
		}
		if err := n.listed(ctx, id, list); err != nil {
			return channelNote{}, err
		}
	}
	c, ok := n.channel(channel)
	if !ok {
		return c, fmt.Errorf("%w: %s", errUnlisted, channel)
	}
	return c, nil
}

// name asks Teams for the name of a channel that is known only from messages, which don't tell it. It
// asks once for each channel, since a team may not list it. Best effort.
func (n *notebook) name(ctx context.Context, channel string) {
	c, known := n.channel(channel)
	if _, asked := n.asked.get(channel); asked || !known || c.Name != "" {
		return
	}
	service, err := n.whereIs(ctx, channel)
	var list []connector.ChannelInfo
	if err == nil {
		list, err = n.bot.Channels(ctx, service, c.Team)
	}
	if err == nil {
		n.asked.put(channel, true)
		err = n.listed(ctx, c.Team, list)
	}
	if err != nil {
		n.log.Debug("teams channel has no name yet", "channel", channel, "error", err)
	}
}

// generalName is what people call the channel that every team has; Teams doesn't name it.
const generalName = "General"

// listed notes the channels that Teams lists for a team.
func (n *notebook) listed(ctx context.Context, team string, list []connector.ChannelInfo) error {
	for _, one := range list {
		if one.Name == "" {
			one.Name = generalName
		}
		if err := n.keep(ctx, noteChannel+one.ID, channelNote{Team: team, Name: one.Name}); err != nil {
			return err
		}
	}
	return nil
}
