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

	"parley/bot/forms"
	"parley/channels"
)

// Teams reports some facts only once, in an event: for example, that the app was added to a team. Parley stores these
// facts as notes in its database, so that they survive a restart and all replicas (processes of one Parley) share them.
// A note is a JSON value under a key, such as {"name":"Sales"} under "team:19:…@thread.tacv2". Each replica caches all
// notes in a Notebook.

// errNoService is returned while no event has reported the address at which Teams is reached for this organisation.
var errNoService = errors.New("teams: the app was not added to a team yet, so Teams didn't tell where it is reached")

// ErrUnlisted is returned for a channel that belongs to none of the teams that the app is in.
var ErrUnlisted = errors.New("teams: no team that the app is in has the channel")

// globalService is the fallback for an organisation whose own service address isn't known.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages, "global
// service URLs", read 2026-11.
const globalService = "https://smba.trafficmanager.net/teams/"

// cacheLifetime is how long a replica trusts its cached notes. Then it reads all of them again, to see what other
// replicas have stored.
const cacheLifetime = time.Minute

// Keys of notes. NoteService is a complete key; the others are prefixes of an id.
const (
	NoteService = "service"
	NoteTeam    = "team:"
	NoteChannel = "channel:"
	notePerson  = "person:"
	noteReading = "reading:"
)

// TeamNote describes a team that the app is in, or was in.
type TeamNote struct {
	Group   string `json:"group,omitempty"`   // the team's id in Microsoft Graph; "" if unknown
	Service string `json:"service,omitempty"` // the team's service address: an organisation may be spread over regions
	Name    string `json:"name,omitempty"`
	Removed bool   `json:"removed,omitempty"` // the app was removed from the team
}

// ChannelNote describes a channel.
type ChannelNote struct {
	Team string `json:"team"`
	Name string `json:"name,omitempty"`
	Gone bool   `json:"gone,omitempty"` // deleted

	Removed bool `json:"removed,omitempty"` // the app was removed from the channel, but is still in the team
}

// Notebook is a write-through cache of an organisation's notes. It is safe for concurrent use.
type Notebook struct {
	*App
	people  *People    // decodes and holds the notes about people
	loading sync.Mutex // held while all notes are read, so that concurrent callers read them once

	mu       sync.Mutex // guards the fields below, up to readings
	loadedAt time.Time
	stored   map[string]string // every note as JSON, by key: Keep skips a value that is here already
	service  string            // the note NoteService; "" if there is none
	teams    map[string]TeamNote
	channels map[string]ChannelNote
	readings map[string]readingNote

	namesRequested forms.Map[bool] // channels for which LearnName has asked Teams
}

func newNotebook(app *App) *Notebook {
	return &Notebook{
		App: app, stored: map[string]string{}, teams: map[string]TeamNote{}, channels: map[string]ChannelNote{},
		readings: map[string]readingNote{},
	}
}

// Load reads all notes into the cache, unless that happened less than a minute ago.
// Errors: the desk's.
func (n *Notebook) Load(ctx context.Context) error {
	n.loading.Lock()
	defer n.loading.Unlock()
	if n.isFresh() {
		return nil
	}

	all, err := n.Desk.ListKept(ctx)
	if err != nil {
		return fmt.Errorf("teams: notes: %w", err)
	}

	n.mu.Lock()
	defer n.mu.Unlock()
	n.loadedAt = n.Now()
	for key, value := range all {
		n.cacheLocked(key, value)
	}
	return nil
}

// isFresh reports whether the cache was loaded within cacheLifetime.
func (n *Notebook) isFresh() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !n.loadedAt.IsZero() && n.Now().Sub(n.loadedAt).Abs() < cacheLifetime
}

// reload reads all notes, however fresh the cache is.
func (n *Notebook) reload(ctx context.Context) error {
	n.mu.Lock()
	n.loadedAt = time.Time{}
	n.mu.Unlock()
	return n.Load(ctx)
}

// cacheLocked puts a note into the cache. If the value is malformed, it keeps the previous decoded value. The caller
// holds mu.
func (n *Notebook) cacheLocked(key string, value json.RawMessage) {
	n.stored[key] = string(value)
	if key == NoteService {
		_ = json.Unmarshal(value, &n.service) //nolint:errcheck // see above
		return
	}

	idStart := strings.IndexByte(key, ':') + 1
	prefix, id := key[:idStart], key[idStart:]
	switch prefix {
	case NoteTeam:
		decodeInto(n.teams, id, value)
	case NoteChannel:
		decodeInto(n.channels, id, value)
	case noteReading:
		decodeInto(n.readings, id, value)
	case notePerson:
		n.people.learn(id, value)
	}
}

// decodeInto sets notes[id] to the decoded value. It changes nothing if the value is malformed.
func decodeInto[T any](notes map[string]T, id string, value json.RawMessage) {
	var note T
	if err := json.Unmarshal(value, &note); err != nil {
		return
	}
	notes[id] = note
}

// Keep stores a note and caches it. It skips a note that the cache has with the same value.
func (n *Notebook) Keep(ctx context.Context, key string, note any) error {
	value, err := json.Marshal(note)
	if err != nil {
		return fmt.Errorf("teams: note %s: %w", key, err)
	}

	n.mu.Lock()
	isUnchanged := n.stored[key] == string(value)
	n.mu.Unlock()

	if isUnchanged {
		return nil
	}

	if !n.ReadOnly {
		if err := n.Desk.Keep(ctx, key, value); err != nil {
			return fmt.Errorf("teams: note %s: %w", key, err)
		}
	}

	n.mu.Lock()
	defer n.mu.Unlock()
	n.cacheLocked(key, value)
	return nil
}

// Renew stores a note even if the cache has the same value. It is for facts that an event has just reported: the cache
// may be stale, because another replica has stored a different value since.
func (n *Notebook) Renew(ctx context.Context, key string, note any) error {
	n.mu.Lock()
	delete(n.stored, key)
	n.mu.Unlock()
	return n.Keep(ctx, key, note)
}

// Service returns the address at which Teams is reached for this organisation. Every request to Teams checks again that
// the address is trusted; see rest.Hosts.
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

// ServiceOf returns the address at which a channel is reached: that of its team, or else that of Service. An
// organisation may be spread over regions, so its teams may have different addresses.
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

// Team returns the cached note about a team.
func (n *Notebook) Team(id string) (note TeamNote, known bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	note, known = n.teams[id]
	return note, known
}

// Channel returns the cached note about a channel.
func (n *Notebook) Channel(id string) (note ChannelNote, known bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	note, known = n.channels[id]
	return note, known
}

// Teams returns the notes about the teams that the app is in, by team id.
func (n *Notebook) Teams() map[string]TeamNote {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := maps.Clone(n.teams)
	maps.DeleteFunc(all, func(_ string, t TeamNote) bool { return t.Removed })
	return all
}

// Groups returns the Graph id of each channel's team, by channel id. It leaves out channels whose team has no known
// Graph id.
func (n *Notebook) Groups() map[string]string {
	n.mu.Lock()
	defer n.mu.Unlock()
	groups := make(map[string]string, len(n.channels))
	for id, c := range n.channels {
		if group := n.teams[c.Team].Group; group != "" {
			groups[id] = group
		}
	}
	return groups
}

// Group returns the Graph id of a channel's team. If no note has it, Group asks Teams and stores the answer.
// Errors: errNoService, ErrUnlisted, *connector.Error, the desk's.
func (n *Notebook) Group(ctx context.Context, channel string) (string, error) {
	service, err := n.ServiceOf(ctx, channel)
	if err != nil {
		return "", err
	}

	channelNote, known := n.Channel(channel)
	if !known {
		if channelNote, err = n.findChannel(ctx, service, channel); err != nil {
			return "", err
		}
	}

	teamID := channelNote.Team
	team, _ := n.Team(teamID) // a team without a note is noted below
	if team.Group != "" {
		return team.Group, nil
	}

	details, err := n.Bot.Team(ctx, service, teamID)
	if err != nil {
		return "", err
	}

	team.Group, team.Name = details.AADGroupID, details.Name
	if err := n.Keep(ctx, NoteTeam+teamID, team); err != nil {
		return "", err
	}

	return team.Group, nil
}

// findChannel looks for a channel that has no note. It asks Teams for the channels of every team that the app is in,
// and stores notes about all of them.
// Errors: ErrUnlisted, *connector.Error, the desk's.
func (n *Notebook) findChannel(ctx context.Context, service, channel string) (ChannelNote, error) {
	for id, team := range n.Teams() {
		list, err := n.Bot.Channels(ctx, cmp.Or(team.Service, service), id)
		if err != nil && !IsInaccessible(err) {
			return ChannelNote{}, err
		}
		if err := n.NoteChannels(ctx, id, list); err != nil {
			return ChannelNote{}, err
		}
	}

	note, found := n.Channel(channel)
	if !found {
		return ChannelNote{}, fmt.Errorf("%w: %s", ErrUnlisted, channel)
	}

	return note, nil
}

// LearnName asks Teams for the name of a channel that has a note without one: messages don't include the names of their
// channels. After Teams has answered, it doesn't ask about the same channel again, because Teams may not list the
// channel. It logs errors instead of returning them, since a missing name does no harm.
func (n *Notebook) LearnName(ctx context.Context, channel string) {
	note, known := n.Channel(channel)
	if !known || note.Name != "" {
		return
	}
	if _, requested := n.namesRequested.Get(channel); requested {
		return
	}
	if err := n.requestNames(ctx, channel, note.Team); err != nil {
		n.Log.Debug("teams channel has no name yet", "channel", channel, "error", err)
	}
}

// requestNames asks Teams for the channels of a team, to learn the name of one of them, and stores notes about all.
func (n *Notebook) requestNames(ctx context.Context, channel, team string) error {
	service, err := n.ServiceOf(ctx, channel)
	if err != nil {
		return err
	}
	list, err := n.Bot.Channels(ctx, service, team)
	if err != nil {
		return err
	}
	n.namesRequested.Put(channel, true)
	return n.NoteChannels(ctx, team, list)
}

// GeneralName is the name of the channel that every team has. Teams' API returns that channel without a name.
const GeneralName = "General"

// NoteChannels stores notes about the channels that Teams has listed for a team. A listed channel exists, so it isn't Gone.
// Teams also lists channels that the app was removed from, and channels that another team owns and shares with this one:
// so Removed and a known owner stay as they were.
func (n *Notebook) NoteChannels(ctx context.Context, team string, list []ChannelInfo) error {
	for _, info := range list {
		known, _ := n.Channel(info.ID)
		owner, name := cmp.Or(known.Team, team), cmp.Or(info.Name, GeneralName)
		note := ChannelNote{Team: owner, Name: name, Removed: known.Removed}
		if err := n.Keep(ctx, NoteChannel+info.ID, note); err != nil {
			return err
		}
	}
	return nil
}

// IsInaccessible reports whether an error means that we have no access to a channel or team, so that a retry would fail,
// too.
func IsInaccessible(err error) bool {
	if errors.Is(err, ErrNotFound) || errors.Is(err, errNoService) || errors.Is(err, ErrUnlisted) {
		return true
	}
	var e *Error
	return errors.As(err, &e) && e.Class == channels.BadRecipient
}
