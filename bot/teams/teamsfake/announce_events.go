package teamsfake

import "slices"

// Where is the conversation in which something happens.
type Where struct {
	Room *Room  // channel or personal chat; nil means the personal chat of User
	Root string // id of the thread's first message; "" for none
	User string // of a personal chat
}

// Announcer makes activities and passes them to Activities for delivery. The caller of each method must hold Ground.Mu.
type Announcer struct {
	*Ground    // the lock, clock and ids that all parts of the emulator share
	Org        *Directory
	Files      *Library
	Entra      *Entra
	Activities *Activities
}

// NewAnnounce makes an Announcer. Its activities are delivered by a.
func NewAnnounce(files *Library, e *Entra, a *Activities) *Announcer {
	return &Announcer{Ground: files.Ground, Org: files.Org, Files: files, Entra: e, Activities: a}
}

// Base returns an activity with the fields that all activities have. kind is its type, such as "message".
func (n *Announcer) Base(kind string, at Where) Object {
	now := n.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	a := Object{
		"type": kind, "id": "f:" + n.GUID("activity"), "timestamp": now, "serviceUrl": n.ServiceAddress(), "channelId": "msteams",
		"recipient": Object{"id": n.Opt.BotID(), "name": n.Opt.BotName},
	}
	if at.Room == nil || at.Room.Person != "" {
		a["conversation"] = Object{"conversationType": "personal", "tenantId": n.Opt.TenantID, "id": n.Opt.PersonalID(at.User)}
		a["channelData"] = Object{"tenant": Object{"id": n.Opt.TenantID}}
		return a
	}

	a["conversation"] = Object{
		"isGroup": true, "conversationType": "channel", "tenantId": n.Opt.TenantID, "id": ThreadConversation(at.Room.ID, at.Root),
	}

	a["channelData"] = Object{
		"tenant": Object{"id": n.Opt.TenantID}, "team": Object{"id": at.Room.Team}, "channel": Object{"id": at.Room.ID},
		"teamsChannelId": at.Room.ID, "teamsTeamId": at.Room.Team,
	}

	return a
}

// From returns the field "from" of an activity that a person has caused.
func (n *Announcer) From(u *User) Object {
	out := Object{"id": u.TeamsID, "name": u.Name}
	if !u.HidesEntraID && !u.Bot {
		out["aadObjectId"] = u.ID
	}
	return out
}

// Actor returns the field "from" of an activity that an administrator has caused: the first person in the directory who
// isn't a guest.
func (n *Announcer) Actor() Object {
	for _, id := range n.Org.UserIDs {
		u := n.Org.Users[id]
		if !u.Bot && !u.Guest {
			return n.From(u)
		}
	}
	return Object{"id": "29:1administrator", "aadObjectId": GUIDOf("administrator")}
}

// TellRoster sends a conversationUpdate: members were added to a channel or its team or, if added is false, removed. ids
// are ids of bots ("28:…") or people ("29:…"). For a standard channel the activity has only the team, for others also
// the channel.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/subscribe-to-conversation-events,
// read 2026-11.
func (n *Announcer) TellRoster(ch *Room, added bool, ids ...string) *Delivery {
	a := n.Base("conversationUpdate", Where{Room: ch})
	a["from"] = n.Actor()
	members := []Object{}
	for _, id := range ids {
		members = append(members, n.member(id))
	}

	data := n.addTeam(a, ch)
	eventType := "teamMember"
	if ch.Kind == KindStandard {
		delete(data, "channel")
	} else {
		eventType = "channelMember"
		data["channel"] = Object{"id": ch.ID, "name": ch.Name, "type": ch.Kind}
	}

	if added {
		a["membersAdded"], data["eventType"] = members, eventType+"Added"
	} else {
		a["membersRemoved"], data["eventType"] = members, eventType+"Removed"
	}

	return n.Activities.Emit(ch.ID, a)
}

// member returns an entry of membersAdded or membersRemoved.
func (n *Announcer) member(id string) Object {
	m := Object{"id": id}
	u := n.Org.Person(id)
	if u != nil && !u.HidesEntraID {
		m["aadObjectId"] = u.ID
	}
	return m
}

// addTeam adds the team to an activity's channelData, and returns the channelData.
func (n *Announcer) addTeam(a Object, ch *Room) Object {
	data := a["channelData"].(Object) //nolint:forcetypeassert // Base made it
	t := n.Org.Teams[ch.Team]
	data["team"] = Object{"id": t.ID, "name": t.Name, "aadGroupId": t.GroupID}
	return data
}

// TellInstallation sends an installationUpdate. action is add, upgrade or remove.
func (n *Announcer) TellInstallation(ch *Room, action string) *Delivery {
	a := n.Base("installationUpdate", Where{Room: ch})
	a["from"], a["action"] = n.Actor(), action
	data := n.addTeam(a, ch)
	data["settings"] = Object{"selectedChannel": Object{"id": ch.ID}}
	return n.Activities.Emit(ch.ID, a)
}

// TellChannel sends a conversationUpdate about a channel, if the app is there. event is channelCreated, channelRenamed
// and so on.
func (n *Announcer) TellChannel(ch *Room, event string) {
	isInChannel := ch.Kind == KindStandard || ch.Added
	if !n.Org.Teams[ch.Team].Installed || !isInChannel {
		return
	}
	a := n.Base("conversationUpdate", Where{Room: ch})
	a["from"] = n.Actor()
	data := n.addTeam(a, ch)
	data["eventType"], data["channel"] = event, Object{"id": ch.ID, "name": ch.Name}
	n.Activities.Emit(ch.ID, a)
}

// IsPushed reports whether Teams sends a message to the bot. It does so if the message mentions the bot or is only for
// the bot, or if the app has the permission to get all messages. It never sends messages of bots.
func (n *Announcer) IsPushed(ch *Room, m *Message) bool {
	if !n.Org.IsReachable(ch) || m.Bot {
		return false
	}
	if ch.Person != "" || m.Targeted != "" {
		return true
	}

	u := n.Org.Users[m.User]
	isOfPerson := u != nil && !u.Bot
	if m.PostedAs == "" && !isOfPerson {
		return false
	}

	mentionsBot := slices.ContainsFunc(m.Mentions, func(x Mention) bool { return x.Bot })
	return mentionsBot || n.Entra.HasPermission(PermitMessages)
}
