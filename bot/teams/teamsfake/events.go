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

// base starts an activity to the bot: the members that all share. Caller holds s.mu.
func (s *Server) base(kind string, at where) object {
	now := s.now().UTC().Format("2006-01-02T15:04:05.000Z")
	a := object{
		"type": kind, "id": "f:" + s.guid("activity"), "timestamp": now, "serviceUrl": s.serviceURL(), "channelId": "msteams",
		"recipient": object{"id": s.botID(), "name": s.opt.BotName},
	}
	if at.ch == nil || at.ch.person != "" {
		a["conversation"] = object{"conversationType": "personal", "tenantId": s.opt.TenantID, "id": s.personalID(at.user)}
		a["channelData"] = object{"tenant": object{"id": s.opt.TenantID}}
		return a
	}
	a["conversation"] = object{
		"isGroup": true, "conversationType": "channel", "tenantId": s.opt.TenantID, "id": threadConversation(at.ch.ID, at.root),
	}
	a["channelData"] = object{
		"tenant": object{"id": s.opt.TenantID}, "team": object{"id": at.ch.Team}, "channel": object{"id": at.ch.ID},
		"teamsChannelId": at.ch.ID, "teamsTeamId": at.ch.Team,
	}
	return a
}

// from is who caused an activity.
func (s *Server) from(u *User) object {
	out := object{"id": u.TeamsID, "name": u.Name}
	if !u.NoAAD && !u.Bot {
		out["aadObjectId"] = u.ID
	}
	return out
}

// SetEndpoint tells where the bot listens, without any event.
func (s *Server) SetEndpoint(endpoint string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endpoint = endpoint
}

// Connect tells where the bot listens (such as http://127.0.0.1:3978/teams/messages) and
// installs the app in every team, which the bot is told of. It returns when the bot has
// taken those events.
// Errors: a bad endpoint, an event that the bot refused, ctx's.
func (s *Server) Connect(ctx context.Context, endpoint string) error {
	if u, err := url.Parse(endpoint); err != nil || u.Host == "" {
		return fmt.Errorf("teamsfake: endpoint %q is no address", endpoint)
	}
	s.SetEndpoint(endpoint)
	var teams []string
	for _, t := range s.Teams() {
		teams = append(teams, t.ID)
	}
	return s.Install(ctx, teams...)
}

// Install adds the app to teams and returns when the bot has taken the events.
// Errors: an unknown team, an event that the bot refused, ctx's.
func (s *Server) Install(ctx context.Context, teams ...string) error {
	return s.installation(ctx, "add", true, teams)
}

// Upgrade installs a newer version of the app.
func (s *Server) Upgrade(ctx context.Context, teams ...string) error {
	return s.installation(ctx, "upgrade", true, teams)
}

// Uninstall takes the app out of teams.
func (s *Server) Uninstall(ctx context.Context, teams ...string) error {
	return s.installation(ctx, "remove", false, teams)
}

func (s *Server) installation(ctx context.Context, action string, installed bool, teams []string) error {
	var sent []*delivery
	s.mu.Lock()
	for _, id := range teams {
		if s.teams[id] == nil {
			s.mu.Unlock()
			return fmt.Errorf("teamsfake: no team %q", id)
		}
		before := s.teams[id].Installed
		s.teams[id].Installed = installed
		s.note(Change{Kind: "team", ID: id})
		if before != installed {
			s.put(s.channels[id], &Message{ID: s.nextMessage(), At: s.now(), system: true})
			sent = append(sent, s.tellRoster(s.channels[id], installed, s.botID()))
		}
		sent = append(sent, s.tellInstallation(s.channels[id], action))
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

// actor is who administrates: the first person of the directory. Caller holds s.mu.
func (s *Server) actor() object {
	for _, id := range s.userIDs {
		if u := s.users[id]; !u.Bot && !u.Guest {
			return s.from(u)
		}
	}
	return object{"id": "29:1administrator", "aadObjectId": guidOf("administrator")}
}

// tellRoster is conversationUpdate with membersAdded or membersRemoved, 28: or 29: ids.
func (s *Server) tellRoster(ch *channel, added bool, ids ...string) *delivery {
	a := s.base("conversationUpdate", where{ch: ch})
	a["from"] = s.actor()
	list := []object{}
	for _, id := range ids {
		m := object{"id": id}
		if u := s.person(id); u != nil && !u.NoAAD {
			m["aadObjectId"] = u.ID
		}
		list = append(list, m)
	}
	data := s.teamData(a, ch)
	if added {
		a["membersAdded"], data["eventType"] = list, "teamMemberAdded"
	} else {
		a["membersRemoved"], data["eventType"] = list, "teamMemberRemoved"
	}
	delete(data, "channel")
	return s.emit(ch.ID, a)
}

// teamData completes channelData.team as events about teams have it.
func (s *Server) teamData(a object, ch *channel) object {
	data := a["channelData"].(object) //nolint:forcetypeassert // base made it
	t := s.teams[ch.Team]
	data["team"] = object{"id": t.ID, "name": t.Name, "aadGroupId": t.GroupID}
	return data
}

func (s *Server) tellInstallation(ch *channel, action string) *delivery {
	a := s.base("installationUpdate", where{ch: ch})
	a["from"], a["action"] = s.actor(), action
	data := s.teamData(a, ch)
	data["settings"] = object{"selectedChannel": object{"id": ch.ID}}
	return s.emit(ch.ID, a)
}

// tellChannel is conversationUpdate about a channel: channelCreated, channelRenamed …
func (s *Server) tellChannel(ch *channel, event string) {
	if !s.teams[ch.Team].Installed || ch.Kind != KindStandard && !ch.Added {
		return
	}
	a := s.base("conversationUpdate", where{ch: ch})
	a["from"] = s.actor()
	data := s.teamData(a, ch)
	data["eventType"], data["channel"] = event, object{"id": ch.ID, "name": ch.Name}
	s.emit(ch.ID, a)
}

// pushed tells whether the bot gets a message: it is mentioned, in a personal chat, or has
// the permission for all of them. Messages of other bots are never pushed. Caller holds s.mu.
func (s *Server) pushed(ch *channel, m *Message) bool {
	if !s.reachable(ch) || m.Bot || s.blocked[ch.person] {
		return false
	}
	if ch.person != "" || m.Targeted != "" {
		return true
	}
	if u := s.users[m.User]; m.Guise == "" && (u == nil || u.Bot) {
		return false
	}
	return s.permissions[PermitMessages] || slices.ContainsFunc(m.Mentions, func(x Mention) bool { return x.Bot })
}
