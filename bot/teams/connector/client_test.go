package connector_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/connector"
	"parley/bot/teams/teamsfake"
	"parley/channels"
)

// A message that we reply, update and react to is one message in its thread.
func TestThread(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	at := st.startThread()
	channel, root := connector.SplitThread(at.ID)
	wantEqual(t, "channel of the thread", channel, tickets)
	wantEqual(t, "id of the thread", connector.ThreadID(channel, root), at.ID)

	r, err := st.client.Reply(st.ctx(), at, textActivity("one <b>two</b>"))
	must(t, err)
	updated, err := st.client.Update(st.ctx(), at, r.ID, textActivity("three"))
	must(t, err)
	wantEqual(t, "id after the update", updated.ID, r.ID)
	must(t, st.client.AddReaction(st.ctx(), at, r.ID, "like"))
	must(t, st.client.AddReaction(st.ctx(), at, r.ID, "1f440_eyes"))
	must(t, st.client.RemoveReaction(st.ctx(), at, r.ID, "like"))

	m := st.srv.Message(tickets, r.ID)
	wantEqual(t, "text", m.Text, "three")
	wantEqual(t, "root", m.Root, root)
	if len(m.Reactions) != 1 || m.Reactions[0].Type != "1f440_eyes" {
		t.Errorf("got the reactions %+v, want eyes alone", m.Reactions)
	}
	wantEqual(t, "requests for tokens", len(st.srv.Calls("token")), 1)
}

// Teams splits a message with a text and a card, and then names neither part.
func TestSplitMessage(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	both := textActivity("words")
	both.Attachments = []connector.Attachment{{ContentType: "application/vnd.microsoft.card.adaptive",
		Content: []byte(`{"type":"AdaptiveCard","version":"1.5","body":[{"type":"TextBlock","text":"x"}]}`)}}
	split, err := st.client.Reply(st.ctx(), st.startThread(), both)
	must(t, err)
	wantEqual(t, "id of a split message", split.ID, "")
}

// A message that one person sees can be deleted, but not updated as if all saw it. One for nobody is refused.
func TestTargeted(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	at := st.startThread()
	a := textActivity("for you")
	_, err := st.client.SendTargeted(st.ctx(), at, a)
	wantClass(t, err, channels.BadContent)

	a.Recipient = &connector.ChannelAccount{ID: ann}
	r, err := st.client.SendTargeted(st.ctx(), at, a)
	must(t, err)
	wantEqual(t, "the caller's recipient was changed", a.Recipient.IsTargeted, false)
	if got := st.srv.Targeted(ann); len(got) != 1 || got[0].Text != "for you" {
		t.Fatalf("Ann alone sees %+v, want one message", got)
	}
	_, err = st.client.Update(st.ctx(), at, r.ID, textActivity("for all"))
	wantClass(t, err, channels.BadContent)

	must(t, st.client.DeleteTargeted(st.ctx(), at, r.ID))
	wantEqual(t, "messages after the deletion", len(st.srv.Targeted(ann)), 0)
	err = st.client.DeleteTargeted(st.ctx(), at, r.ID)
	wantClass(t, err, channels.BadContent)
	wantEqual(t, "code of a second deletion", asError(t, err).Code, connector.CodeNoActivity)
}

// personal asks for the chat with a person.
func (st *stage) personal(user string) (string, error) {
	return st.client.Personal(st.ctx(), st.srv.ServiceURL(), st.srv.TenantID(), user)
}

// There is one chat with a person. It is found by their id of Teams, and not by that of Entra if they only are in a team with the app.
func TestPersonal(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	u, _ := st.srv.User(ann)
	id, err := st.personal(u.TeamsID)
	must(t, err)
	again, err := st.personal(u.TeamsID)
	must(t, err)
	wantEqual(t, "chat that is found again", again, id)
	wantEqual(t, "it is a chat of one person", strings.HasPrefix(id, "a:"), true)
	_, err = st.client.Reply(st.ctx(), connector.Conversation{Service: st.srv.ServiceURL(), ID: id}, textActivity("hello"))
	must(t, err)
	if m := st.srv.Personal(ann); len(m) != 1 || m[0].Text != "hello" {
		t.Errorf("Ann's chat has %+v, want one message", m)
	}
	_, err = st.personal(ann)
	wantClass(t, err, channels.BadRecipient)
	_, err = st.personal("nobody")
	wantClass(t, err, channels.BadContent)
}

// inTeam is the team's conversation, by an address without a final slash.
func (st *stage) inTeam() connector.Conversation {
	return connector.Conversation{Service: strings.TrimSuffix(st.srv.ServiceURL(), "/"), ID: team}
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
		must(t, err)
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

// A member is found by either id. Guests are told apart.
func TestMember(t *testing.T) {
	t.Parallel()
	const guest = "cccccccc-0000-4000-8000-000000000007"
	st := newStage(t, teamsfake.Options{Users: []teamsfake.User{{ID: guest, Name: "Guest", Guest: true}}})
	u, _ := st.srv.User(ann)
	for _, id := range []string{ann, u.TeamsID} {
		m, err := st.client.Member(st.ctx(), st.inTeam(), id)
		must(t, err)
		wantEqual(t, "id of Teams", m.ID, u.TeamsID)
		wantEqual(t, "id of Entra", m.AADObjectID, ann)
		wantEqual(t, "address", m.Email, "ann@acme.test")
		wantEqual(t, "tenant", m.TenantID, st.srv.TenantID())
		wantEqual(t, "role", m.UserRole, "user")
	}
	m, err := st.client.Member(st.ctx(), st.inTeam(), guest)
	must(t, err)
	wantEqual(t, "role of the guest", m.UserRole, "guest")
	_, err = st.client.Member(st.ctx(), st.inTeam(), "nobody")
	wantClass(t, err, channels.BadRecipient)
}

// The team's first channel has the team's id, and no name.
func TestTeamAndChannels(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	d, err := st.client.Team(st.ctx(), st.inTeam().Service, team)
	must(t, err)
	wantEqual(t, "group", d.AADGroupID, group)
	wantEqual(t, "name", d.Name, "Support")
	wantEqual(t, "channels", d.ChannelCount, 2)
	list, err := st.client.Channels(st.ctx(), st.inTeam().Service, team)
	must(t, err)
	if want := []connector.ChannelInfo{{ID: team, Type: "standard"}, {ID: tickets, Name: "tickets", Type: "standard"}}; !slices.Equal(list, want) {
		t.Errorf("got the channels %+v, want %+v", list, want)
	}
}

// A pasted picture is read with our token, which no other host gets.
func TestDownload(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	_, root := connector.SplitThread(st.startThread().ID)
	picture := append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte{7}, 300_000)...)
	id, err := st.srv.As(ann).Post(teamsfake.Post{Channel: tickets, Root: root, Text: "look", Files: []teamsfake.NewFile{{Name: "p.png", Data: picture, Image: true}}})
	must(t, err)
	url := st.srv.Message(tickets, id).Files[0].URL
	answer, err := st.client.Download(st.ctx(), url)
	must(t, err)
	got, err := io.ReadAll(answer)
	must(t, err)
	must(t, answer.Close())
	wantEqual(t, "it is the picture", bytes.Equal(got, picture), true)
	wantEqual(t, "content type", answer.ContentType, "image/png")
	if answer.SizeBytes >= 0 { // it may be unknown
		wantEqual(t, "size", answer.SizeBytes, int64(len(picture)))
	}

	_, err = st.client.Download(st.ctx(), strings.Replace(url, "127.0.0.1", "localhost", 1))
	wantClass(t, err, channels.BadRecipient)
	st.srv.Inject(teamsfake.Fault{Method: "attachments.get", Kind: teamsfake.FaultHTTP, Status: http.StatusNotFound, Code: "NotFound"})
	_, err = st.client.Download(st.ctx(), url)
	wantClass(t, err, channels.BadRecipient)
}

// An id can't lead to anything but what it names. Those that could aren't called.
func TestIDs(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	at := st.startThread()
	before := len(st.srv.Calls(""))
	for _, id := range []string{"", ".", ".."} {
		wantClass(t, st.client.DeleteTargeted(st.ctx(), at, id), channels.BadRecipient)
	}
	_, err := st.client.Reply(st.ctx(), connector.Conversation{Service: st.srv.ServiceURL() + "?x=", ID: at.ID}, textActivity("x"))
	wantClass(t, err, channels.BadRecipient)
	wantEqual(t, "calls", len(st.srv.Calls(""))-before, 0)

	wantClass(t, st.client.DeleteTargeted(st.ctx(), at, "../../../teams/x?y#z%2e"), channels.BadContent)
	calls := st.srv.Calls("activities.delete")
	if want := "/activities/..%2F..%2F..%2Fteams%2Fx%3Fy%23z%252e?isTargetedActivity=true"; len(calls) != 1 || !strings.HasSuffix(calls[0].Path, want) {
		t.Errorf("called %+v, want one path that ends with %s", calls, want)
	}
}

// Times come with a zone, or without one, which means UTC.
func TestTimeOfActivity(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 678000000, time.UTC)
	for text, want := range map[string]time.Time{
		"2026-01-02T03:04:05.678Z":      at,
		"2026-01-02T04:04:05.678+01:00": at,
		"2026-01-02T03:04:05.678":       at,
		"2026-01-02T03:04:05.6780000Z":  at,
		"":                              {},
		"yesterday":                     {},
	} {
		if got := (connector.Activity{Timestamp: text}).At(); !got.Equal(want) {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}

func TestSplitThread(t *testing.T) {
	t.Parallel()
	type thread struct{ channel, root string }
	for id, want := range map[string]thread{
		"19:x@thread.tacv2;messageid=17":         {channel: "19:x@thread.tacv2", root: "17"},
		"19:x@thread.tacv2":                      {channel: "19:x@thread.tacv2"},
		"a:1-x":                                  {channel: "a:1-x"},
		"19:x@thread.skype;other=1;messageid=17": {channel: "19:x@thread.skype", root: "17"},
		"":                                       {},
	} {
		channel, root := connector.SplitThread(id)
		wantEqual(t, "thread of "+id, thread{channel, root}, want)
	}
}
