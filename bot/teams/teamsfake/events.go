package teamsfake

import (
	"context"
	"fmt"
	"net/url"
	"slices"
)

// where is the conversation that an activity belongs to.
type where struct {
	ch   *channel
	root string
	user string // of a personal chat
}

// announcer makes the activities by which the bot hears what happens. Guarded by the lock.
type announcer struct {
	*ground
	org        *organisation
	files      *library
	entra      *Entra
	activities *Activities
}

// base starts an activity to the bot: the members that all share. Caller holds the lock.
func (n *announcer) base(kind string, at where) object {
	now := n.now().UTC().Format("2006-01-02T15:04:05.000Z")
	a := object{
		"type": kind, "id": "f:" + n.guid("activity"), "timestamp": now, "serviceUrl": n.serviceURL(), "channelId": "msteams",
		"recipient": object{"id": n.opt.botID(), "name": n.opt.BotName},
	}
	if at.ch == nil || at.ch.person != "" {
		a["conversation"] = object{"conversationType": "personal", "tenantId": n.opt.TenantID, "id": n.opt.personalID(at.user)}
		a["channelData"] = object{"tenant": object{"id": n.opt.TenantID}}
		return a
	}
	a["conversation"] = object{
		"isGroup": true, "conversationType": "channel", "tenantId": n.opt.TenantID, "id": threadConversation(at.ch.ID, at.root),
	}
	a["channelData"] = object{
		"tenant": object{"id": n.opt.TenantID}, "team": object{"id": at.ch.Team}, "channel": object{"id": at.ch.ID},
		"teamsChannelId": at.ch.ID, "teamsTeamId": at.ch.Team,
	}
	return a
}

// from is who caused an activity.
func (n *announcer) from(u *User) object {
	out := object{"id": u.TeamsID, "name": u.Name}
	if !u.NoAAD && !u.Bot {
		out["aadObjectId"] = u.ID
	}
	return out
}

// SetEndpoint tells where the bot listens, without any event.
func (a *Activities) SetEndpoint(endpoint string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.endpoint = endpoint
}

// Connect tells where the bot listens (such as http://127.0.0.1:3978/teams/messages) and
// installs the app in every team, which the bot is told of. It returns when the bot has
// taken those events.
// Errors: a bad endpoint, an event that the bot refused, ctx's.
func (s *Administrator) Connect(ctx context.Context, endpoint string) error {
	if u, err := url.Parse(endpoint); err != nil || u.Host == "" {
		return fmt.Errorf("teamsfake: endpoint %q is no address", endpoint)
	}
	s.activities.SetEndpoint(endpoint)
	s.mu.Lock()
	teams := slices.Clone(s.org.teamIDs)
	s.mu.Unlock()
	return s.Install(ctx, teams...)
}

// Install adds the app to teams and returns when the bot has taken the events.
// Errors: an unknown team, an event that the bot refused, ctx's.
func (s *Administrator) Install(ctx context.Context, teams ...string) error {
	return s.installation(ctx, "add", true, teams)
}

// Upgrade installs a newer version of the app.
func (s *Administrator) Upgrade(ctx context.Context, teams ...string) error {
	return s.installation(ctx, "upgrade", true, teams)
}

// Uninstall takes the app out of teams.
func (s *Administrator) Uninstall(ctx context.Context, teams ...string) error {
	return s.installation(ctx, "remove", false, teams)
}

func (s *Administrator) installation(ctx context.Context, action string, installed bool, teams []string) error {
	var sent []*delivery
	s.mu.Lock()
	for _, id := range teams {
		if s.org.teams[id] == nil {
			s.mu.Unlock()
			return fmt.Errorf("teamsfake: no team %q", id)
		}
		before := s.org.teams[id].Installed
		s.org.teams[id].Installed = installed
		s.note(Change{Kind: "team", ID: id})
		if before != installed {
			s.org.put(s.org.channels[id], &Message{ID: s.nextMessage(), At: s.now(), system: true})
			sent = append(sent, s.announcer.tellRoster(s.org.channels[id], installed, s.opt.botID()))
		}
		sent = append(sent, s.announcer.tellInstallation(s.org.channels[id], action))
	}
	s.mu.Unlock()
	for _, d := range sent {
		select {
		case err := <-d.done:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return fmt.Errorf("teamsfake: waiting for the bot to take %s: %w", d.name, ctx.Err())
		case <-s.ctx.Done():
			return context.Canceled
		}
	}
	return nil
}

// actor is who administrates: the first person of the directory. Caller holds the lock.
func (n *announcer) actor() object {
	for _, id := range n.org.userIDs {
		if u := n.org.users[id]; !u.Bot && !u.Guest {
			return n.from(u)
		}
	}
	return object{"id": "29:1administrator", "aadObjectId": guidOf("administrator")}
}

// tellRoster is conversationUpdate with membersAdded or membersRemoved, 28: or 29: ids.
func (n *announcer) tellRoster(ch *channel, added bool, ids ...string) *delivery {
	a := n.base("conversationUpdate", where{ch: ch})
	a["from"] = n.actor()
	list := []object{}
	for _, id := range ids {
		m := object{"id": id}
		if u := n.org.person(id); u != nil && !u.NoAAD {
			m["aadObjectId"] = u.ID
		}
		list = append(list, m)
	}
	data := n.teamData(a, ch)
	if added {
		a["membersAdded"], data["eventType"] = list, "teamMemberAdded"
	} else {
		a["membersRemoved"], data["eventType"] = list, "teamMemberRemoved"
	}
	delete(data, "channel")
	return n.activities.emit(ch.ID, a)
}

// teamData completes channelData.team as events about teams have it.
func (n *announcer) teamData(a object, ch *channel) object {
	data := a["channelData"].(object) //nolint:forcetypeassert // base made it
	t := n.org.teams[ch.Team]
	data["team"] = object{"id": t.ID, "name": t.Name, "aadGroupId": t.GroupID}
	return data
}

func (n *announcer) tellInstallation(ch *channel, action string) *delivery {
	a := n.base("installationUpdate", where{ch: ch})
	a["from"], a["action"] = n.actor(), action
	data := n.teamData(a, ch)
	data["settings"] = object{"selectedChannel": object{"id": ch.ID}}
	return n.activities.emit(ch.ID, a)
}

// tellChannel is conversationUpdate about a channel: channelCreated, channelRenamed …
func (n *announcer) tellChannel(ch *channel, event string) {
	if !n.org.teams[ch.Team].Installed || ch.Kind != KindStandard && !ch.Added {
		return
	}
	a := n.base("conversationUpdate", where{ch: ch})
	a["from"] = n.actor()
	data := n.teamData(a, ch)
	data["eventType"], data["channel"] = event, object{"id": ch.ID, "name": ch.Name}
	n.activities.emit(ch.ID, a)
}

// pushed tells whether the bot gets a message: it is mentioned, in a personal chat, or has
// the permission for all of them. Messages of other bots are never pushed. Caller holds the lock.
func (n *announcer) pushed(ch *channel, m *Message) bool {
	if !n.org.reachable(ch) || m.Bot || n.org.blocked[ch.person] {
		return false
	}
	if ch.person != "" || m.Targeted != "" {
		return true
	}
	if u := n.org.users[m.User]; m.Guise == "" && (u == nil || u.Bot) {
		return false
	}
	return n.entra.permissions[PermitMessages] || slices.ContainsFunc(m.Mentions, func(x Mention) bool { return x.Bot })
}
