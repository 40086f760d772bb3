package messenger

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
)

// looked gives what one look at the conversations brings, and what it means.
func (r *rig) looked(t *testing.T, since time.Time, names map[string]string) (ids []string, all []channels.Inbound) {
	t.Helper()
	r.take(t)
	r.storeMissed(t.Context(), since, names)
	r.mu.Lock()
	facts := r.facts
	r.facts = nil
	r.mu.Unlock()
	for _, f := range facts {
		list, err := r.Decode(f.Payload)
		if err != nil || f.Owner != testPage || f.OrderKey == "" || f.Quarantine != "" {
			t.Fatalf("%+v, %v", f, err)
		}
		ids, all = append(ids, f.ExternalID), append(all, list...)
	}
	return ids, all
}

// What webhooks lost is found in the conversations: in order, under the names that the
// webhooks would have given, and neither too early nor from before the account.
func TestLost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	since := r.clock.now().Add(time.Second)
	r.clock.move(time.Minute)
	r.meta.PauseHooks()
	first := r.customer.Text("One")
	second := r.customer.Media("image", "photo.png", "image/png", []byte("PNG"))
	r.customer.Media("audio", "voice.m4a", "audio/mp4", []byte("M4A"))
	r.page.AnswerElsewhere(r.customer, "Hi")
	names := map[string]string{r.customer.ID(): "Ann Lee"}
	if ids, _ := r.looked(t, since, names); len(ids) != 0 {
		t.Errorf("their webhooks may still come: %q", ids)
	}
	r.clock.move(missedAfter + time.Second)
	r.customer.Text("Just now")
	ids, all := r.looked(t, since, names)
	if len(ids) != 3 || ids[0] != "m:"+first || ids[1] != "m:"+second || all[0].Text != "One" || all[1].Attachments[0].ContentType != "image/png" ||
		all[2].Attachments[0].Name != "audio.m4a" || all[0].From.Key != r.customer.ID() || all[0].Kind != channels.InboundMessage {
		t.Fatalf("lost: %q %+v", ids, all)
	}
	if f, err := r.Fetch(t.Context(), all[1].Attachments[0].Ref); err != nil {
		t.Error(err)
	} else {
		_ = f.Body.Close()
	}
	r.meta.ResumeHooks(1)
	var late []string
	for _, f := range r.take(t) {
		late = append(late, f.ExternalID)
	}
	for _, id := range ids {
		if !slices.Contains(late, id) {
			t.Errorf("the webhook that came late after all has another name than %s: %q", id, late)
		}
	}
	r.clock.move(maxMissedAge - time.Minute)
	if ids, _ := r.looked(t, since, names); len(ids) != 1 {
		t.Errorf("a day later: %q", ids)
	}
}

// A tap on a button stands in the conversation as a message, too. Its webhook came, so that the look brings nothing new.
func TestTapIsNotLost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	since := r.clock.now().Add(time.Second)
	r.clock.move(time.Minute)
	r.customer.Postback("Get Started", "GO")
	told := r.take(t)
	r.clock.move(missedAfter + time.Second)
	ids, all := r.looked(t, since, map[string]string{r.customer.ID(): "Ann Lee"})
	if len(told) != 1 || !slices.Equal(ids, []string{told[0].ExternalID}) || all[0].Text != "Get Started" {
		t.Errorf("the webhook brought %+v, the look %q %+v", told, ids, all)
	}
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
	if ids, _ := r.looked(t, since, map[string]string{r.customer.ID(): "Ann Lee"}); !slices.Equal(ids, []string{"m:" + wanted}) {
		t.Errorf("found %q, want the message after the set-up alone", ids)
	}
}

// Names of people whose profiles can't be read come with the first look after they wrote, and when they change.
//
func TestNames(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	names := map[string]string{}
	ids, all := r.looked(t, r.clock.now().Add(time.Hour), names)
	if len(all) != 1 || all[0].Kind != channels.InboundIdentity || all[0].From.Key != r.customer.ID() || all[0].From.Name != "Ann Lee" ||
		all[0].Change.Previous.Key != "" || !strings.HasPrefix(ids[0], "n:"+r.customer.ID()) {
		t.Fatalf("%q %+v", ids, all)
	}
	if ids, _ := r.looked(t, r.clock.now().Add(time.Hour), names); len(ids) != 0 {
		t.Errorf("told again: %q", ids)
	}
	r.customer.HideProfile()
	if ids, _ := r.looked(t, r.clock.now().Add(time.Hour), map[string]string{}); len(ids) != 0 {
		t.Errorf("nobody may know her name: %q", ids)
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
	if c := <-r.told; c.Status != channels.Broken || c.Hint == "" {
		t.Errorf("revoked: %+v", c)
	}
	if c := <-r.told; c.Status != channels.Active {
		t.Errorf("allowed again: %+v", c)
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	first, err := r.fetchedSince(t.Context())
	r.clock.move(time.Hour)
	again, err2 := r.fetchedSince(t.Context())
	if err != nil || err2 != nil || !first.Equal(again) || r.clock.now().Sub(first) < time.Hour {
		t.Errorf("began %s, %v, then %s, %v", first, err, again, err2)
	}
}
