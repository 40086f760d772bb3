package teams_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bot/teams"
	"parley/bot/teams/teamsfake"
	"parley/channels"
)

// mustReply replies in a thread, and returns the id of the reply.
func (st *stage) mustReply(at teams.Conversation, text string) string {
	st.t.Helper()
	r, err := st.client.Reply(st.ctx(), at, textActivity(text))
	noError(st.t, err)
	return r.ID
}

func TestReplyStandsInItsThread(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	at := st.startThread()
	_, root := teams.SplitThread(at.ID)
	m := st.srv.Message(tickets, st.mustReply(at, "one <b>two</b>"))
	wantEqual(t, "root of the reply", m.Root, root)
}

func TestReactionsAreAddedAndRemoved(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	at := st.startThread()
	id := st.mustReply(at, "one")
	noError(t, st.client.AddReaction(st.ctx(), at, id, "like"))
	noError(t, st.client.AddReaction(st.ctx(), at, id, "1f440_eyes"))
	noError(t, st.client.RemoveReaction(st.ctx(), at, id, "like"))
	var got []string
	for _, r := range st.srv.Message(tickets, id).Reactions {
		got = append(got, r.Type)
	}
	if want := []string{"1f440_eyes"}; !slices.Equal(got, want) {
		t.Errorf("got the reactions %q, want %q", got, want)
	}
}

// mustSendToAnn sends a message that only Ann sees, and returns its id.
func (st *stage) mustSendToAnn(at teams.Conversation) string {
	st.t.Helper()
	a := textActivity("for you")
	a.Recipient = &teams.ChannelAccount{ID: ann}
	r, err := st.client.SendTargeted(st.ctx(), at, a)
	noError(st.t, err)
	return r.ID
}

func TestTargetedMessageIsSeenByOnePerson(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	st.mustSendToAnn(st.startThread())
	got := st.srv.Targeted(ann)
	if len(got) != 1 {
		t.Fatalf("Ann alone sees %d messages, want 1: %+v", len(got), got)
	}
	wantEqual(t, "text", got[0].Text, "for you")
}

func TestTargetedMessageForNobodyIsRefused(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	_, err := st.client.SendTargeted(st.ctx(), st.startThread(), textActivity("for you"))
	wantClass(t, err, channels.BadContent)
}

func TestTargetedMessageIsNotUpdatedAsIfAllSawIt(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	at := st.startThread()
	_, err := st.client.Update(st.ctx(), at, st.mustSendToAnn(at), textActivity("for all"))
	wantClass(t, err, channels.BadContent)
}

// openChat asks for the app's chat with a person, and returns its id.
func (st *stage) openChat(user string) (string, error) {
	return st.client.Personal(st.ctx(), st.srv.ServiceURL(), st.srv.TenantID(), user)
}

func TestReplyInAChat(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	u, _ := st.srv.User(ann)
	id, err := st.openChat(u.TeamsID)
	noError(t, err)
	st.mustReply(teams.Conversation{Service: st.srv.ServiceURL(), ID: id}, "hello")
	got := st.srv.Personal(ann)
	if len(got) != 1 {
		t.Fatalf("Ann's chat has %d messages, want 1: %+v", len(got), got)
	}
	wantEqual(t, "text", got[0].Text, "hello")
}

// inTeam is the team's conversation. Its address has no slash at the end.
func (st *stage) inTeam() teams.Conversation {
	return teams.Conversation{Service: strings.TrimSuffix(st.srv.ServiceURL(), "/"), ID: team}
}

// The members of a team come in pages of 500.
func TestMembers(t *testing.T) {
	t.Parallel()
	o := teamsfake.Options{}
	const others = 620
	for i := range others {
		o.Users = append(o.Users, teamsfake.User{ID: fmt.Sprintf("cccccccc-0000-4000-8000-%012d", i), Name: fmt.Sprint("Person ", i)})
	}

	st := newStage(t, o)
	seen := map[string]bool{}
	pages := 0
	for next, more := "", true; more; more = next != "" {
		p, err := st.client.Members(st.ctx(), st.inTeam(), next)
		noError(t, err)
		for _, m := range p.Members {
			seen[m.AADObjectID] = true
		}
		pages++
		next = p.ContinuationToken
	}

	wantEqual(t, "people, with Ann", len(seen), others+1)
	wantEqual(t, "Ann is one of them", seen[ann], true)
	wantEqual(t, "pages", pages, 2)
}

func TestMemberIsFoundByEitherID(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	u, _ := st.srv.User(ann)
	for _, tt := range []struct{ name, id string }{
		{name: "id of Entra", id: ann},
		{name: "id of Teams", id: u.TeamsID},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := st.client.Member(st.ctx(), st.inTeam(), tt.id)
			noError(t, err)
			wantEqual(t, "id of Teams", m.ID, u.TeamsID)
			wantEqual(t, "id of Entra", m.AADObjectID, ann)
			wantEqual(t, "address", m.Email, "ann@acme.test")
			wantEqual(t, "tenant", m.TenantID, st.srv.TenantID())
			wantEqual(t, "role", m.UserRole, "user")
		})
	}
}

// A call isn't made if an id or the address of a service would change its path.
func TestIDsThatWouldChangeThePath(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	at := st.startThread()
	before := len(st.srv.Calls(""))
	for _, id := range []string{"", ".", ".."} {
		wantClass(t, st.client.DeleteTargeted(st.ctx(), at, id), channels.BadRecipient)
	}

	withQuery := teams.Conversation{Service: st.srv.ServiceURL() + "?x=", ID: at.ID}
	_, err := st.client.Reply(st.ctx(), withQuery, textActivity("x"))
	wantClass(t, err, channels.BadRecipient)
	wantEqual(t, "calls", len(st.srv.Calls(""))-before, 0)
}

// A time has a zone, or is in UTC without one. A text that can't be read is no time.
func TestTimeOfActivity(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 678000000, time.UTC)
	for _, tt := range []struct {
		name string
		text string
		want time.Time
	}{
		{name: "UTC", text: "2026-01-02T03:04:05.678Z", want: at},
		{name: "another zone", text: "2026-01-02T04:04:05.678+01:00", want: at},
		{name: "no zone", text: "2026-01-02T03:04:05.678", want: at},
		{name: "seven digits", text: "2026-01-02T03:04:05.6780000Z", want: at},
		{name: "nothing", text: ""},
		{name: "words", text: "yesterday"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := (teams.Activity{Timestamp: tt.text}).At(); !got.Equal(tt.want) {
				t.Errorf("%q is %v, want %v", tt.text, got, tt.want)
			}
		})
	}
}
