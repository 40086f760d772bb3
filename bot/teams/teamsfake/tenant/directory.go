package tenant

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"parley/bot/teams/teamsfake/client"
)

// A Room is a channel of a team, or the chat between one person and the bot. The bot can act in a room only if the
// app is installed there. All methods here that say nothing else must be called with the lock (Ground.Mu) held.

// Directory holds the people, teams, and rooms with their messages, and decides who may see what. The lock guards it.
type Directory struct {
	*Ground
	Users      map[string]*User
	UserIDs    []string // in order of joining
	Teams      map[string]*Team
	TeamIDs    []string
	Channels   map[string]*Room
	ChannelIDs []string
	Blocked    map[string]bool // people who blocked the bot
}

// NewDirectory makes an empty directory. Call Reset before using it.
func NewDirectory(g *Ground) *Directory { return &Directory{Ground: g} }

// Reset forgets everybody. Caller holds the lock.
func (d *Directory) Reset() {
	d.Users = map[string]*User{}
	d.Teams = map[string]*Team{}
	d.Channels = map[string]*Room{}
	d.Blocked = map[string]bool{}
	d.UserIDs = nil
	d.TeamIDs = nil
	d.ChannelIDs = nil
}

// Room is a channel, or a personal chat, with its messages. The lock guards it.
type Room struct {
	Channel
	Person   string     // of a personal chat
	Messages []*Message // by id
	ByID     map[string]*Message
	Threads  map[string][]*Message // by root, which is the first; none in a personal chat
}

// newChannel makes an empty room. person is the Entra object id for a personal chat; "" for a channel.
func newChannel(c Channel, person string) *Room {
	return &Room{Channel: c, Person: person, ByID: map[string]*Message{}, Threads: map[string][]*Message{}}
}

// IsRoot reports whether a message begins a thread. A message that only one person sees doesn't, since nobody can
// reply to it.
func (room *Room) IsRoot(id string) bool {
	m := room.ByID[id]
	if m == nil {
		return false
	}
	return m.Root == id && m.Targeted == ""
}

// PutUser adds or replaces a person. It makes up an id and a name if they are empty. The caller holds the lock.
func (d *Directory) PutUser(u User) *User {
	u.ID = cmp.Or(u.ID, d.GUID("user"))
	u.TenantID = cmp.Or(u.TenantID, d.Opt.TenantID)
	const suffixLength = 4 // short, and yet people of one test have different names
	u.Name = cmp.Or(u.Name, "Person "+Hash(u.ID)[:suffixLength])
	u.TeamsID = d.Opt.teamsID(&u)
	if d.Users[u.ID] == nil {
		d.UserIDs = append(d.UserIDs, u.ID)
	}
	d.Users[u.ID] = &u
	d.Note(Change{Kind: "user", User: u.ID})
	return &u
}

// PutTeam adds a team with its channel General. It makes up ids if they are empty. The caller holds the lock.
func (d *Directory) PutTeam(t Team) *Team {
	t.ID = cmp.Or(t.ID, d.threadID("team"))
	t.GroupID = cmp.Or(t.GroupID, GUIDOf("group", t.ID))
	d.Teams[t.ID] = &t
	d.TeamIDs = append(d.TeamIDs, t.ID)
	d.PutChannel(Channel{ID: t.ID, Team: t.ID, Name: "General"})
	return &t
}

// PutChannel adds an empty channel. Without a team, it belongs to the first one. The caller holds the lock.
func (d *Directory) PutChannel(c Channel) *Room {
	c.ID = cmp.Or(c.ID, d.threadID("channel"))
	if c.Team == "" && len(d.TeamIDs) == 0 {
		d.PutTeam(Team{Name: "Support"})
	}
	if c.Team == "" {
		c.Team = d.TeamIDs[0]
	}

	c.Kind = cmp.Or(c.Kind, KindStandard)
	room := newChannel(c, "")

	if d.Channels[c.ID] == nil {
		d.ChannelIDs = append(d.ChannelIDs, c.ID)
	}

	d.Channels[c.ID] = room
	d.Note(Change{Kind: "channel", Channel: c.ID})
	return room
}

// ChannelsOf lists the channels of a team in which the bot may act. The caller holds the lock.
func (d *Directory) ChannelsOf(team string) []*Room {
	var out []*Room
	for _, id := range d.ChannelIDs {
		room := d.Channels[id]
		isOfTeam := room.Person == "" && room.Team == team
		if isOfTeam && d.IsReachable(room) {
			out = append(out, room)
		}
	}
	return out
}

// Person returns the person with an Entra object id or a 29: id; nil if there is none. The caller holds the lock.
func (d *Directory) Person(id string) *User {
	if u := d.Users[id]; u != nil {
		return u
	}
	for _, u := range d.Users {
		if u.TeamsID == id {
			return u
		}
	}
	return nil
}

// IsPerson reports whether an id is somebody's. Caller holds the lock.
func (d *Directory) IsPerson(id string) bool { return d.Person(id) != nil }

// MemberIDs lists the Entra object ids of a room's members, in the order in which they joined. The caller holds the
// lock.
func (d *Directory) MemberIDs(room *Room) []string {
	if room.Person != "" {
		return []string{room.Person}
	}
	only := d.Teams[room.Team].Members
	if room.Kind != KindStandard {
		only = room.Members
	}
	return slices.DeleteFunc(slices.Clone(d.UserIDs), func(id string) bool {
		isOutside := only != nil && !slices.Contains(only, id) // nil means that everybody is in
		return d.Users[id].Bot || isOutside
	})
}

// IsMember reports whether somebody is in a channel. Caller holds the lock.
func (d *Directory) IsMember(room *Room, user string) bool {
	return slices.Contains(d.MemberIDs(room), user)
}

// CardFaults lists what clients wouldn't show of a card in a room, such as a mention of somebody who isn't there.
// With a nil room, everybody may be mentioned. The caller holds the lock.
func (d *Directory) CardFaults(card json.RawMessage, room *Room) []string {
	return client.CardFaults(card, func(id string) bool { return d.isMentionable(room, id) })
}

// DialogFaults is CardFaults for a card that is shown in a dialog.
func (d *Directory) DialogFaults(card json.RawMessage, room *Room) []string {
	return client.DialogFaults(card, func(id string) bool { return d.isMentionable(room, id) })
}

// isMentionable reports whether a card in a room (nil means anywhere) may mention somebody. id is a 29: id, an Entra
// object id or a user principal name. The caller holds the lock.
func (d *Directory) isMentionable(room *Room, id string) bool {
	u := d.Person(id)
	if u == nil {
		for _, x := range d.Users {
			if x.Email != "" && strings.EqualFold(x.Email, id) {
				u = x
			}
		}
	}
	if u == nil {
		return false
	}
	return room == nil || d.IsMember(room, u.ID)
}

// IsReachable reports whether the bot may act in a room. The caller holds the lock.
func (d *Directory) IsReachable(room *Room) bool {
	if room.Person != "" {
		return d.HasApp(room.Person)
	}
	if room.Deleted || !d.Teams[room.Team].Installed {
		return false
	}
	return room.Kind == KindStandard || room.Added
}

// HasApp reports whether a person is in a team with the app, and so can chat with the bot.
func (d *Directory) HasApp(user string) bool {
	u := d.Users[user]
	if u == nil || u.Bot {
		return false
	}
	for _, t := range d.Teams {
		isIn := t.Members == nil || slices.Contains(t.Members, user)
		if t.Installed && isIn {
			return true
		}
	}
	return false
}

// Personal returns the chat between the bot and a person, which it makes if there is none yet. The caller holds the
// lock.
func (d *Directory) Personal(user string) *Room {
	id := d.Opt.PersonalID(user)
	if d.Channels[id] == nil {
		d.Channels[id] = newChannel(Channel{ID: id, Kind: "personal"}, user)
		d.ChannelIDs = append(d.ChannelIDs, id)
	}
	return d.Channels[id]
}
