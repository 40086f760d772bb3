// Package announce makes the activities that are sent to the bot: a person has written a message, an owner has added
// the app, a member has left. Tests can also have activities made that Teams itself would never send.
//
// What does not belong here: how an activity gets to the bot, and invokes, whose answers people see.
package announce

import (
	"slices"

	"parley/bot/teams/teamsfake/delivery"
	"parley/bot/teams/teamsfake/entra"
	"parley/bot/teams/teamsfake/tenant"
)

// object is JSON that is built or looked into by key.
type object = tenant.Object

// Where is the conversation in which something happens.
type Where struct {
	Room *tenant.Room
	Root string
	User string // of a personal chat
}

// Announcer makes activities, and has Activities deliver them. The lock guards it: all methods must be called with it
// held.
type Announcer struct {
	*tenant.Ground
	Org        *tenant.Directory
	Files      *tenant.Library
	Entra      *entra.Entra
	Activities *delivery.Activities
}

// New makes an Announcer whose activities a delivers.
func New(files *tenant.Library, e *entra.Entra, a *delivery.Activities) *Announcer {
	return &Announcer{Ground: files.Ground, Org: files.Org, Files: files, Entra: e, Activities: a}
}

// Base returns an activity with the fields that all have. kind is its type, such as "message". The caller holds the
// lock.
func (n *Announcer) Base(kind string, at Where) object {
	now := n.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	a := object{
		"type": kind, "id": "f:" + n.GUID("activity"), "timestamp": now, "serviceUrl": n.ServiceAddress(), "channelId": "msteams",
		"recipient": object{"id": n.Opt.BotID(), "name": n.Opt.BotName},
	}
	if at.Room == nil || at.Room.Person != "" {
		a["conversation"] = object{"conversationType": "personal", "tenantId": n.Opt.TenantID, "id": n.Opt.PersonalID(at.User)}
		a["channelData"] = object{"tenant": object{"id": n.Opt.TenantID}}
		return a
	}

	a["conversation"] = object{
		"isGroup": true, "conversationType": "channel", "tenantId": n.Opt.TenantID, "id": tenant.ThreadConversation(at.Room.ID, at.Root),
	}

	a["channelData"] = object{
		"tenant": object{"id": n.Opt.TenantID}, "team": object{"id": at.Room.Team}, "channel": object{"id": at.Room.ID},
		"teamsChannelId": at.Room.ID, "teamsTeamId": at.Room.Team,
	}

	return a
}

// From returns the field from of an activity that a person has caused.
func (n *Announcer) From(u *tenant.User) object {
	out := object{"id": u.TeamsID, "name": u.Name}
	if !u.HidesEntraID && !u.Bot {
		out["aadObjectId"] = u.ID
	}
	return out
}

// Actor returns the field from of an activity that an administrator has caused. That is the first person in the
// directory who isn't a guest. The caller holds the lock.
func (n *Announcer) Actor() object {
	for _, id := range n.Org.UserIDs {
		u := n.Org.Users[id]
		if !u.Bot && !u.Guest {
			return n.From(u)
		}
	}
	return object{"id": "29:1administrator", "aadObjectId": tenant.GUIDOf("administrator")}
}

// TellRoster sends a conversationUpdate: members were added to a channel or its team or, if added is false, removed.
// ids are 28: or 29: ids. For a standard channel the activity names only the team, for others the channel, too.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/subscribe-to-conversation-events,
// read 2026-11.
func (n *Announcer) TellRoster(ch *tenant.Room, added bool, ids ...string) *delivery.Delivery {
	a := n.Base("conversationUpdate", Where{Room: ch})
	a["from"] = n.Actor()
	list := []object{}
	for _, id := range ids {
		m := object{"id": id}
		u := n.Org.Person(id)
		if u != nil && !u.HidesEntraID {
			m["aadObjectId"] = u.ID
		}

		list = append(list, m)
	}

	data, of := n.teamData(a, ch), "teamMember"
	if ch.Kind == tenant.KindStandard {
		delete(data, "channel")
	} else {
		of, data["channel"] = "channelMember", object{"id": ch.ID, "name": ch.Name, "type": ch.Kind}
	}

	if added {
		a["membersAdded"], data["eventType"] = list, of+"Added"
	} else {
		a["membersRemoved"], data["eventType"] = list, of+"Removed"
	}

	return n.Activities.Emit(ch.ID, a)
}

// teamData fills in the team in an activity's channelData, and returns that.
func (n *Announcer) teamData(a object, ch *tenant.Room) object {
	data := a["channelData"].(object) //nolint:forcetypeassert // base made it
	t := n.Org.Teams[ch.Team]
	data["team"] = object{"id": t.ID, "name": t.Name, "aadGroupId": t.GroupID}
	return data
}

// TellInstallation sends an installationUpdate. action is what was done with the app: add, upgrade or remove.
func (n *Announcer) TellInstallation(ch *tenant.Room, action string) *delivery.Delivery {
	a := n.Base("installationUpdate", Where{Room: ch})
	a["from"], a["action"] = n.Actor(), action
	data := n.teamData(a, ch)
	data["settings"] = object{"selectedChannel": object{"id": ch.ID}}
	return n.Activities.Emit(ch.ID, a)
}

// TellChannel sends a conversationUpdate about a channel. event is channelCreated, channelRenamed and so on.
func (n *Announcer) TellChannel(ch *tenant.Room, event string) {
	isInChannel := ch.Kind == tenant.KindStandard || ch.Added
	if !n.Org.Teams[ch.Team].Installed || !isInChannel {
		return
	}
	a := n.Base("conversationUpdate", Where{Room: ch})
	a["from"] = n.Actor()
	data := n.teamData(a, ch)
	data["eventType"], data["channel"] = event, object{"id": ch.ID, "name": ch.Name}
	n.Activities.Emit(ch.ID, a)
}

// IsPushed reports whether Teams sends a message to the bot. It does if the message mentions the bot, or is for the
// bot alone, or if the app has the permission to get all messages. It never sends messages of bots. The caller holds
// the lock.
func (n *Announcer) IsPushed(ch *tenant.Room, m *tenant.Message) bool {
	if !n.Org.IsReachable(ch) || m.Bot {
		return false
	}
	if n.Org.Blocked[ch.Person] {
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

	return n.Entra.HasPermission(tenant.PermitMessages) || slices.ContainsFunc(m.Mentions, func(x tenant.Mention) bool { return x.Bot })
}
