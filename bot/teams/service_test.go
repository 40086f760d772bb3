package teams

import (
	"context"
	"net/http"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/channels"
)

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

func TestNewRefusesGraphWithoutTLS(t *testing.T) {
	t.Parallel()
	o := Options{AppID: "a", AppPassword: "b", TenantID: "c", Desk: newFakeDesk(), GraphURL: "http://graph.test"}
	if _, err := New(o); err == nil {
		t.Error("New took an address of Graph without TLS, want an error")
	}
}
