package site_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
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

// An admin chooses among many members, and the chat doesn't answer: what she chose is shown again, and she sends it once more.
func TestFirstStepsKeepChosenMembers(t *testing.T) {
	t.Parallel()
	s, silent := startWithMembers(t, `
agents: [{email: ann@acme.test, name: Ann Lee, roles: [admin]}]
teams: [{name: Support, members: [ann@acme.test], slack_channel: C0SUPPORT}]`,
		bridge.Member{User: "U0BEN", Name: "Ben <b>Ray", Email: "ben@acme.test"},
		bridge.Member{User: "U0CAT", Name: "Cat", Email: "cat@acme.test"},
		bridge.Member{User: "U0DAN", Name: "Dan", Email: "dan@acme.test", Guest: true},
		bridge.Member{User: "U0EVE", Name: "Eve"},
	)
	v := s.Visitor("ann@acme.test")
	form := formAt(v.Get(membersPage), membersForm)
	form.Values["user"] = []string{"U0BEN", "U0DAN"} // not Cat, who was proposed, but the guest
	form.Values.Set("agents", "listed")
	silent.Store(true)
	before := exported(t, s)

	a := v.Post(membersForm, form.Values)
	wantStatus(t, "the answer", a, http.StatusUnprocessableEntity)
	wantShown(t, "the answer", a, "The chat did not tell who is in the channel.", "Nothing was saved yet.", "data-unsaved",
		"Ben &lt;b&gt;Ray", "dan@acme.test", "a guest", "add this person by hand")
	again := formAt(a, membersForm)
	if again == nil {
		t.Fatalf("the answer has no form to send again:\n%s", a.Body)
	}
	if want, got := encodeSorted(form.Values), encodeSorted(again.Values); got != want {
		t.Errorf("the form that is shown again sends\n%s, want\n%s", got, want)
	}
	if after := exported(t, s); after != before {
		t.Errorf("the set-up was changed:\n%s", changed(before, after))
	}

	silent.Store(false)
	a = v.Post(membersForm, again.Values)
	wantStatus(t, "the answer to the second form", a, http.StatusSeeOther)
	after := exported(t, s)
	if !strings.Contains(after, "ben@acme.test") || !strings.Contains(after, "dan@acme.test") || strings.Contains(after, "cat@acme.test") {
		t.Errorf("the agents aren't those that were chosen:\n%s", after)
	}
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

// The form that is shown again fits on a phone and on a desktop, and says above it why.
func TestMembersShownAgainLook(t *testing.T) {
	t.Parallel()
	s, silent := startWithMembers(t, `
agents: [{email: ann@acme.test, name: Ann Lee, roles: [admin]}]
teams: [{name: Support, members: [ann@acme.test], slack_channel: C0SUPPORT}]`,
		bridge.Member{User: "U0BEN", Name: "Benedikt Fürchtegott von und zu Hohenstein-Weißenfels", Email: "ben@acme.test"},
		bridge.Member{User: "U0DAN", Name: "Dan", Email: "dan@acme.test", Guest: true},
		bridge.Member{User: "U0EVE", Name: "Eve"},
	)
	b := s.Browser("ann@acme.test")
	b.Open(membersPage)
	silent.Store(true)
	b.Press("form.page button.main")
	b.Shows("The chat did not tell who is in the channel.")
	b.Looks("members-again")
}

// encodeSorted encodes a form so that the order of equally named values doesn't matter.
func encodeSorted(form url.Values) string {
	sorted := url.Values{}
	for name, values := range form {
		sorted[name] = slices.Sorted(slices.Values(values))
	}
	return sorted.Encode()
}

// An admin chooses somebody of whom only a super-admin may decide: the page says so, and keeps what else was chosen.
func TestFirstStepsRefuseMemberWhoIsAdmin(t *testing.T) {
	t.Parallel()
	s, _ := startWithMembers(t, `
agents:
  - {email: ann@acme.test, name: Ann Lee, roles: [admin]}
  - {email: sue@acme.test, name: Sue, roles: [super_admin], slack: U0SUE}
teams: [{name: Support, members: [ann@acme.test], slack_channel: C0SUPPORT}]`,
		bridge.Member{User: "U0BEN", Name: "Ben", Email: "ben@acme.test"},
		bridge.Member{User: "U0OTHER", Name: "Sue's second user", Email: "sue@acme.test"},
	)
	v := s.Visitor("ann@acme.test")
	form := formAt(v.Get(membersPage), membersForm)
	form.Values["user"] = []string{"U0BEN", "U0OTHER"}
	before := exported(t, s)

	a := v.Post(membersForm, form.Values)
	wantStatus(t, "the answer", a, http.StatusUnprocessableEntity)
	wantShown(t, "the answer", a, "only super-admins say who an admin is in a chat", "Ask one of them.")
	if again := formAt(a, membersForm); again == nil || !slices.Equal(again.Values["user"], form.Values["user"]) {
		t.Errorf("the answer doesn't keep what was chosen:\n%s", a.Body)
	}
	if after := exported(t, s); after != before {
		t.Errorf("the set-up was changed:\n%s", changed(before, after))
	}
}
