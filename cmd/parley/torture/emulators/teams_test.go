package emulators

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/cmd/parley/lab"
	"parley/cmd/parley/torture/checker"
)

// cardOf makes a card with a text and one button. nonce is what all buttons of one post have in common.
func cardOf(t *testing.T, text, verb, nonce string) []json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(map[string]any{
		"type":    "AdaptiveCard",
		"body":    []any{map[string]any{"type": "TextBlock", "text": text}},
		"actions": []any{map[string]any{"type": "Action.Execute", "verb": verb, "data": map[string]any{"v": verb, "n": nonce + "-1"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return []json.RawMessage{raw}
}

// readTestThreads reads the threads of a channel in which Parley posted the card of Case 001 (1), a message of its customer
// (2) and a line with a button (4); Ann replied (3) and typed a command (5); people talk elsewhere (6); and Parley posted
// the card a second time (7). Teams gave up telling Parley of Ann's reply.
func readTestThreads(t *testing.T, blind bool) []checker.Thread {
	t.Helper()
	const shownTwice = "(This may be shown twice: …)"
	threads := teamsReader{isBlind: blind, lost: map[string]bool{"3": true}}.readThreads([]*teamsfake.Message{
		{ID: "1", Root: "1", Bot: true, Cards: cardOf(t, "Case\u2060 001 · Support", "take", "aa")},
		{
			ID:   "2",
			Root: "1",
			Bot:  true,
			HTML: "<strong>Customer 001</strong><br>inbound-c001-1<br>" + shownTwice,
			Text: "Customer 001\ninbound-c001-1\n" + shownTwice,
		},
		{ID: "4", Root: "1", Bot: true, Cards: cardOf(t, "not sent: outbound-c001-2", "send", "bb")},
		{ID: "3", Root: "1", User: lab.TeamsAnn, Text: "outbound-c001-2", HTML: "outbound-c001-2"},
		{ID: "5", Root: "1", User: lab.TeamsAnn, Text: "@Parley resolve"},
		{ID: "6", Root: "6", User: lab.TeamsZoe, Text: "lunch?"},
		{ID: "7", Root: "7", Bot: true, Cards: cardOf(t, "Case 001 · Support", "take", "aa")},
	})
	if len(threads) != 3 {
		t.Fatalf("got %d threads, want 3: %+v", len(threads), threads)
	}
	return threads
}

// findTestPost returns a post of the first thread of readTestThreads.
func findTestPost(t *testing.T, id string) checker.Post {
	t.Helper()
	posts := readTestThreads(t, false)[0].Posts
	i := slices.IndexFunc(posts, func(p checker.Post) bool { return p.ID == id })
	if i < 0 {
		t.Fatalf("the thread has no post %s: %+v", id, posts)
	}
	return posts[i]
}

// The posts of a thread are in order of time.
func TestTeamsPostsInOrder(t *testing.T) {
	t.Parallel()
	var ids []string
	for _, p := range readTestThreads(t, false)[0].Posts {
		ids = append(ids, p.ID)
	}
	if want := []string{"1", "2", "3", "4", "5"}; !slices.Equal(ids, want) {
		t.Errorf("got the posts %q, want %q", ids, want)
	}
}

// The subject of a conversation is found on its card, also where invisible characters stand between its words.
func TestTeamsCard(t *testing.T) {
	t.Parallel()
	if got := subjectIn(readTestThreads(t, false)[0].Card); got != "Case 001" {
		t.Errorf("got the subject %q, want Case 001", got)
	}
}

// A thread that a person began has no card.
func TestTeamsThreadWithoutCard(t *testing.T) {
	t.Parallel()
	if got := readTestThreads(t, false)[1].Card; got != "" {
		t.Errorf("got the card %q, want none", got)
	}
}

// A customer's message has the customer's name, and may say that it is a copy.
func TestTeamsCustomerMessage(t *testing.T) {
	t.Parallel()
	p := findTestPost(t, "2")
	if p.CustomerName != "Customer 001" {
		t.Errorf("customer: got %q, want Customer 001", p.CustomerName)
	}
	if !p.MaybeCopy {
		t.Error("it doesn't count as one that may be a copy")
	}
	if want := []checker.Marker{{Kind: checker.Inbound, Conversation: 1, Number: 1}}; !slices.Equal(p.Markers, want) {
		t.Errorf("markers: got %v, want %v", p.Markers, want)
	}
}

// A reply is by an agent and in no customer's name. It is known that Teams gave up telling Parley of it.
func TestTeamsReply(t *testing.T) {
	t.Parallel()
	p := findTestPost(t, "3")
	if p.Author != lab.TeamsAnn {
		t.Errorf("author: got %q, want %q", p.Author, lab.TeamsAnn)
	}
	if p.CustomerName != "" {
		t.Errorf("customer: got %q, want none", p.CustomerName)
	}
	if !p.EventLost {
		t.Error("its event doesn't count as lost")
	}
	if p.IsResolve {
		t.Error("it counts as a command that resolves")
	}
}

// The command that resolves a conversation is known.
func TestTeamsResolveCommand(t *testing.T) {
	t.Parallel()
	if p := findTestPost(t, "5"); !p.IsResolve {
		t.Errorf("%+v doesn't count as a command that resolves", p)
	}
}

// A line of Parley's has its buttons, and a token by which copies of it are known.
func TestTeamsLine(t *testing.T) {
	t.Parallel()
	p := findTestPost(t, "4")
	if p.Token != "bb" {
		t.Errorf("token: got %q, want bb", p.Token)
	}
	if want := map[string]string{"send": "send"}; !maps.Equal(p.Buttons, want) {
		t.Errorf("buttons: got %v, want %v", p.Buttons, want)
	}
}

// A conversation has only one card, so a second one has the token of the first.
func TestTeamsSecondCard(t *testing.T) {
	t.Parallel()
	threads := readTestThreads(t, false)
	first, second := threads[0].Posts[0].Token, threads[2].Posts[0].Token
	if first == "" {
		t.Error("the first card has no token")
	}
	if second != first {
		t.Errorf("the second card has the token %q, want %q", second, first)
	}
}

// If Parley may not read the channel, it can't know of a card that it posted already. So cards have no tokens.
func TestTeamsSecondCardWhereBlind(t *testing.T) {
	t.Parallel()
	threads := readTestThreads(t, true)
	for _, i := range []int{0, 2} {
		if got := threads[i].Posts[0].Token; got != "" {
			t.Errorf("the card of thread %d has the token %q, want none", i, got)
		}
	}
}
