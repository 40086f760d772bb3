package connector_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/connector"
	"parley/bot/teams/teamsfake"
	"parley/channels"
)

// A thread from its first message to its last change.
func TestThread(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	at := st.root()
	channel, root := connector.SplitThread(at.ID)
	if channel != tickets || connector.ThreadID(channel, root) != at.ID {
		t.Fatalf("started %q", at.ID)
	}
	r, err := st.client.Reply(st.ctx(), at, text("one <b>two</b>"))
	must(t, err)
	again, err := st.client.Update(st.ctx(), at, r.ID, text("three"))
	must(t, err)
	if r.ID == "" || again.ID != r.ID {
		t.Errorf("replied %q, updated %q", r.ID, again.ID)
	}
	must(t, st.client.AddReaction(st.ctx(), at, r.ID, "like"))
	must(t, st.client.AddReaction(st.ctx(), at, r.ID, "1f440_eyes"))
	must(t, st.client.RemoveReaction(st.ctx(), at, r.ID, "like"))
	m := st.srv.Message(tickets, r.ID)
	if m.Text != "three" || m.Root != root || len(m.Reactions) != 1 || m.Reactions[0].Type != "1f440_eyes" {
		t.Errorf("there is %+v", m)
	}
	both := text("words")
	both.Attachments = []connector.Attachment{{ContentType: "application/vnd.microsoft.card.adaptive", Content: []byte(`{"type":"AdaptiveCard","version":"1.5","body":[{"type":"TextBlock","text":"x"}]}`)}}
	split, err := st.client.Reply(st.ctx(), at, both)
	must(t, err)
	if split.ID != "" {
		t.Errorf("a split message has the id %q", split.ID)
	}
	if n := len(st.srv.Calls("token")); n != 1 {
		t.Errorf("%d tokens", n)
	}
}

// What one person sees is told from what all see.
func TestTargeted(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	at := st.root()
	a := text("for you")
	_, err := st.client.SendTargeted(st.ctx(), at, a)
	failed(t, err, channels.BadContent)
	a.Recipient = &connector.ChannelAccount{ID: ann}
	r, err := st.client.SendTargeted(st.ctx(), at, a)
	must(t, err)
	if a.Recipient.IsTargeted {
		t.Error("the caller's recipient was changed")
	}
	if got := st.srv.Targeted(ann); len(got) != 1 || got[0].Text != "for you" {
		t.Fatalf("sees %+v", got)
	}
	_, err = st.client.Update(st.ctx(), at, r.ID, text("for all"))
	failed(t, err, channels.BadContent)
	must(t, st.client.DeleteTargeted(st.ctx(), at, r.ID))
	if got := st.srv.Targeted(ann); len(got) != 0 {
		t.Errorf("sees %+v", got)
	}
	err = st.client.DeleteTargeted(st.ctx(), at, r.ID)
	failed(t, err, channels.BadContent)
	if e := (*connector.Error)(nil); !errors.As(err, &e) || e.Code != connector.CodeNoActivity {
		t.Errorf("it says %v", err)
	}
}

// The chat with a person is one. The Entra object id of a person who only is in a team with the app finds none.
func TestPersonal(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	u, _ := st.srv.User(ann)
	id, err := st.client.Personal(st.ctx(), st.srv.ServiceURL(), st.srv.TenantID(), u.TeamsID)
	must(t, err)
	again, err := st.client.Personal(st.ctx(), st.srv.ServiceURL(), st.srv.TenantID(), u.TeamsID)
	must(t, err)
	if id != again || !strings.HasPrefix(id, "a:") {
		t.Errorf("chats %q and %q", id, again)
	}
	_, err = st.client.Reply(st.ctx(), connector.Conversation{Service: st.srv.ServiceURL(), ID: id}, text("hello"))
	must(t, err)
	_, err = st.client.Personal(st.ctx(), st.srv.ServiceURL(), st.srv.TenantID(), ann)
	failed(t, err, channels.BadRecipient)
	if m := st.srv.Personal(ann); len(m) != 1 || m[0].Text != "hello" {
		t.Errorf("there is %+v", m)
	}
	_, err = st.client.Personal(st.ctx(), st.srv.ServiceURL(), st.srv.TenantID(), "nobody")
	failed(t, err, channels.BadContent)
}

// People, the team and its channels.
func TestDirectory(t *testing.T) {
	t.Parallel()
	o := teamsfake.Options{}
	for i := range 620 {
		o.Users = append(o.Users, teamsfake.User{ID: fmt.Sprintf("cccccccc-0000-4000-8000-%012d", i), Name: fmt.Sprint("Person ", i), Guest: i == 7})
	}
	st := newStage(t, o)
	at := connector.Conversation{Service: strings.TrimSuffix(st.srv.ServiceURL(), "/"), ID: team}
	seen := map[string]bool{}
	pages, next := 0, ""
	for {
		p, err := st.client.Members(st.ctx(), at, next)
		must(t, err)
		for _, m := range p.Members {
			seen[m.AADObjectID] = true
		}
		pages++
		if next = p.ContinuationToken; next == "" {
			break
		}
	}
	if len(seen) != 621 || pages != 2 || !seen[ann] {
		t.Errorf("%d people on %d pages", len(seen), pages)
	}
	u, _ := st.srv.User(ann)
	for _, id := range []string{ann, u.TeamsID} {
		m, err := st.client.Member(st.ctx(), at, id)
		must(t, err)
		if m.ID != u.TeamsID || m.AADObjectID != ann || m.Email != "ann@acme.test" || m.TenantID != st.srv.TenantID() || m.UserRole != "user" {
			t.Errorf("%s is %+v", id, m)
		}
	}
	m, err := st.client.Member(st.ctx(), at, "cccccccc-0000-4000-8000-000000000007")
	must(t, err)
	if m.UserRole != "guest" {
		t.Errorf("the guest is %+v", m)
	}
	_, err = st.client.Member(st.ctx(), at, "nobody")
	failed(t, err, channels.BadRecipient)
	d, err := st.client.Team(st.ctx(), at.Service, team)
	must(t, err)
	if d.AADGroupID != group || d.Name != "Support" || d.ChannelCount != 2 {
		t.Errorf("the team is %+v", d)
	}
	list, err := st.client.Channels(st.ctx(), at.Service, team)
	must(t, err)
	if len(list) != 2 || list[0] != (connector.ChannelInfo{ID: team, Type: "standard"}) || list[1] != (connector.ChannelInfo{ID: tickets, Name: "tickets", Type: "standard"}) {
		t.Errorf("the channels are %+v", list)
	}
}

// A pasted picture is read with our token; another host doesn't get it.
func TestDownload(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	at := st.root()
	_, root := connector.SplitThread(at.ID)
	picture := append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte{7}, 300_000)...)
	id, err := st.srv.As(ann).Post(teamsfake.Post{Channel: tickets, Root: root, Text: "look", Files: []teamsfake.NewFile{{Name: "p.png", Data: picture, Image: true}}})
	must(t, err)
	f := st.srv.Message(tickets, id).Files[0]
	answer, err := st.client.Download(st.ctx(), f.URL)
	must(t, err)
	got, err := io.ReadAll(answer)
	must(t, err)
	must(t, answer.Close())
	if !bytes.Equal(got, picture) || answer.ContentType != "image/png" || answer.SizeBytes >= 0 && answer.SizeBytes != int64(len(picture)) {
		t.Errorf("%d bytes of %s, said %d", len(got), answer.ContentType, answer.SizeBytes)
	}
	_, err = st.client.Download(st.ctx(), strings.Replace(f.URL, "127.0.0.1", "localhost", 1))
	failed(t, err, channels.BadRecipient)
	st.srv.Inject(teamsfake.Fault{Method: "attachments.get", Kind: teamsfake.FaultHTTP, Status: http.StatusNotFound, Code: "NotFound"})
	_, err = st.client.Download(st.ctx(), f.URL)
	failed(t, err, channels.BadRecipient)
}

// An id leads nowhere but to what it names.
func TestIDs(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	at := st.root()
	before := len(st.srv.Calls(""))
	for _, id := range []string{"", ".", ".."} {
		failed(t, st.client.DeleteTargeted(st.ctx(), at, id), channels.BadRecipient)
	}
	_, err := st.client.Reply(st.ctx(), connector.Conversation{Service: st.srv.ServiceURL() + "?x=", ID: at.ID}, text("x"))
	failed(t, err, channels.BadRecipient)
	if n := len(st.srv.Calls("")); n != before {
		t.Errorf("%d calls were made", n-before)
	}
	failed(t, st.client.DeleteTargeted(st.ctx(), at, "../../../teams/x?y#z%2e"), channels.BadContent)
	last := st.srv.Calls("activities.delete")
	if len(last) != 1 || !strings.HasSuffix(last[0].Path, "/activities/..%2F..%2F..%2Fteams%2Fx%3Fy%23z%252e?isTargetedActivity=true") {
		t.Errorf("called %+v", last)
	}
}

// The times of activities, as they come.
func TestAt(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 1, 2, 3, 4, 5, 678000000, time.UTC)
	for in, ok := range map[string]bool{
		"2026-01-02T03:04:05.678Z": true, "2026-01-02T04:04:05.678+01:00": true, "2026-01-02T03:04:05.678": true, "2026-01-02T03:04:05.6780000Z": true,
		"": false, "yesterday": false,
	} {
		if got := (connector.Activity{Timestamp: in}).At(); ok != got.Equal(want) || !ok && !got.IsZero() {
			t.Errorf("%q is %v", in, got)
		}
	}
}

// Conversations' ids, cut.
func TestSplitThread(t *testing.T) {
	t.Parallel()
	for id, want := range map[string][2]string{
		"19:x@thread.tacv2;messageid=17": {"19:x@thread.tacv2", "17"}, "19:x@thread.tacv2": {"19:x@thread.tacv2", ""},
		"a:1-x": {"a:1-x", ""}, "19:x@thread.skype;other=1;messageid=17": {"19:x@thread.skype", "17"}, "": {"", ""},
	} {
		if c, r := connector.SplitThread(id); c != want[0] || r != want[1] {
			t.Errorf("%q: %q and %q", id, c, r)
		}
	}
}
