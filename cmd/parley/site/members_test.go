package site_test

import (
	"context"
	"sync/atomic"
	"testing"

	"parley/bridge"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
)

// moodyRoster is a chat that tells nobody the members of its channels while it is silent.
type moodyRoster struct {
	memberList

	silent *atomic.Bool
}

// Members implements bridge.Roster.
func (m moodyRoster) Members(ctx context.Context, channel string, skip func(bridge.SurfaceUser) bool) ([]bridge.Member, error) {
	if m.silent.Load() {
		return nil, context.DeadlineExceeded
	}
	return m.memberList.Members(ctx, channel, skip)
}

// startWithMembers starts a site with a team whose channel has these members. The chat is silent while silent is set.
func startWithMembers(t *testing.T, company string, members ...bridge.Member) (s *sitetest.Site, silent *atomic.Bool) {
	t.Helper()
	silent = &atomic.Bool{}
	s = sitetest.Start(t, company, func(o *site.Options) {
		o.Chats.Connected = func() []site.Chat { return []site.Chat{{Kind: "slack", Name: "Slack"}} }
		o.Chats.Surface = func(string) bridge.Surface { return moodyRoster{memberList{list: members}, silent} }
	})
	return s, silent
}

// Who comes into the channel later becomes an agent only if an admin has chosen so. A choice that was stored before stays.
// Requirement R-273: Agents by a channel's members.
func TestNewcomersAreAgentsOnlyByChoice(t *testing.T) {
	t.Parallel()
	for stored, want := range map[string]string{"": "listed", "agents: listed, ": "listed", "agents: channel_members, ": "channel_members"} {
		s, _ := startWithMembers(t, `
agents: [{email: ann@acme.test, name: Ann Lee, roles: [admin]}]
teams: [{name: Support, `+stored+`members: [ann@acme.test], slack_channel: C0SUPPORT}]`,
			bridge.Member{User: "U0BEN", Name: "Ben", Email: "ben@acme.test"})
		form := formAt(s.Visitor("ann@acme.test").Get(membersPage), membersForm)
		if got := form.Values.Get("agents"); got != want {
			t.Errorf("stored %q: the page proposes %q, want %q", stored, got, want)
		}
	}
}
