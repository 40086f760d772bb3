package operate_test

import (
	"cmp"
	"errors"
	"slices"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/bridge/setup"
	"parley/cmd/parley/lab"
	"parley/cmd/parley/operate"
	"parley/store"
	"parley/store/storetest"
)

// Slack's ids of the people whom mixedPeople adds.
const (
	gus    = "U0GUS"
	gone   = "U0GONE"
	helper = "B0HELPER"
	mum    = "U0MUM"
)

// mixedPeople are, besides Ann, Ben and Zoe: a guest, somebody who was deactivated, a bot, somebody of another company, and somebody whose
// address Slack doesn't tell.
func mixedPeople() []slackfake.User {
	return []slackfake.User{
		{ID: gus, Name: "gus", RealName: "Gus Guest", Email: "gus@elsewhere.test", Restricted: true},
		{ID: gone, Name: "gina", Email: "gina@acme.test", Deleted: true},
		{ID: helper, Name: "helper", Bot: true, BotID: "B1", Email: "bot@acme.test"},
		{ID: "U0FAR", Name: "far", Email: "far@other.test", TeamID: "T0OTHER", Stranger: true},
		{ID: mum, Name: "mum", RealName: "Mum ${HOME}"},
	}
}

// openMixed opens a workspace with mixedPeople, whose team takes the members of its channel.
func openMixed(t *testing.T) *workspace {
	t.Helper()
	w := openWorkspace(t, slackfake.Options{Users: mixedPeople()})
	w.apply(`teams: [{name: Support, agents: channel_members}]`)
	return w
}

// Requirement R-273: Agents by a channel's members.
func TestNobodyJoinsBeforeAnAdminConfirms(t *testing.T) {
	t.Parallel()
	w := openMixed(t)
	w.addNewcomers()
	w.wantTeam("before anybody confirmed")
}

// The list leaves out bots, people who were deactivated, and people of another company.
// Requirement R-273: Agents by a channel's members.
func TestListOfMembers(t *testing.T) {
	t.Parallel()
	type listed struct {
		user    bridge.SurfaceUser
		status  operate.Status
		isGuest bool
		canJoin bool
	}
	var got []listed
	for _, p := range openMixed(t).list().People {
		got = append(got, listed{user: p.User, status: p.Status, isGuest: p.Guest, canJoin: p.CanJoin()})
	}

	want := []listed{
		{user: lab.Ann, status: operate.NotInTeam, canJoin: true},
		{user: lab.Ben, status: operate.NoAgent, canJoin: true},
		{user: lab.Zoe, status: operate.NoAgent, canJoin: true},
		{user: gus, status: operate.NoAgent, isGuest: true, canJoin: true},
		{user: mum, status: operate.NoEmail, canJoin: false},
	}

	byUser := func(a, b listed) int { return cmp.Compare(a.user, b.user) }
	slices.SortFunc(got, byUser)
	slices.SortFunc(want, byUser)
	if !slices.Equal(got, want) {
		t.Errorf("in the channel are\n%+v\nwant\n%+v", got, want)
	}
}

// The members whom an admin chooses join. A chosen member doesn't join without an address, after a deactivation, or
// as a bot.
// Requirement R-273: Agents by a channel's members.
func TestChosenMembersJoin(t *testing.T) {
	t.Parallel()
	w := openMixed(t)
	if n := w.confirm(lab.Ann, lab.Ben, mum, gone, helper); n != 2 {
		t.Errorf("%d joined, want Ann and Ben", n)
	}
	w.wantTeam("after Ann has confirmed", "ann@acme.test", "ben@acme.test")
}

// Once an admin has confirmed, people who come into the channel later join by themselves, except guests and people
// whom the admin left out. A second look changes nothing.
// Requirement R-273: Agents by a channel's members.
func TestNewcomersJoin(t *testing.T) {
	t.Parallel()
	w := openMixed(t)
	w.confirm(lab.Ann, lab.Ben) // Zoe and Gus are left out
	w.join(slackfake.User{ID: "U0DAN", Name: "dan", RealName: "Dan $5", Email: "Dan@acme.test"})
	w.join(slackfake.User{ID: "U0GIL", Name: "gil", Email: "gil@elsewhere.test", Restricted: true})
	w.addNewcomers()
	w.addNewcomers() // as a second replica does
	w.wantTeam("after Dan and a guest came", "ann@acme.test", "ben@acme.test", "dan@acme.test")
}

// A newcomer whose address only looks like that of an agent, because the İ of its domain is another letter than i, isn't
// taken for the agent.
// Requirement R-273: Agents by a channel's members.
func TestNewcomerOfAnotherDomain(t *testing.T) {
	t.Parallel()
	w := openWorkspace(t, slackfake.Options{})
	w.apply(`agents: [{email: kim@firm.test, name: Kim, roles: [admin]}]`)
	w.confirm(lab.Ann)
	w.join(slackfake.User{ID: "U0EVE", Name: "eve", Email: "kim@fİrm.test"})
	w.addNewcomers()
	w.wantTeam("after Eve came", "ann@acme.test", "kim@fİrm.test")
}

// Requirement R-273: Agents by a channel's members.
func TestTakenOutOfTheTeam(t *testing.T) {
	t.Parallel()
	w := openMixed(t)
	w.confirm(lab.Ann, lab.Ben)
	w.join(slackfake.User{ID: "U0DAN", Name: "dan", Email: "dan@acme.test"})
	w.addNewcomers()
	w.apply(`teams: [{name: Support, members: [ann@acme.test, dan@acme.test]}]`)
	w.addNewcomers()
	w.wantTeam("after Ben was taken out", "ann@acme.test", "dan@acme.test")
}

// If a team gets another channel, nobody joins before an admin has confirmed the members of that channel.
// Requirement R-273: Agents by a channel's members.
func TestOtherChannelNeedsConfirmation(t *testing.T) {
	t.Parallel()
	w := openMixed(t)
	w.confirm(lab.Ann)
	w.slack.Admin.AddUser(slackfake.User{ID: "U0EVE", Name: "eve", Email: "eve@acme.test"})
	w.slack.Admin.AddChannel(slackfake.Channel{ID: "C0NEW", Name: "new", Members: []string{w.slack.BotUserID(), "U0EVE"}})
	w.apply(`teams: [{name: Support, agents: channel_members, slack_channel: C0NEW}]`)
	w.addNewcomers()
	w.wantTeam("with a channel that nobody has confirmed", "ann@acme.test")
}

// Only a super-admin may say that another user of the chat is an admin, even if that user has the admin's address.
func TestAdminWhoComesBackWithAnotherUser(t *testing.T) {
	t.Parallel()
	w := openWorkspace(t, slackfake.Options{})
	w.apply(`agents: [{email: ann@acme.test, name: Ann Lee, roles: [super_admin], slack: U0OLD}, {email: ben@acme.test, ` +
		`name: Ben, roles: [admin]}]`)
	ben := storetest.Must(store.FindPersonByEmail(t.Context(), w.db.Pool, "ben@acme.test"))(t)

	_, err := w.keeper.Confirm(t.Context(), setup.Author{Agent: &ben.ID, Name: ben.Email}, w.decide(lab.Ann))
	if _, isRefused := errors.AsType[setup.Faults](err); !isRefused {
		t.Errorf("Confirm by an admin: %v, want that it is refused", err)
	}
	if ann := w.find(lab.Ann); ann.Status != operate.OtherUser {
		t.Errorf("her status is %q, want %q", ann.Status, operate.OtherUser)
	}

	// Once Ann has no user in the chat, an admin may say which one she is.
	w.apply(`agents: [{email: ann@acme.test, slack: ""}]`)
	storetest.Must(w.keeper.Confirm(t.Context(), setup.Author{Agent: &ben.ID, Name: ben.Email}, w.decide(lab.Ann)))(t)
	if ann := w.find(lab.Ann); ann.Status != operate.InTeam {
		t.Errorf("without a former user her status is %q, want %q", ann.Status, operate.InTeam)
	}
}

// An agent who was taken out stays out when she joins a channel, even if her address in Slack isn't the one by which
// she was an agent. If an admin confirms her, she is the same agent again.
// Requirement R-273: Agents by a channel's members.
func TestTakenOutUnderAnotherAddress(t *testing.T) {
	t.Parallel()
	w := openWorkspace(t, slackfake.Options{})
	w.apply(`
agents: [{email: ann@acme.test, name: Ann Lee, roles: [admin]}, {email: eve@acme.test, name: Eve, slack: U0EVE}]
teams: [{name: Support, agents: channel_members}]`)
	w.confirm(lab.Ann)
	w.applyWhole(`agents: [{email: ann@acme.test, name: Ann Lee, roles: [admin]}]`)
	w.join(slackfake.User{ID: "U0EVE", Name: "eve", RealName: "Eve Smith", Email: "e.smith@acme.test"})
	w.addNewcomers()
	w.wantTeam("after Eve came back into the channel", "ann@acme.test")

	eve := w.find("U0EVE")
	if eve.Status != operate.TakenOut {
		t.Errorf("Eve's status is %q, want %q", eve.Status, operate.TakenOut)
	}
	if eve.Email != "eve@acme.test" {
		t.Errorf("Eve's address is %q, want eve@acme.test, by which she was an agent", eve.Email)
	}
	w.confirm("U0EVE")
	w.wantTeam("after an admin has chosen Eve", "ann@acme.test", "eve@acme.test")
}
