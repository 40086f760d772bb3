package messenger

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
)

// lookForMissed looks at the conversations once. It returns the ids of the facts that this brings, and what they mean.
func (r *rig) lookForMissed(t *testing.T, since time.Time, names map[string]string) (ids []string, all []channels.Inbound) {
	t.Helper()
	r.takeFacts(t)
	r.storeMissed(t.Context(), since, names)
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
		if err != nil {
			t.Fatal(err)
		}
		ids, all = append(ids, f.ExternalID), append(all, list...)
	}
	return ids, all
}

// annIsKnown are the names that are known when the rig's customer has been seen before.
func (r *rig) annIsKnown() map[string]string { return map[string]string{r.customer.ID(): "Ann Lee"} }

// What webhooks lost is found in the conversations: in order, under the names that the
// webhooks would have given, and neither too early nor from before the account.
func TestLost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	since := r.clock.now().Add(time.Second)
	r.clock.move(time.Minute)
	r.meta.PauseHooks()
	text := r.customer.Text("One")
	picture := r.customer.Media("image", "photo.png", "image/png", []byte("PNG"))
	r.customer.Media("audio", "voice.m4a", "audio/mp4", []byte("M4A"))
	r.page.AnswerElsewhere(r.customer, "Hi")

	// Their webhooks may still come.
	names := r.annIsKnown()
	if ids, _ := r.lookForMissed(t, since, names); len(ids) != 0 {
		t.Errorf("found %q at once, want nothing", ids)
	}

	// Later they count as lost, without what was written just now.
	r.clock.move(missedAfter + time.Second)
	r.customer.Text("Just now")
	ids, found := r.lookForMissed(t, since, names)
	if len(ids) != 3 {
		t.Fatalf("found %q, want the text, the picture and the sound", ids)
	}
	wantEqual(t, "id of the text", ids[0], messageFact+text)
	wantEqual(t, "id of the picture", ids[1], messageFact+picture)
	wantEqual(t, "kind of the text", found[0].Kind, channels.InboundMessage)
	wantEqual(t, "author of the text", found[0].From.Key, r.customer.ID())
	wantEqual(t, "text", found[0].Text, "One")
	wantEqual(t, "type of the picture", found[1].Attachments[0].ContentType, "image/png")
	wantEqual(t, "name of the sound", found[2].Attachments[0].Name, "audio.m4a")
	if f, err := r.Fetch(t.Context(), found[1].Attachments[0].Ref); err != nil {
		t.Errorf("the picture can't be fetched: %v", err)
	} else {
		_ = f.Body.Close()
	}

	// A webhook that comes late after all gives the same names.
	r.meta.ResumeHooks(1)
	var late []string
	for _, f := range r.takeFacts(t) {
		late = append(late, f.ExternalID)
	}
	for _, id := range ids {
		if !slices.Contains(late, id) {
			t.Errorf("the late webhooks bring %q, want %s among them", late, id)
		}
	}

	// What is older than a day isn't looked for any more.
	r.clock.move(maxMissedAge - time.Minute)
	if ids, _ := r.lookForMissed(t, since, names); len(ids) != 1 {
		t.Errorf("found %q a day later, want what was written last alone", ids)
	}
}

// A tap on a button stands in the conversation as a message, too. Its webhook came, so that the look brings nothing new.
func TestTapIsNotLost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	since := r.clock.now().Add(time.Second)
	r.clock.move(time.Minute)
	r.customer.Postback("Get Started", "GO")
	hooked := r.takeFacts(t)
	if len(hooked) != 1 {
		t.Fatalf("the webhook brought %+v, want one fact", hooked)
	}
	r.clock.move(missedAfter + time.Second)
	ids, found := r.lookForMissed(t, since, r.annIsKnown())
	if !slices.Equal(ids, []string{hooked[0].ExternalID}) {
		t.Fatalf("found %q, want the webhook's fact %s alone", ids, hooked[0].ExternalID)
	}
	wantEqual(t, "text", found[0].Text, "Get Started")
}

// What customers wrote between the set-up of an account and its first look counts as lost too.
func TestFirstLookReachesBackToTheSetUp(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.meta.PauseHooks()
	r.customer.Text("Before")
	r.clock.move(time.Hour)
	r.beginsAt = r.clock.now()
	r.clock.move(time.Minute)
	wanted := r.customer.Text("After")
	r.clock.move(time.Hour)
	since, err := r.fetchedSince(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if ids, _ := r.lookForMissed(t, since, r.annIsKnown()); !slices.Equal(ids, []string{messageFact + wanted}) {
		t.Errorf("found %q, want the message after the set-up alone", ids)
	}
}

// Names of people whose profiles can't be read come with the first look after they wrote, and when they change.
//
func TestNames(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	names := map[string]string{}
	later := r.clock.now().Add(time.Hour) // after all messages, so that a look brings names alone
	ids, found := r.lookForMissed(t, later, names)
	if len(found) != 1 {
		t.Fatalf("found %+v, want one name", found)
	}
	wantEqual(t, "kind", found[0].Kind, channels.InboundIdentity)
	wantEqual(t, "name", found[0].From.Name, "Ann Lee")
	wantEqual(t, "whose name it is", found[0].From.Key, r.customer.ID())
	wantEqual(t, "key that is given up", found[0].Change.Previous.Key, "")
	if !strings.HasPrefix(ids[0], nameFact+r.customer.ID()) {
		t.Errorf("got the id %s, want one that begins with %s", ids[0], nameFact+r.customer.ID())
	}
	if ids, _ := r.lookForMissed(t, later, names); len(ids) != 0 {
		t.Errorf("a second look brings %q, want nothing since the name is known", ids)
	}
	r.customer.HideProfile()
	if ids, _ := r.lookForMissed(t, later, map[string]string{}); len(ids) != 0 {
		t.Errorf("a look brings %q, want nothing since she hides her name", ids)
	}
}

// Run looks at once, remembers when the account began, says whether the token works, and
// ends with its context.
func TestRun(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.meta.RevokeToken(testToken)
	r.storeMissed(t.Context(), time.Time{}, map[string]string{})
	r.meta.AllowToken(testToken, testPage)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	if c := <-r.conditions; c.Status != channels.Broken || c.Hint == "" {
		t.Errorf("got the condition %+v of a revoked token, want broken and a hint", c)
	}
	if c := <-r.conditions; c.Status != channels.Active {
		t.Errorf("got the condition %+v of an allowed token, want active", c)
	}
	cancel()
	noError(t, <-done)
	began := r.storedBeginning(t)
	r.clock.move(time.Hour)
	if again := r.storedBeginning(t); !again.Equal(began) {
		t.Errorf("an hour later the account began at %s, want %s", again, began)
	}
	if age := r.clock.now().Sub(began); age < time.Hour {
		t.Errorf("the account began %s ago, want at least an hour", age)
	}
}

// storedBeginning returns when the account began, as it was stored.
func (r *rig) storedBeginning(t *testing.T) time.Time {
	t.Helper()
	since, err := r.fetchedSince(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return since
}
