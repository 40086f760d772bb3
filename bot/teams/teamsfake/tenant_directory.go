package teamsfake

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// Directory holds the people, the teams and the rooms of the emulated organisation. A room is a channel of a team, or the chat
// between a person and the bot. The Directory also answers who is a member of a room, and whether the bot has access to it:
// its app must be installed in the team. The caller of a method must hold the lock, Ground.Mu, except of Messages.
type Directory struct {
	*Ground
	Users      map[string]*User // by Entra object id
	UserIDs    []string         // in the order in which they joined
	Teams      map[string]*Team
	TeamIDs    []string
	Channels   map[string]*Room // rooms, including personal chats
	ChannelIDs []string
}

// NewDirectory makes an empty directory. Call Reset before using it.
func NewDirectory(ground *Ground) *Directory { return &Directory{Ground: ground} }

// Reset deletes everything.
func (d *Directory) Reset() {
	d.Users = map[string]*User{}
	d.Teams = map[string]*Team{}
	d.Channels = map[string]*Room{}
	d.UserIDs = nil
	d.TeamIDs = nil
	d.ChannelIDs = nil
}

// Room is a channel or a personal chat with its messages. The lock guards it.
type Room struct {
	Channel
	Person   string     // Entra object id of the person in a personal chat; "" in a channel
	Messages []*Message // oldest first
	ByID     map[string]*Message
	Threads  map[string][]*Message // by the id of the first message, the root; empty in a personal chat
}

// newRoom makes an empty room. person is "" for a channel.
func newRoom(c Channel, person string) *Room {
	return &Room{Channel: c, Person: person, ByID: map[string]*Message{}, Threads: map[string][]*Message{}}
}

// IsRoot reports whether a message begins a thread. A targeted message, which only one person sees, doesn't: nobody can reply
// to it.
func (room *Room) IsRoot(id string) bool {
	m := room.ByID[id]
	if m == nil {
		return false
	}
	return m.Root == id && m.Targeted == ""
}

// PutUser adds or replaces a person. It makes up an id and a name if they are empty.
func (d *Directory) PutUser(u User) *User {
	u.ID = cmp.Or(u.ID, d.GUID("user"))
	u.TenantID = cmp.Or(u.TenantID, d.Opt.TenantID)
	const suffixLength = 4 // enough to give the people of one test different names
	u.Name = cmp.Or(u.Name, "Person "+Hash(u.ID)[:suffixLength])
	u.TeamsID = d.Opt.teamsID(&u)
	if d.Users[u.ID] == nil {
		d.UserIDs = append(d.UserIDs, u.ID)
	}
	d.Users[u.ID] = &u
	d.Note(Change{Kind: "user", User: u.ID})
	return &u
}

// PutTeam adds a team with its channel General. It makes up ids if they are empty.
func (d *Directory) PutTeam(t Team) *Team {
	t.ID = cmp.Or(t.ID, d.threadID("team"))
	t.GroupID = cmp.Or(t.GroupID, GUIDOf("group", t.ID))
	d.Teams[t.ID] = &t
	d.TeamIDs = append(d.TeamIDs, t.ID)
	d.PutChannel(Channel{ID: t.ID, Team: t.ID, Name: "General"})
	return &t
}

// PutChannel adds an empty channel. If it names no team, it becomes a channel of the first team, which is made if needed.
func (d *Directory) PutChannel(c Channel) *Room {
	c.ID = cmp.Or(c.ID, d.threadID("channel"))
	if c.Team == "" && len(d.TeamIDs) == 0 {
		d.PutTeam(Team{Name: "Support"})
	}
	if c.Team == "" {
		c.Team = d.TeamIDs[0]
	}

	c.Kind = cmp.Or(c.Kind, KindStandard)
	const nobody = "" // it isn't a personal chat
	room := newRoom(c, nobody)

	if d.Channels[c.ID] == nil {
		d.ChannelIDs = append(d.ChannelIDs, c.ID)
	}

	d.Channels[c.ID] = room
	d.Note(Change{Kind: "channel", Channel: c.ID})
	return room
}

// ChannelsOf lists the channels of a team to which the bot has access.
func (d *Directory) ChannelsOf(team string) []*Room {
	var channels []*Room
	for _, id := range d.ChannelIDs {
		room := d.Channels[id]
		isOfTeam := room.Person == "" && room.Team == team
		if isOfTeam && d.IsReachable(room) {
			channels = append(channels, room)
		}
	}
	return channels
}

// Person returns the person with an Entra object id or a Teams id ("29:…"), or nil.
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

// IsPerson reports whether an id, as for Person, belongs to somebody.
func (d *Directory) IsPerson(id string) bool { return d.Person(id) != nil }

// MemberIDs lists the Entra object ids of a room's members, in the order in which they joined the organisation. Bots aren't
// members.
func (d *Directory) MemberIDs(room *Room) []string {
	if room.Person != "" {
		return []string{room.Person}
	}
	members := d.Teams[room.Team].Members
	if room.Kind != KindStandard {
		members = room.Members
	}
	return slices.DeleteFunc(slices.Clone(d.UserIDs), func(id string) bool {
		isMember := members == nil || slices.Contains(members, id) // nil means everybody
		return d.Users[id].Bot || !isMember
	})
}

// IsMember reports whether a person, by Entra object id, is a member of a room.
func (d *Directory) IsMember(room *Room, user string) bool {
	return slices.Contains(d.MemberIDs(room), user)
}

// CardFaults lists the faults because of which clients wouldn't show a card as intended in a room, such as a mention of
// somebody who isn't a member. If room is nil, everybody may be mentioned.
func (d *Directory) CardFaults(card json.RawMessage, room *Room) []string {
	return CardFaults(card, func(id string) bool { return d.isMentionable(room, id) })
}

// DialogFaults is CardFaults for a card that is shown in a dialog.
func (d *Directory) DialogFaults(card json.RawMessage, room *Room) []string {
	return DialogFaults(card, func(id string) bool { return d.isMentionable(room, id) })
}

// isMentionable reports whether a card in a room, or anywhere if room is nil, may mention somebody. id is a Teams id ("29:…"),
// an Entra object id or a user principal name.
func (d *Directory) isMentionable(room *Room, id string) bool {
	u := d.Person(id)
	if u == nil {
		u = d.personByEmail(id)
	}
	if u == nil {
		return false
	}
	return room == nil || d.IsMember(room, u.ID)
}

func (d *Directory) personByEmail(email string) *User {
	for _, u := range d.Users {
		if u.Email != "" && strings.EqualFold(u.Email, email) {
			return u
		}
	}
	return nil
}

// IsReachable reports whether the bot has access to a room.
func (d *Directory) IsReachable(room *Room) bool {
	if room.Person != "" {
		return d.HasApp(room.Person)
	}
	if room.Deleted || !d.Teams[room.Team].Installed {
		return false
	}
	return room.Kind == KindStandard || room.Added
}

// HasApp reports whether a person is in a team in which the app is installed, and so can chat with the bot.
func (d *Directory) HasApp(user string) bool {
	u := d.Users[user]
	if u == nil || u.Bot {
		return false
	}
	for _, t := range d.Teams {
		isMember := t.Members == nil || slices.Contains(t.Members, user)
		if t.Installed && isMember {
			return true
		}
	}
	return false
}

// Personal returns the chat between the bot and a person, and makes it if it doesn't exist yet.
func (d *Directory) Personal(user string) *Room {
	id := d.Opt.PersonalID(user)
	if d.Channels[id] == nil {
		d.Channels[id] = newRoom(Channel{ID: id, Kind: "personal"}, user)
		d.ChannelIDs = append(d.ChannelIDs, id)
	}
	return d.Channels[id]
}
