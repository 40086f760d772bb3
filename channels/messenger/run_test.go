package messenger

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/channelstest"
	"parley/channels/graphfake"
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

// The first look after an outage reads pages of conversations until it comes to those without new messages. A later look
// reads only the latest page.
func TestMissedMessagesOfManyConversations(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	since := r.pauseHooks()
	const people = 3*conversationsPerPage + 1
	var ids []string
	for i := range people {
		r.clock.move(time.Second)
		ids = append(ids, r.page.Customer(fmt.Sprintf("Person %d", i)).Text("Hello"))
	}
	r.clock.move(missedAfter + time.Second)
	found, _ := r.lookForMissed(t, since, map[string]string{})
	for _, id := range ids {
		if !slices.Contains(found, messageFact+id) {
			t.Errorf("%s is not found", id)
		}
	}

	later := r.clock.now().Add(-missedAfter)
	if !r.storeMissed(t.Context(), since, later, map[string]string{}) {
		t.Error("the later look is not complete")
	}
	again := r.takeFacts(t)
	wantEqual(t, "names that a later look brings", len(slices.DeleteFunc(again, isMessageFact)), conversationsPerPage)
}

func isMessageFact(f channels.Fact) bool { return strings.HasPrefix(f.ExternalID, messageFact) }

// A look passes over a message whose webhook may still come.
func TestMissedMessagesAreNotTakenAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	since := r.pauseHooks()
	text := r.customer.Text("One")
	r.wantMissed(t, "at once", since)
	r.clock.move(missedAfter + time.Second)
	r.customer.Text("Just now")
	r.wantMissed(t, "later", since, messageFact+text)
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

// A tap on a button is listed in the conversation as a message. The look gives it the id that its webhook gave it, so it
// counts once.
func TestTapIsNotMissed(t *testing.T) {
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

// The first look stores what customers wrote since the account was set up, and nothing older.
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
	r.wantMissed(t, "the first look", r.storedBeginning(t), messageFact+wanted)
}

// afterAllMessages returns a time after all messages. A look from there on stores only names.
func (r *rig) afterAllMessages() time.Time { return r.clock.now().Add(time.Hour) }

// The first look stores the name of a customer whose profile can't be read.
// Requirement R-191: The name that the channel tells.
func TestNameFromTheConversation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ids, found := r.lookForMissed(t, r.afterAllMessages(), map[string]string{})
	if len(found) != 1 {
		t.Fatalf("found %+v, want one name", found)
	}
	wantEqual(t, "kind", found[0].Kind, channels.InboundIdentity)
	wantEqual(t, "name", found[0].From.Name, "Ann Lee")
	wantEqual(t, "customer of the name", found[0].From.Key, r.customer.ID())
	wantEqual(t, "key that is given up", found[0].Change.Previous.Key, "")
	if !strings.HasPrefix(ids[0], nameFact+r.customer.ID()) {
		t.Errorf("got the id %s, want one that begins with %s", ids[0], nameFact+r.customer.ID())
	}
}

// A look doesn't store a known name again.
// Requirement R-191: The name that the channel tells.
func TestKnownNameIsNotBroughtAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	names := map[string]string{} // filled by each look
	if ids, _ := r.lookForMissed(t, r.afterAllMessages(), names); len(ids) != 1 {
		t.Fatalf("the first look brings %q, want one name", ids)
	}
	if ids, _ := r.lookForMissed(t, r.afterAllMessages(), names); len(ids) != 0 {
		t.Errorf("the second look brings %q, want nothing", ids)
	}
}

// Requirement R-191: The name that the channel tells.
func TestHiddenNameIsNotBrought(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.customer.HideProfile()
	if ids, _ := r.lookForMissed(t, r.afterAllMessages(), map[string]string{}); len(ids) != 0 {
		t.Errorf("a look brings %q, want nothing", ids)
	}
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

// After a look that fails, the next one must reach back as far. The failure changes the account's condition only if the
// token was refused.
func TestLookThatFails(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.addFault(t, graphfake.Fault{Route: "messenger.conversations", Action: graphfake.ActionError, Code: codeAppRate, Status: 400})
	wantEqual(t, "it is complete", r.storeMissed(t.Context(), time.Time{}, time.Time{}, map[string]string{}), false)
	wantEqual(t, "number of conditions", len(r.conditions), 0)
	wantEqual(t, "a later one is complete", r.storeMissed(t.Context(), time.Time{}, time.Time{}, map[string]string{}), true)
	wantEqual(t, "whose conversations are listed", r.meta.RequestsTo("messenger.conversations")[1].Query.Get("platform"), "messenger")
}

// After an outage Run reads the list as far back as it must, even if its first look fails. A later look reads only the
// latest page.
func TestRunReachesBackAfterAFailure(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.beginsAt = r.pauseHooks()
	missed := r.customer.Text("Is anybody there?")
	for i := range conversationsPerPage {
		r.page.Customer(fmt.Sprintf("Person %d", i)).Text("Hello")
	}
	r.clock.move(time.Hour)
	r.addFault(t, graphfake.Fault{Route: "messenger.conversations", Action: graphfake.ActionError, Code: codeAppRate, Status: 400})

	ctx, cancel := context.WithCancel(t.Context())
	var pages []int // of the list that were asked for until each pause
	r.pause = func(context.Context) {
		pages = append(pages, len(r.meta.RequestsTo("messenger.conversations")))
		if len(pages) == 3 {
			cancel()
		}
	}
	noError(t, r.Run(ctx))
	if !slices.Equal(pages, []int{1, 1 + 2, 1 + 2 + 1}) {
		t.Errorf("pages that were asked for until each pause: got %v, want one, two more, and one more", pages)
	}
	isMissed := func(f channels.Fact) bool { return f.ExternalID == messageFact+missed }
	wantEqual(t, "the oldest message is found", slices.ContainsFunc(r.takeFacts(t), isMissed), true)
}

// Run stores when the account began. This time stays the same.
func TestRunRemembersTheBeginning(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.runUntilActive(t)
	began := r.storedBeginning(t)
	r.clock.move(time.Hour)
	if again := r.storedBeginning(t); !again.Equal(began) {
		t.Errorf("an hour later the account began at %s, want %s", again, began)
	}
	if age := r.clock.now().Sub(began); age < time.Hour || age > 2*time.Hour {
		t.Errorf("the account began %s ago, want an hour and little more", age)
	}
}

// If an account gets another Page, messages that were written to this Page before don't count as missed.
func TestAnotherPageBeginsAnew(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.storedBeginning(t)
	r.clock.move(time.Hour)

	const otherPage = "3088"
	customer := r.meta.AddPage(graphfake.PageConfig{ID: otherPage, Name: "Acme Shop"}).Customer("Bob Ray")
	r.meta.AllowToken(testToken, testPage, otherPage)
	customer.Text("Before")
	r.clock.move(time.Hour)
	r.Channel.page, r.beginsAt = otherPage, r.clock.now()
	r.clock.move(time.Minute)
	wanted := customer.Text("After")
	r.clock.move(time.Hour)

	r.takeFacts(t)
	r.storeMissed(t.Context(), r.storedBeginning(t), time.Time{}, map[string]string{customer.ID(): "Bob Ray"})
	var got []string
	for _, f := range r.takeFacts(t) {
		got = append(got, f.ExternalID)
	}
	if want := []string{messageFact + wanted}; !slices.Equal(got, want) {
		t.Errorf("the first look at the other Page brings %q, want %q", got, want)
	}
}

// The version before stored the beginning without a Page. It counts for the account's Page.
func TestBeginningOfTheVersionBefore(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	began := r.clock.now().Add(-time.Hour).UTC().Truncate(time.Second)
	noError(t, r.Save(t.Context(), nil, []byte(`{"since":"`+began.Format(time.RFC3339)+`"}`)))
	for range 2 { // the second time, the Page is stored with it
		if got := r.storedBeginning(t); !got.Equal(began) {
			t.Errorf("the account began at %s, want %s", got, began)
		}
	}
}

// storedBeginning returns the stored beginning of the account.
func (r *rig) storedBeginning(t *testing.T) time.Time {
	t.Helper()
	since, err := r.loadSince(t.Context())
	noError(t, err)
	return since
}
