package tenant

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"parley/bot/teams/teamsfake/client"
)

// Directory is the people, teams and channels, and who may see what. Guarded by the lock.
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

// NewDirectory returns a directory of nobody. Reset must be called before it is used.
func NewDirectory(g *Ground) *Directory { return &Directory{Ground: g} }

// Reset forgets everybody. Caller holds the lock.
func (o *Directory) Reset() {
	o.Users = map[string]*User{}
	o.Teams = map[string]*Team{}
	o.Channels = map[string]*Room{}
	o.Blocked = map[string]bool{}
	o.UserIDs = nil
	o.TeamIDs = nil
	o.ChannelIDs = nil
}

// Room is a channel or a personal chat with its messages. Guarded by the lock.
type Room struct {
	Channel
	Person   string     // of a personal chat
	Messages []*Message // by id
	ByID     map[string]*Message
	Threads  map[string][]*Message // by root, which is the first; none in a personal chat
}

// newChannel makes an empty channel, or the chat of a person.
func newChannel(c Channel, person string) *Room {
	return &Room{Channel: c, Person: person, ByID: map[string]*Message{}, Threads: map[string][]*Message{}}
}

// IsRoot reports whether a thread begins with this message: what one person sees has no replies.
func (ch *Room) IsRoot(id string) bool {
	m := ch.ByID[id]
	if m == nil {
		return false
	}
	return m.Root == id && m.Targeted == ""
}

// PutUser adds or replaces a person and completes its ids. Caller holds the lock.
func (o *Directory) PutUser(u User) *User {
	u.ID = cmp.Or(u.ID, o.GUID("user"))
	u.TenantID = cmp.Or(u.TenantID, o.Opt.TenantID)
	const suffixLength = 4 // short, and yet people of one test have different names
	u.Name = cmp.Or(u.Name, "Person "+Hash(u.ID)[:suffixLength])
	u.TeamsID = o.Opt.teamsID(&u)
	if o.Users[u.ID] == nil {
		o.UserIDs = append(o.UserIDs, u.ID)
	}
	o.Users[u.ID] = &u
	o.Note(Change{Kind: "user", User: u.ID})
	return &u
}

// PutTeam adds a team with its General channel and completes its ids. Caller holds the lock.
func (o *Directory) PutTeam(t Team) *Team {
	t.ID = cmp.Or(t.ID, o.threadID("team"))
	t.GroupID = cmp.Or(t.GroupID, GUIDOf("group", t.ID))
	o.Teams[t.ID] = &t
	o.TeamIDs = append(o.TeamIDs, t.ID)
	o.PutChannel(Channel{ID: t.ID, Team: t.ID, Name: "General"})
	return &t
}

// PutChannel adds an empty channel and completes it; its team defaults to the first one. Caller holds the lock.
func (o *Directory) PutChannel(c Channel) *Room {
	c.ID = cmp.Or(c.ID, o.threadID("channel"))
	if c.Team == "" && len(o.TeamIDs) == 0 {
		o.PutTeam(Team{Name: "Support"})
	}
	if c.Team == "" {
		c.Team = o.TeamIDs[0]
	}

	c.Kind = cmp.Or(c.Kind, KindStandard)
	ch := newChannel(c, "")

	if o.Channels[c.ID] == nil {
		o.ChannelIDs = append(o.ChannelIDs, c.ID)
	}

	o.Channels[c.ID] = ch
	o.Note(Change{Kind: "channel", Channel: c.ID})
	return ch
}

// ChannelsOf lists the channels of a team that the bot may use. Caller holds the lock.
func (o *Directory) ChannelsOf(team string) []*Room {
	var out []*Room
	for _, id := range o.ChannelIDs {
		ch := o.Channels[id]
		isOfTeam := ch.Person == "" && ch.Team == team
		if isOfTeam && o.IsReachable(ch) {
			out = append(out, ch)
		}
	}
	return out
}

// Person finds somebody by Entra object id or 29: id. Caller holds the lock.
func (o *Directory) Person(id string) *User {
	if u := o.Users[id]; u != nil {
		return u
	}
	for _, u := range o.Users {
		if u.TeamsID == id {
			return u
		}
	}
	return nil
}

// IsPerson reports whether an id is somebody's. Caller holds the lock.
func (o *Directory) IsPerson(id string) bool { return o.Person(id) != nil }

// MemberIDs lists who is in a channel, in order of joining. Caller holds the lock.
func (o *Directory) MemberIDs(ch *Room) []string {
	if ch.Person != "" {
		return []string{ch.Person}
	}
	only := o.Teams[ch.Team].Members
	if ch.Kind != KindStandard {
		only = ch.Members
	}
	return slices.DeleteFunc(slices.Clone(o.UserIDs), func(id string) bool {
		isOutside := only != nil && !slices.Contains(only, id) // nil means that everybody is in
		return o.Users[id].Bot || isOutside
	})
}

// IsMember reports whether somebody is in a channel. Caller holds the lock.
func (o *Directory) IsMember(ch *Room, user string) bool {
	return slices.Contains(o.MemberIDs(ch), user)
}

// CardFaults reports what clients would not show of a card in a channel or chat. A nil chat means anywhere.
// Caller holds the lock.
func (o *Directory) CardFaults(card json.RawMessage, ch *Room) []string {
	return client.CardFaults(card, func(id string) bool { return o.isMentionable(ch, id) })
}

// DialogFaults is CardFaults for a card in a dialog.
func (o *Directory) DialogFaults(card json.RawMessage, ch *Room) []string {
	return client.DialogFaults(card, func(id string) bool { return o.isMentionable(ch, id) })
}

// isMentionable reports whether a card in a channel or chat (nil means anywhere) may mention somebody by a
// 29: id, an Entra object id or a user principal name. Caller holds the lock.
func (o *Directory) isMentionable(ch *Room, id string) bool {
	u := o.Person(id)
	if u == nil {
		for _, x := range o.Users {
			if x.Email != "" && strings.EqualFold(x.Email, id) {
				u = x
			}
		}
	}
	if u == nil {
		return false
	}
	return ch == nil || o.IsMember(ch, u.ID)
}

// IsReachable reports whether the bot may act in a channel. Caller holds the lock.
func (o *Directory) IsReachable(ch *Room) bool {
	if ch.Person != "" {
		return o.HasApp(ch.Person)
	}
	if ch.Deleted || !o.Teams[ch.Team].Installed {
		return false
	}
	return ch.Kind == KindStandard || ch.Added
}

// HasApp reports whether the app is installed for a person: in a team of theirs.
func (o *Directory) HasApp(user string) bool {
	u := o.Users[user]
	if u == nil || u.Bot {
		return false
	}
	for _, t := range o.Teams {
		isIn := t.Members == nil || slices.Contains(t.Members, user)
		if t.Installed && isIn {
			return true
		}
	}
	return false
}

// Personal returns the chat between the bot and a person. Caller holds the lock.
func (o *Directory) Personal(user string) *Room {
	id := o.Opt.PersonalID(user)
	if o.Channels[id] == nil {
		o.Channels[id] = newChannel(Channel{ID: id, Kind: "personal"}, user)
		o.ChannelIDs = append(o.ChannelIDs, id)
	}
	return o.Channels[id]
}
