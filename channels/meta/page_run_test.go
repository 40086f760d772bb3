package meta

import (
	"context"
	"slices"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/channelstest"
)

// Run reads the Page's conversations from time to time (a look). It stores messages that no webhook brought, and names of
// customers.

// lookForMissed makes one look. It returns the ids of the facts that the look stored, and these facts decoded.
func (r *rig) lookForMissed(t *testing.T, since time.Time, names map[string]string) (ids []string, all []channels.Inbound) {
	t.Helper()
	r.takeFacts(t)
	r.storeMissed(t.Context(), since, since, names)
	r.mu.Lock()
	facts := r.facts
	r.facts = nil
	r.mu.Unlock()
	for _, f := range facts {
		wantEqual(t, "owner", f.Owner, testPage)
		wantEqual(t, "quarantine", f.Quarantine, "")
		if f.OrderKey == "" {
			t.Errorf("the fact %+v has no order key", f)
		}
		list, err := r.Decode(f.Payload)
		noError(t, err)
		ids, all = append(ids, f.ExternalID), append(all, list...)
	}
	return ids, all
}

// wantMissed checks which facts a look stores.
func (r *rig) wantMissed(t *testing.T, when string, since time.Time, want ...string) {
	t.Helper()
	if ids, _ := r.lookForMissed(t, since, r.annIsKnown()); !slices.Equal(ids, want) {
		t.Errorf("%s: a look brings %q, want %q", when, ids, want)
	}
}

// annIsKnown returns the known names once the rig's customer has been seen.
func (r *rig) annIsKnown() map[string]string { return map[string]string{r.customer.ID(): "Ann Lee"} }

// pauseHooks lets a minute pass and stops all webhooks. It returns the time since which messages are missed.
func (r *rig) pauseHooks() (since time.Time) {
	since = r.clock.now().Add(time.Second)
	r.clock.move(time.Minute)
	r.meta.PauseHooks()
	return since
}

// A look finds messages without webhooks, in order, and gives them the ids that their webhooks would have given. An answer
// that was written elsewhere isn't stored as the customer's message.
func TestMissedMessages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	since := r.pauseHooks()
	text := r.customer.Text("One")
	picture := r.customer.Media("image", "photo.png", "image/png", []byte("PNG"))
	r.customer.Media("audio", "voice.m4a", "audio/mp4", []byte("M4A"))
	r.page.AnswerElsewhere(r.customer, "Hi")
	r.clock.move(missedAfter + time.Second)

	ids, found := r.lookForMissed(t, since, r.annIsKnown())
	if len(ids) != 3 || len(found) != 3 {
		t.Fatalf("found %q, want the text, the picture and the sound", ids)
	}
	wantEqual(t, "id of the text", ids[0], messageFact+text)
	wantEqual(t, "kind of the text", found[0].Kind, channels.InboundMessage)
	wantEqual(t, "customer of the text", found[0].From.Key, r.customer.ID())
	wantEqual(t, "text", found[0].Text, "One")

	wantEqual(t, "id of the picture", ids[1], messageFact+picture)
	file := onlyAttachment(t, found[1])
	wantEqual(t, "type of the picture", file.ContentType, "image/png")
	f, err := r.Fetch(t.Context(), file.Ref)
	if err != nil {
		t.Fatalf("the picture can't be fetched: %v", err)
	}
	_ = f.Body.Close()

	wantEqual(t, "name of the sound", onlyAttachment(t, found[2]).Name, "audio.m4a")
}

// A webhook that comes after the look brings the same id.
func TestLateWebhookOfAMissedMessage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	since := r.pauseHooks()
	r.customer.Text("One")
	r.customer.Media("image", "photo.png", "image/png", []byte("PNG"))
	r.clock.move(missedAfter + time.Second)
	missed, _ := r.lookForMissed(t, since, r.annIsKnown())
	if len(missed) != 2 {
		t.Fatalf("found %q, want the text and the picture", missed)
	}

	r.meta.ResumeHooks(1)
	var late []string
	for _, f := range r.takeFacts(t) {
		late = append(late, f.ExternalID)
	}
	for _, id := range missed {
		if !slices.Contains(late, id) {
			t.Errorf("the late webhooks bring %q, want %s among them", late, id)
		}
	}
}

// A look passes over messages that are older than a day.
func TestOldMessagesAreNotLookedFor(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	since := r.pauseHooks()
	r.customer.Text("Old")
	r.clock.move(missedAfter + time.Second)
	wanted := r.customer.Text("Younger")
	r.clock.move(maxMissedAge - time.Minute)
	r.wantMissed(t, "a day later", since, messageFact+wanted)
}

// runUntilActive revokes the token, allows it again, and lets Run work until it has reported this. It returns both reported
// conditions.
func (r *rig) runUntilActive(t *testing.T) (revoked, allowed channels.Condition) {
	t.Helper()
	r.meta.RevokeToken(testToken)
	r.storeMissed(t.Context(), time.Time{}, time.Time{}, map[string]string{}) // finds the token revoked
	r.meta.AllowToken(testToken, testPage)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	revoked = channelstest.Receive(t, r.conditions, "the revoked token is reported")
	allowed = channelstest.Receive(t, r.conditions, "the allowed token is reported")
	cancel()
	noError(t, channelstest.Receive(t, done, "Run ends"))
	return revoked, allowed
}

// Run makes its first look at once, and reports whether the token works. It ends with its context.
func TestRunReportsTheToken(t *testing.T) {
	t.Parallel()
	revoked, allowed := newRig(t).runUntilActive(t)
	wantEqual(t, "condition with a revoked token", revoked.Status, channels.Broken)
	if revoked.Hint == "" {
		t.Errorf("the condition %+v has no hint", revoked)
	}
	wantEqual(t, "condition with an allowed token", allowed.Status, channels.Active)
}
