package teams

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"net/http"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/bridge"
	"parley/channels"
)

// pngStrip makes a picture that is one pixel high.
func pngStrip(t *testing.T, width int) []byte {
	t.Helper()
	var b bytes.Buffer
	noError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, width, 1))))
	return b.Bytes()
}

// A customer's pictures are shown, and links lead to the other files. If the answer to a part is lost, the part is
// found again.
func TestFilesOfACustomer(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	plan := fileWith("plan.pdf", "application/pdf", []byte("plan"))
	plan.Link = func() (string, error) { return "https://parley.test/files/x", nil }
	post := w.newPost(bridge.PostFiles, "files")
	post.Files = []channels.File{
		plan,
		fileWith("photo.png", "image/png", pngStrip(t, 10)),
		fileWith("wide.png", "image/png", pngStrip(t, 2000)), // too wide to be shown
		fileWith("secret.pdf", "application/pdf", []byte("secret")),
	}
	post.Missing = []bridge.Missing{{Name: "film.mp4", Reason: "it expired"}}
	wantEqual(t, "parts", w.sendAndLose(post), 2)

	thread := w.fake.Thread(w.channel, w.root)
	if len(thread) != 3 {
		t.Fatalf("got %d messages, want 3: the root, the list of files and the picture", len(thread))
	}
	list, picture := thread[1], thread[2]
	wantWords(t, list.Text, "plan.pdf", "photo.png", "film.mp4", "it expired", "secret.pdf can't be shown here", "PARLEY_PUBLIC_URL")
	wantWords(t, list.HTML, `href="https://parley.test/files/x"`)
	wantEqual(t, "pictures", countPictures(picture), 1)
	w.wantNoProblems()
}

// restartWhileServed stops serving, lets Ann type a message, and then runs a new surface until it has stored that
// message.
func (w *world) restartWhileServed() *Surface {
	w.t.Helper()
	w.stopServing()
	w.replyAsAnn("said while nobody listened")
	again := w.restartedSurface()
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- again.Run(ctx) }()
	w.waitStored("said while nobody listened")
	cancel()
	noError(w.t, <-done)
	return again
}

// Parley finds after a restart what was said while it was down.
func TestRestartFindsWhatWasMissed(t *testing.T) {
	t.Parallel()
	newThreadWorld(t).restartWhileServed()
}

// After a restart Parley still knows the people and channels of which events have told it.
func TestRestartKnowsPeopleAndChannels(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	again := w.restartWhileServed()
	user, err := again.Lookup(w.ctx(), "BEN@acme.test")
	noError(t, err)
	wantEqual(t, "id of Ben", user, ben)
	channel, err := again.Resolve(w.ctx(), "#Customers")
	noError(t, err)
	wantEqual(t, "id of the channel", channel, w.channel)
}

// A user who is in none of the app's teams counts as absent.
func TestAbsentUsers(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	const stranger = "11111111-2222-4333-8444-555555555555"
	absent, err := w.surface.Absent(w.ctx(), []bridge.SurfaceUser{ben, stranger})
	noError(t, err)
	wantList(t, "absent users", absent, []bridge.SurfaceUser{stranger})
}

// If the members of a team can't be read, nobody counts as absent who may be among them: doctor would advise to remove ids that
// are right.
func TestAbsentUsersOfAnUnreadableTeam(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.fake.Inject(teamsfake.Fault{
		Method: "members.page",
		Kind:   teamsfake.FaultHTTP,
		Status: http.StatusForbidden,
		Code:   "BotNotInConversationRoster",
	})
	absent, err := w.surface.Absent(w.ctx(), []bridge.SurfaceUser{ben})
	if err == nil {
		t.Errorf("absent are %v, want an error", absent)
	}
}

// A guest isn't found by address, so no agent is tied to a guest. A guest can't answer from Teams, and would otherwise
// count as an agent on the site.
func TestGuestIsNotFoundByAddress(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	user, err := w.surface.Lookup(w.ctx(), "eve@other.test")
	noError(t, err)
	wantEqual(t, "id of Eve", user, "")
}

// endSecret has Entra refuse our secret from now on.
func (w *world) endSecret() {
	w.fake.Inject(teamsfake.Fault{Method: "token", Kind: teamsfake.FaultHTTP, Status: http.StatusUnauthorized, Code: "invalid_client"})
	w.fake.Entra.RevokeTokens()
}

// Posts wait while our secret is refused because it has ended.
func TestPostsWaitWhileOurSecretEnded(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.endSecret()
	if se := w.mustFail(w.newSaid(w.root, "x")); se.Class != channels.AuthBroken && se.Class != channels.Retry {
		t.Errorf("got class %s, want %s or %s", se.Class, channels.AuthBroken, channels.Retry)
	}
}

// When our secret works again, the surface reports that it works.
func TestSecretThatWorksAgainIsTold(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.endSecret()
	_ = w.mustFail(w.newSaid(w.root, "x"))
	w.fake.ClearFaults()
	w.run()
	w.desk.Wait(t, "it is told that it works", func() bool { return w.desk.Status() == channels.Active })
}

// A message that Teams brings shows that the app is in the channel, but not that Teams takes our secret. So the surface
// stays broken, which is reported once.
func TestMessageWhileOurSecretIsRefused(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.fake.Inject(teamsfake.Fault{
		Method: "activities.send", Kind: teamsfake.FaultHTTP, Status: http.StatusUnauthorized, Code: "BotNotRegistered",
	})
	wantEqual(t, "class", w.mustFail(w.newSaid(w.root, "x")).Class, channels.AuthBroken)
	_, told := w.desk.lastReport()

	w.typeAsAnn("which Teams brings nevertheless")
	w.waitDelivered()
	_ = w.mustFail(w.newSaid(w.root, "y"))
	w.wantReport(channels.Broken)
	w.wantReports(told)
}

// A channel in which the app may not post doesn't keep all of Teams closed when Teams takes our secret again: its refusal
// shows that, too.
func TestSecretThatWorksAgainBesideAClosedChannel(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	secret := w.fake.Inject(teamsfake.Fault{
		Method: "activities.send", Kind: teamsfake.FaultHTTP, Status: http.StatusUnauthorized, Code: "BotNotRegistered",
	})
	_ = w.mustFail(w.newSaid(w.root, "x"))
	w.fake.ClearFaults(secret)
	w.advance(time.Minute)

	w.forbidPosts("activities.send", w.channel)
	_ = w.wantClosed(w.newSaid(w.root, "x"))
	billing := w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.team, Name: "Billing"}).ID
	w.mustSend(w.newRoot("y", billing))
	w.wantReport(channels.Broken, "can't post to the channel")
}

// In a trial without Azure nobody is asked for a token, and doctor (the check of the set-up) says that it is a trial.
func TestTrialWithoutAzure(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withoutAzure)
	w.desk.Open(w.channel)
	w.connect().run()
	w.desk.Wait(t, "it is told that it works", func() bool { return w.desk.Status() == channels.Active })
	w.mustSend(w.newSaid(w.openThread(), "x"))

	findings := w.surface.Check(w.ctx())
	if len(findings) == 0 {
		t.Fatal("doctor finds nothing")
	}
	for _, f := range findings {
		wantEqual(t, f.What+" is OK", f.OK, true)
	}
	wantWords(t, findings[0].Text, "trying on this machine")
	wantWords(t, findings[len(findings)-1].Text, "may not be read")

	for _, method := range []string{"token", "openid", "keys", "graph.*"} {
		wantEqual(t, "calls of "+method, len(w.fake.Calls(method)), 0)
	}
}

// New reports everything that is wrong with its options in one error.
func TestNewSaysAllThatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := New(Options{ServiceURLs: []string{"ftp://x"}})
	if err == nil {
		t.Fatal("New made a surface of nothing, want an error")
	}
	wantWords(t, err.Error(), "app id", "app password", "tenant id", "desk", "ftp://x")
}

func TestNewRefusesGraphWithoutTLS(t *testing.T) {
	t.Parallel()
	o := Options{AppID: "a", AppPassword: "b", TenantID: "c", Desk: newFakeDesk(), GraphURL: "http://graph.test"}
	if _, err := New(o); err == nil {
		t.Error("New took an address of Graph without TLS, want an error")
	}
}
