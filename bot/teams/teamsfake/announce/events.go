// Package announce makes the activities by which the bot hears what people and administrators do, and those that Teams
// itself would never send.
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

// Where is the conversation that an activity belongs to.
type Where struct {
	Room *tenant.Room
	Root string
	User string // of a personal chat
}

// Announcer makes the activities by which the bot hears what happens. Guarded by the lock.
type Announcer struct {
	*tenant.Ground
	Org        *tenant.Directory
	Files      *tenant.Library
	Entra      *entra.Entra
	Activities *delivery.Activities
}

// New returns an Announcer that hands its activities to a.
func New(files *tenant.Library, e *entra.Entra, a *delivery.Activities) *Announcer {
	return &Announcer{Ground: files.Ground, Org: files.Org, Files: files, Entra: e, Activities: a}
}

// Base starts an activity to the bot: the members that all share. Caller holds the lock.
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

// From is who caused an activity.
func (n *Announcer) From(u *tenant.User) object {
	out := object{"id": u.TeamsID, "name": u.Name}
	if !u.HidesEntraID && !u.Bot {
		out["aadObjectId"] = u.ID
	}
	return out
}

// Actor is who administrates: the first person of the directory. Caller holds the lock.
func (n *Announcer) Actor() object {
	for _, id := range n.Org.UserIDs {
		u := n.Org.Users[id]
		if !u.Bot && !u.Guest {
			return n.From(u)
		}
	}
	return object{"id": "29:1administrator", "aadObjectId": tenant.GUIDOf("administrator")}
}

// TellRoster tells the bot by conversationUpdate that members (28: or 29: ids) were added or, if added is false, removed. Of a
// private or shared channel it tells which one, of a standard one only the team.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/subscribe-to-conversation-events, read 2026-11.
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

// teamData completes channelData.team as events about teams have it.
func (n *Announcer) teamData(a object, ch *tenant.Room) object {
	data := a["channelData"].(object) //nolint:forcetypeassert // base made it
	t := n.Org.Teams[ch.Team]
	data["team"] = object{"id": t.ID, "name": t.Name, "aadGroupId": t.GroupID}
	return data
}

// TellInstallation tells the bot by installationUpdate what was done with the app: add, upgrade or remove.
func (n *Announcer) TellInstallation(ch *tenant.Room, action string) *delivery.Delivery {
	a := n.Base("installationUpdate", Where{Room: ch})
	a["from"], a["action"] = n.Actor(), action
	data := n.teamData(a, ch)
	data["settings"] = object{"selectedChannel": object{"id": ch.ID}}
	return n.Activities.Emit(ch.ID, a)
}

// TellChannel tells the bot by conversationUpdate of an event of a channel: channelCreated, channelRenamed …
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

// IsPushed reports whether the bot gets a message: it is mentioned, in a personal chat, or has
// the permission for all of them. Messages of other bots are never pushed. Caller holds the lock.
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
