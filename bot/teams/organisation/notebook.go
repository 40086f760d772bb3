package organisation

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

	"parley/bot/recent"
	"parley/bot/teams/connector"
	"parley/bot/teams/graph"
	"parley/channels"
)

// Teams tells some things only once, in an event: that the app was added to a team, for example. Parley notes them. A
// note is a JSON value under a key such as "team:19:…@thread.tacv2". Notes are kept in the database, so they outlive
// restarts, and all replicas (processes of one Parley) share them.

// errNoService is returned if nobody has told yet at which address Teams is reached for this organisation.
var errNoService = errors.New("teams: the app was not added to a team yet, so Teams didn't tell where it is reached")

// ErrUnlisted is returned for a channel that Teams lists for none of the teams that the app is in.
var ErrUnlisted = errors.New("teams: no team that the app is in has the channel")

// globalService reaches Teams for an organisation whose own address isn't known.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages, "global
// service URLs", read 2026-11.
const globalService = "https://smba.trafficmanager.net/teams/"

// notesLifetime is how long a replica uses the notes that it has read. Then it reads them again, to learn what others
// have noted.
const notesLifetime = time.Minute

// Keys of notes: "service", and prefixes that stand before an id.
const (
	NoteService = "service"
	NoteTeam    = "team:"
	NoteChannel = "channel:"
	notePerson  = "person:"
	noteReading = "reading:"
)

// TeamNote is what is noted of a team in which the app is, or was.
type TeamNote struct {
	Group   string `json:"group,omitempty"`   // its id in Graph
	Service string `json:"service,omitempty"` // where it is reached: an organisation may be spread over regions
	Name    string `json:"name,omitempty"`
	Removed bool   `json:"removed,omitempty"` // the app was taken out
}

// ChannelNote is what is noted of a channel.
type ChannelNote struct {
	Team string `json:"team"`
	Name string `json:"name,omitempty"`
	Gone bool   `json:"gone,omitempty"` // deleted

	Removed bool `json:"removed,omitempty"` // the app was removed from the channel, but is still in the team
}

// Memory keeps values by key. It outlives restarts, and all replicas share it. Keep stores a value, and Kept returns
// all.
type Memory interface {
	Keep(ctx context.Context, key string, value json.RawMessage) error
	Kept(ctx context.Context) (map[string]json.RawMessage, error)
}

// Options say how the notes of an organisation are kept.
type Options struct {
	Notes       Memory
	ReadOnly    bool // store no notes
	OwnServices bool // the settings name service addresses, so the global one isn't right
}

// Notebook holds the notes of an organisation. It has all of them in memory, and writes through to Memory. Safe for
// concurrent use.
type Notebook struct {
	*App
	Options

	people  *People
	loading sync.Mutex // held by whoever reads all notes, so that they are read once

	mu       sync.Mutex // guards the fields below it, up to readings
	readAt   time.Time
	kept     map[string]string // all notes as JSON, by key: Keep stores nothing that stands here already
	service  string            // the note NoteService; "" if there is none
	teams    map[string]TeamNote
	channels map[string]ChannelNote
	readings map[string]readingNote

	asked *recent.Map[bool] // channels whose names Teams was asked for
}

func newNotebook(b *App, o Options) *Notebook {
	return &Notebook{
		App:      b,
		Options:  o,
		kept:     map[string]string{},
		teams:    map[string]TeamNote{},
		channels: map[string]ChannelNote{},
		readings: map[string]readingNote{},
		asked:    recent.New[bool](),
	}
}

// Load reads all notes, unless it did less than a minute ago.
// Errors: the desk's.
func (n *Notebook) Load(ctx context.Context) error {
	n.loading.Lock()
	defer n.loading.Unlock()
	n.mu.Lock()
	fresh := !n.readAt.IsZero() && n.Now().Sub(n.readAt).Abs() < notesLifetime
	n.mu.Unlock()

	if fresh {
		return nil
	}

	all, err := n.Notes.Kept(ctx)
	if err != nil {
		return fmt.Errorf("teams: notes: %w", err)
	}

	n.mu.Lock()
	defer n.mu.Unlock()
	n.readAt = n.Now()
	for key, value := range all {
		n.learn(key, value)
	}

	return nil
}

// loadAnew reads all notes now.
func (n *Notebook) loadAnew(ctx context.Context) error {
	n.mu.Lock()
	n.readAt = time.Time{}
	n.mu.Unlock()
	return n.Load(ctx)
}

// learn takes over a note's value into the field to which it belongs. It ignores a value that can't be read. The
// caller holds mu.
func (n *Notebook) learn(key string, value json.RawMessage) {
	n.kept[key] = string(value)
	var t TeamNote
	var c ChannelNote
	var r readingNote
	switch id := key[strings.IndexByte(key, ':')+1:]; {
	case key == NoteService:
		_ = json.Unmarshal(value, &n.service) //nolint:errcheck // see above
	case strings.HasPrefix(key, NoteTeam) && json.Unmarshal(value, &t) == nil:
		n.teams[id] = t
	case strings.HasPrefix(key, NoteChannel) && json.Unmarshal(value, &c) == nil:
		n.channels[id] = c
	case strings.HasPrefix(key, noteReading) && json.Unmarshal(value, &r) == nil:
		n.readings[id] = r
	case strings.HasPrefix(key, notePerson):
		n.people.learn(id, value)
	}
}

// Keep stores a note. It does nothing if this replica knows the note with the same value already.
func (n *Notebook) Keep(ctx context.Context, key string, v any) error {
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

	if !n.ReadOnly {
		if err := n.Notes.Keep(ctx, key, raw); err != nil {
			return fmt.Errorf("teams: note %s: %w", key, err)
		}
	}

	n.mu.Lock()
	defer n.mu.Unlock()
	n.learn(key, raw)
	return nil
}

// Renew stores a note in any case. It is for what an event has just told: another replica may have stored another
// value, of which this one doesn't know yet.
func (n *Notebook) Renew(ctx context.Context, key string, v any) error {
	n.mu.Lock()
	delete(n.kept, key)
	n.mu.Unlock()
	return n.Keep(ctx, key, v)
}

// Service returns the address at which Teams is reached for this organisation. Each call of Teams checks it again;
// see rest.Hosts.
// Errors: errNoService, the desk's.
func (n *Notebook) Service(ctx context.Context) (string, error) {
	if err := n.Load(ctx); err != nil {
		return "", err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.service != "" {
		return n.service, nil
	}
	if !n.OwnServices {
		return globalService, nil
	}
	return "", errNoService
}

// ServiceOf returns the address at which a channel is reached. An organisation may be spread over regions, so teams
// may have addresses of their own.
// Errors: as Service.
func (n *Notebook) ServiceOf(ctx context.Context, channel string) (string, error) {
	service, err := n.Service(ctx)
	if err != nil {
		return "", err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	team := n.teams[n.channels[channel].Team]
	return cmp.Or(team.Service, service), nil
}

// Team returns what is noted of a team; false if nothing is.
func (n *Notebook) Team(id string) (TeamNote, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	t, ok := n.teams[id]
	return t, ok
}

// Channel returns what is noted of a channel; false if nothing is.
func (n *Notebook) Channel(id string) (ChannelNote, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	c, ok := n.channels[id]
	return c, ok
}

// Teams returns the teams that the app is in, by their ids.
func (n *Notebook) Teams() map[string]TeamNote {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := maps.Clone(n.teams)
	maps.DeleteFunc(all, func(_ string, t TeamNote) bool { return t.Removed })
	return all
}

// Groups returns the Graph id of each channel's team, as far as it is known.
func (n *Notebook) Groups() map[string]string {
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

// Group returns the id of a channel's team in Graph. If that isn't noted, it asks Teams, and notes the answer.
// Errors: errNoService, ErrUnlisted, *connector.Error, the desk's.
func (n *Notebook) Group(ctx context.Context, channel string) (string, error) {
	service, err := n.ServiceOf(ctx, channel)
	if err != nil {
		return "", err
	}

	c, known := n.Channel(channel)
	if !known {
		if c, err = n.findChannel(ctx, service, channel); err != nil {
			return "", err
		}
	}

	t, _ := n.Team(c.Team)
	if t.Group != "" {
		return t.Group, nil
	}

	d, err := n.Bot.Team(ctx, service, c.Team)
	if err != nil {
		return "", err
	}

	t.Group, t.Name = d.AADGroupID, d.Name
	if err := n.Keep(ctx, NoteTeam+c.Team, t); err != nil {
		return "", err
	}

	return t.Group, nil
}

// findChannel returns the note of a channel that isn't known. It asks Teams for the channels of all teams that the
// app is in, and notes them all.
// Errors: ErrUnlisted, *connector.Error, the desk's.
func (n *Notebook) findChannel(ctx context.Context, service, channel string) (ChannelNote, error) {
	for id, t := range n.Teams() {
		list, err := n.Bot.Channels(ctx, cmp.Or(t.Service, service), id)
		if err != nil && !IsClosedTo(err) {
			return ChannelNote{}, err
		}
		if err := n.NoteChannels(ctx, id, list); err != nil {
			return ChannelNote{}, err
		}
	}

	c, ok := n.Channel(channel)
	if !ok {
		return ChannelNote{}, fmt.Errorf("%w: %s", ErrUnlisted, channel)
	}

	return c, nil
}

// LearnName asks Teams for the name of a channel, unless it is known. Messages don't tell the names of their
// channels. It asks once for each channel: a team may not list it. Best effort.
func (n *Notebook) LearnName(ctx context.Context, channel string) {
	c, known := n.Channel(channel)
	if !known || c.Name != "" {
		return
	}
	if _, asked := n.asked.Get(channel); asked {
		return
	}

	service, err := n.ServiceOf(ctx, channel)
	var list []connector.ChannelInfo
	if err == nil {
		list, err = n.Bot.Channels(ctx, service, c.Team)
	}
	if err == nil {
		n.asked.Put(channel, true)
		err = n.NoteChannels(ctx, c.Team, list)
	}
	if err != nil {
		n.Log.Debug("teams channel has no name yet", "channel", channel, "error", err)
	}
}

// GeneralName is the name of the channel that every team has. Teams' API gives that channel no name.
const GeneralName = "General"

// NoteChannels notes the channels that Teams has listed for a team.
func (n *Notebook) NoteChannels(ctx context.Context, team string, list []connector.ChannelInfo) error {
	for _, one := range list {
		one.Name = cmp.Or(one.Name, GeneralName)
		if err := n.Keep(ctx, NoteChannel+one.ID, ChannelNote{Team: team, Name: one.Name}); err != nil {
			return err
		}
	}
	return nil
}

// IsClosedTo reports whether an error means that we have no access to a channel or team. Waiting doesn't help then.
func IsClosedTo(err error) bool {
	if errors.Is(err, graph.ErrNotFound) || errors.Is(err, errNoService) || errors.Is(err, ErrUnlisted) {
		return true
	}
	var e *connector.Error
	return errors.As(err, &e) && e.Class == channels.BadRecipient
}
