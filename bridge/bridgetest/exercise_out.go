package bridgetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
)

// This part of the suite for surfaces (see ExerciseSurface) checks the direction from the engine to the chat: what people
// see after posts of each kind. A post's token is a unique id, by which Reconcile finds it if the answer to Send was lost.

// exerciseThread checks that a thread shows its root (first message) and then its posts in order, each with the right author.
func exerciseThread(t *testing.T, s Stage) {
	root := s.openRoot(t)
	for i, text := range []string{"first words", "second words"} {
		sent := s.postSaid(t, root, fmt.Sprint("said", i), text)
		if sent.Thread != root || sent.More {
			t.Errorf("posted as %+v", sent)
		}
	}

	line := s.post(bridge.PostLine, root, "line")
	line.Line.Mentions = []bridge.AgentRef{{ID: 1, Name: "Ann", User: bridge.SurfaceUser(s.Agent)}}
	s.send(t, line)
	shown := s.Shown(t, root)
	if len(shown) != 4 { // the card, two texts and the line
		t.Fatalf("shown: %+v", shown)
	}

	card, note := shown[0], shown[3]
	first, second := shown[1], shown[2]
	hasTexts := strings.Contains(first.Text, "first words") && strings.Contains(second.Text, "second words")
	if card.ID != root || !hasTexts {
		t.Fatalf("shown: %+v", shown)
	}
	if card.Buttons == 0 || !strings.Contains(card.Text, "12") {
		t.Errorf("the card: %+v", card)
	}
	if !strings.Contains(first.Author, "Kim Lee") || strings.Contains(note.Author, "Kim") {
		t.Errorf("a customer's words by %q, a line by %q", first.Author, note.Author)
	}
	if n := s.Mentioned(t); n != 1 {
		t.Errorf("the agent was mentioned %d times, want once", n)
	}
}

// exerciseCard checks that the root of a thread shows the conversation's latest state. It also checks that a mark, which is
// an emoji on a message, replaces the mark before. Both posts are idempotent.
func exerciseCard(t *testing.T, s Stage) {
	root := s.openRoot(t)
	typed := s.Say(t, root, "on our way")
	card := s.post(bridge.PostCard, root, "card")
	card.Facts.Subject = "Another topic"
	mark := s.post(bridge.PostMark, root, "mark")
	mark.Place.Message, mark.Mark = typed, bridge.MarkSent
	for range 2 {
		s.send(t, card)
		s.send(t, mark)
	}

	shown := s.Shown(t, root)
	if len(shown) != 2 {
		t.Fatalf("shown: %+v", shown)
	}
	if !strings.Contains(shown[0].Text, "Another topic") || strings.Contains(shown[0].Text, "Printer on fire") {
		t.Errorf("the card: %+v", shown[0])
	}
	if shown[1].Marks != 1 {
		t.Errorf("%d marks", shown[1].Marks)
	}

	s.replaceMarks(t, root, mark)
}

// replaceMarks adds a second mark to a message that has one, replaces it by each other mark in turn, and removes it. first
// is the post of the first mark.
func (s Stage) replaceMarks(t *testing.T, root string, first bridge.Post) {
	t.Helper()
	second := first
	second.Token, second.Mark = "read", bridge.MarkRead
	s.send(t, second)
	if got := s.Shown(t, root)[1].Marks; got != 2 {
		t.Errorf("%d marks after the second", got)
	}

	previous := second.Mark
	for _, mark := range []bridge.Mark{bridge.MarkWaiting, bridge.MarkInside, bridge.MarkDelivered, bridge.MarkWarning, ""} {
		next := first
		next.Token = "next" + string(mark)
		next.Mark, next.Clears = mark, previous
		for range 2 {
			s.send(t, next)
		}
		if got := s.Shown(t, root)[1].Marks; mark != "" && got != 2 {
			t.Errorf("%d marks with %s in place of %s", got, mark, previous)
		}

		previous = mark
	}

	if got := s.Shown(t, root)[1].Marks; got != 1 {
		t.Errorf("%d marks after the second was removed", got)
	}
}

// sendParts makes a post and its further parts, and returns the ids of the messages. Each part has a token of its own, which
// begins with that of the post.
func (s Stage) sendParts(t *testing.T, p bridge.Post) []string {
	t.Helper()
	token := p.Token
	sent := s.send(t, p)
	messages := []string{sent.Message}
	for sent.More {
		p.Part++
		p.Token = fmt.Sprint(token, p.Part)
		p.Progress = sent.Progress
		sent = s.send(t, p)
		messages = append(messages, sent.Message)
	}
	return messages
}

// exerciseFiles checks that files are shown in order, in one post or in several.
func exerciseFiles(t *testing.T, s Stage) {
	root := s.openRoot(t)
	p := s.post(bridge.PostFiles, root, "files")
	for _, name := range []string{"plan.txt", "photo.png"} {
		p.Files = append(p.Files, memoryFile(name, []byte("content of "+name)))
	}
	s.sendParts(t, p)

	var names []string
	for _, m := range s.Shown(t, root) {
		names = append(names, m.Files...)
	}

	if !slices.Equal(names, []string{"plan.txt", "photo.png"}) {
		t.Errorf("shown files %q", names)
	}
}

// exerciseErased checks the erasure of a thread. Our posts are deleted with their files, the root says "Erased", and texts of
// colleagues stay. To erase a message that is already gone is no error, or ErrMessageGone.
func exerciseErased(t *testing.T, s Stage) {
	root := s.openRoot(t)
	typed := s.Say(t, root, "a colleague's words")
	words := s.post(bridge.PostSaid, root, "words")
	words.Said = makeSaid("a customer's words")
	pages := s.post(bridge.PostFiles, root, "pages")
	pages.Files = []channels.File{memoryFile("zebra.txt", []byte("zebra"))}
	posts := map[string]bridge.PostKind{root: bridge.PostRoot, s.send(t, words).Message: bridge.PostSaid}
	for _, message := range s.sendParts(t, pages) {
		posts[message] = bridge.PostFiles
	}
	delete(posts, "") // a post of files may have no id

	for range 2 {
		for message, kind := range posts {
			err := s.erase(t, root, message, kind)
			if err != nil && !errors.Is(err, bridge.ErrMessageGone) {
				t.Errorf("%s: %v", kind, err)
			}
		}
	}

	for _, m := range s.Shown(t, root) {
		isExpected := len(m.Files) == 0 && !strings.Contains(m.Text, "customer's words")
		switch m.ID {
		case root:
			isExpected = m.Buttons == 0 && strings.HasPrefix(m.Text, "Erased")
		case typed:
			isExpected = strings.Contains(m.Text, "a colleague's words")
		}

		if !isExpected {
			t.Errorf("shown after it was erased: %+v", m)
		}
	}
}

// erase erases a message of a thread. kind is the kind of post that made the message.
func (s Stage) erase(t *testing.T, root, message string, kind bridge.PostKind) error {
	t.Helper()
	p := s.post(bridge.PostErased, root, "erase"+message)
	p.Place.Message, p.Was = message, kind
	sent, err := s.Surface.Send(newContext(t), p)
	for err == nil && sent.More {
		p.Part, p.Progress = p.Part+1, sent.Progress
		sent, err = s.Surface.Send(newContext(t), p)
	}
	return err
}

func memoryFile(name string, content []byte) channels.File {
	return channels.File{Name: name, ContentType: "text/plain", SizeBytes: int64(len(content)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }}
}

// exerciseWhisper checks that a PostEphemeral is shown to one person only, and not in the thread.
func exerciseWhisper(t *testing.T, s Stage) {
	root := s.openRoot(t)
	p := s.post(bridge.PostEphemeral, root, "whisper")
	p.To = bridge.SurfaceUser(s.Agent)
	p.Line = &bridge.Line{Content: &bridge.RefusedLine{Why: bridge.InWords("There is a secret reason.")}, Verb: bridge.VerbTake}
	s.send(t, p)
	if n := s.count(t, root, "secret reason"); n != 0 {
		t.Error("everybody sees it")
	}
	got := s.Whispers(t)
	if len(got) != 1 || !strings.Contains(got[0].Text, "There is a secret reason.") {
		t.Errorf("whispered: %+v", got)
	}
}

// exerciseLongText checks that a long text is not truncated but continued in further posts, and that Reconcile finds each of
// them by its token.
func exerciseLongText(t *testing.T, s Stage) {
	root := s.openRoot(t)
	var words []string
	const posts = 4
	for i := range posts * s.Surface.Limits().MaxTextRunes / len("w0000 ") {
		words = append(words, fmt.Sprintf("w%04d", i))
	}

	p := s.post(bridge.PostSaid, root, "")
	p.Said = makeSaid(strings.Join(words, " "))
	for more := true; more; p.Part++ {
		p.Token = fmt.Sprint("part", p.Part)
		sent := s.send(t, p)
		more, p.Progress = sent.More, sent.Progress
		outcome, found, err := s.Surface.Reconcile(newContext(t), p)
		isFound := found.Message == sent.Message && found.More == sent.More
		if outcome != channels.Landed || !isFound {
			t.Fatalf("part %d: sent %+v, reconciled %v %+v %v", p.Part, sent, outcome, found, err)
		}
	}

	if p.Part < posts-1 {
		t.Errorf("%d parts", p.Part)
	}

	var got string
	for _, m := range s.Shown(t, root)[1:] {
		got += m.Text
	}

	for _, space := range []string{" ", "\n"} {
		got = strings.ReplaceAll(got, space, "")
	}

	if want := strings.Join(words, ""); !strings.Contains(got, want) {
		t.Errorf("%d of %d bytes arrived", len(got), len(want))
	}
}

// exerciseHostile checks that a customer's text, name and subject can't mention anybody, format text or forge a message.
func exerciseHostile(t *testing.T, s Stage) {
	root := s.openRoot(t)
	for i, text := range []string{
		s.Mention(s.Agent) + " <!channel> <!here> @everyone @channel " + s.Agent,
		"this & <b>bold</b> | `code",
		":fire: [x](https://a.test)",
		"!resolve",
		"\u202egnp.exe", // right-to-left override: it looks like "exe.png"
	} {
		p := s.post(bridge.PostSaid, root, fmt.Sprint("evil", i))
		p.Said = makeSaid(text)
		p.Said.From.Name = s.Mention(s.Agent) + "\n*Ann*"
		p.Facts.Subject = s.Mention(s.Agent) + " <!channel>"
		s.send(t, p)
		p.Kind, p.Token = bridge.PostCard, fmt.Sprint("card", i)
		p.Place = bridge.Place{Channel: s.Channel, Message: root}
		s.send(t, p)
	}

	line := s.post(bridge.PostLine, root, "line")
	line.Line = &bridge.Line{Content: &bridge.FailedLine{Trouble: s.Mention(s.Agent)}, Text: s.Mention(s.Agent) + " <!here>",
		Customer: bridge.PartyRef{Name: s.Mention(s.Agent)}}
	s.send(t, line)
	if n := s.Mentioned(t); n != 0 {
		t.Errorf("a customer mentioned the agent %d times", n)
	}
	if n := s.count(t, root, "this & <b>bold</b> | `code"); n != 1 {
		t.Errorf("not shown literally: %+v", s.Shown(t, root))
	}
}

// exerciseLimits checks the surface's limits and budgets, and lookups of a channel and of an unknown user.
func exerciseLimits(t *testing.T, s Stage) {
	limits := s.Surface.Limits()
	if min(int64(limits.MaxTextRunes), limits.MaxFileBytes, int64(limits.RequestTimeout)) <= 0 {
		t.Errorf("limits %+v", limits)
	}

	for _, kind := range []bridge.PostKind{
		bridge.PostRoot, bridge.PostSaid, bridge.PostLine, bridge.PostFiles, bridge.PostCard, bridge.PostMark,
		bridge.PostEphemeral, bridge.PostErased,
	} {
		b := s.Surface.Budget(kind, s.Channel)
		lacksBurst := b.PerSecond > 0 && b.Burst < 1
		lacksWideBurst := b.WidePerSecond > 0 && b.WideBurst < 1
		if lacksBurst || lacksWideBurst {
			t.Errorf("budget of %s allows no post: %+v", kind, b)
		}
		if b.Key == "" || b.PerSecond < 0 {
			t.Errorf("budget of %s: %+v", kind, b)
		}
	}

	channel, err := s.Surface.Resolve(newContext(t), s.Channel)
	if err != nil || channel != s.Channel {
		t.Errorf("the channel's id resolves to %q, %v", channel, err)
	}

	user, err := s.Surface.Lookup(newContext(t), "nobody@nowhere.test")
	if err != nil || user != "" {
		t.Errorf("nobody is %q, %v", user, err)
	}
}

// exerciseDeadline checks that a post is not made if its context has expired.
func exerciseDeadline(t *testing.T, s Stage) {
	root := s.openRoot(t)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	p := s.post(bridge.PostSaid, root, "late")
	p.Said = makeSaid("too late")
	_, err := s.Surface.Send(ctx, p)
	class := channels.ClassOf(err)
	canRetry := class == channels.Retry || class == channels.Ambiguous
	if err == nil || !canRetry {
		t.Errorf("too late: %v", err)
	}
	if n := s.count(t, root, "too late"); n != 0 {
		t.Error("it was posted")
	}
}

// exerciseThrottled checks that a throttled post is not made, and that the error says how long to wait.
func exerciseThrottled(t *testing.T, s Stage) {
	root := s.openRoot(t)
	s.Fail(t, FailThrottled, bridge.PostLine)
	p := s.post(bridge.PostLine, root, "line")
	_, err := s.Surface.Send(newContext(t), p)
	if se := checkFailure(t, err, channels.Throttled); se.Wait <= 0 {
		t.Error("throttled without a time")
	}
	if n := len(s.Shown(t, root)); n != 1 {
		t.Errorf("%d messages", n)
	}
}
