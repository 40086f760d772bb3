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

// This part of the suite checks the way from the engine to the chat: what people see after posts of each kind. A
// post's token is the unique text by which the surface finds it again when nobody knows whether it was made.

// exerciseThread checks that a thread shows its root and then the posts in order, each under the right name.
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
		t.Errorf("the agent was mentioned %d times, once was meant", n)
	}
}

// exerciseCard checks that the root of a thread shows the conversation's latest state, and that posting it twice
// changes nothing. A mark (an emoji on a message) is set once, and replaces the mark before.
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

	read := mark
	read.Token, read.Mark = "read", bridge.MarkRead
	s.send(t, read)
	if got := s.Shown(t, root)[1].Marks; got != 2 {
		t.Errorf("%d marks after the second", got)
	}

	// Each in place of another one, then none.
	for _, then := range []bridge.Mark{bridge.MarkWaiting, bridge.MarkInside, bridge.MarkDelivered, bridge.MarkWarning, ""} {
		next := mark
		next.Token = "next" + string(then)
		next.Mark, next.Clears = then, read.Mark
		for range 2 {
			s.send(t, next)
		}
		if got := s.Shown(t, root)[1].Marks; then != "" && got != 2 {
			t.Errorf("%d marks with %s in place of %s", got, then, read.Mark)
		}

		read = next
	}

	if got := s.Shown(t, root)[1].Marks; got != 1 {
		t.Errorf("%d marks when the second was taken off", got)
	}
}

// exerciseFiles checks that files are shown in order, in one post or in several.
func exerciseFiles(t *testing.T, s Stage) {
	root := s.openRoot(t)
	p := s.post(bridge.PostFiles, root, "files")
	for _, name := range []string{"plan.txt", "photo.png"} {
		p.Files = append(p.Files, memoryFile(name, []byte("content of "+name)))
	}

	sent := s.send(t, p)
	for sent.More {
		p.Part++
		p.Token = fmt.Sprint("files", p.Part)
		p.Progress = sent.Progress
		sent = s.send(t, p)
	}

	var names []string
	for _, m := range s.Shown(t, root) {
		names = append(names, m.Files...)
	}

	if !slices.Equal(names, []string{"plan.txt", "photo.png"}) {
		t.Errorf("shown files %q", names)
	}
}

// exerciseErased: our posts are removed with their files, the root stays and says so, and what a colleague wrote
// stays. Erasing twice, or a message that is gone, gives no other error than ErrMessageGone.
func exerciseErased(t *testing.T, s Stage) {
	root := s.openRoot(t)
	typed := s.Say(t, root, "a colleague's words")
	words := s.post(bridge.PostSaid, root, "words")
	words.Said = makeSaid("a customer's words")
	pages := s.post(bridge.PostFiles, root, "pages")
	pages.Files = []channels.File{memoryFile("zebra.txt", []byte("zebra"))}
	posts := map[string]bridge.PostKind{root: bridge.PostRoot, s.send(t, words).Message: bridge.PostSaid}
	sent := s.send(t, pages)
	posts[sent.Message] = bridge.PostFiles
	for sent.More {
		pages.Part++
		pages.Token, pages.Progress = fmt.Sprint("pages", pages.Part), sent.Progress
		sent = s.send(t, pages)
		posts[sent.Message] = bridge.PostFiles
	}

	delete(posts, "")

	for range 2 {
		for message, kind := range posts {
			p := s.post(bridge.PostErased, root, "erase"+message)
			p.Place.Message, p.Was = message, kind
			sent, err := s.Surface.Send(newContext(t), p)
			for err == nil && sent.More {
				p.Part, p.Progress = p.Part+1, sent.Progress
				sent, err = s.Surface.Send(newContext(t), p)
			}

			if err != nil && !errors.Is(err, bridge.ErrMessageGone) {
				t.Errorf("%s: %v", kind, err)
			}
		}
	}

	for _, m := range s.Shown(t, root) {
		isRight := len(m.Files) == 0 && !strings.Contains(m.Text, "customer's words")
		switch m.ID {
		case root:
			isRight = m.Buttons == 0 && strings.HasPrefix(m.Text, "Erased")
		case typed:
			isRight = strings.Contains(m.Text, "a colleague's words")
		}

		if !isRight {
			t.Errorf("shown after it was erased: %+v", m)
		}
	}
}

func memoryFile(name string, content []byte) channels.File {
	return channels.File{Name: name, ContentType: "text/plain", SizeBytes: int64(len(content)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }}
}

// exerciseWhisper checks that a whisper is seen by one person and isn't shown in the thread.
func exerciseWhisper(t *testing.T, s Stage) {
	root := s.openRoot(t)
	p := s.post(bridge.PostEphemeral, root, "whisper")
	p.To = bridge.SurfaceUser(s.Agent)
	p.Line = &bridge.Line{Content: &bridge.RefusedLine{Why: bridge.InWords("There is a secret reason.")}, Verb: bridge.VerbTake}
	s.send(t, p)
	if n := s.count(t, root, "secret reason"); n != 0 {
		t.Error("everybody saw it")
	}
	got := s.Whispers(t)
	if len(got) != 1 || !strings.Contains(got[0].Text, "There is a secret reason.") {
		t.Errorf("whispered: %+v", got)
	}
}

// exerciseLongText checks that a long text isn't cut. It continues in further posts, each of which is found by its
// token.
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
		t.Errorf("%d runes arrived of %d", len(got), len(want))
	}
}

// exerciseHostile checks that a customer's text can't mention anybody, format anything or forge a message.
func exerciseHostile(t *testing.T, s Stage) {
	root := s.openRoot(t)
	for i, text := range []string{
		s.Mention(s.Agent) + " <!channel> <!here> @everyone @channel " + s.Agent,
		"this & <b>bold</b> | `code",
		":fire: [x](https://a.test)",
		"!resolve",
		"\u202egnp.exe", // the mark turns the direction of writing: it looks like "exe.png"
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
		t.Errorf("not shown as it was written: %+v", s.Shown(t, root))
	}
}

// exerciseLimits checks the surface's limits and budgets, and that Lookup returns "" and no error for an
// address that nobody has.
func exerciseLimits(t *testing.T, s Stage) {
	l := s.Surface.Limits()
	if min(int64(l.MaxTextRunes), l.MaxFileBytes, int64(l.RequestTimeout)) <= 0 {
		t.Errorf("limits %+v", l)
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

// exerciseDeadline checks that a post whose deadline is over isn't made.
func exerciseDeadline(t *testing.T, s Stage) {
	root := s.openRoot(t)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	p := s.post(bridge.PostSaid, root, "late")
	p.Said = makeSaid("too late")
	_, err := s.Surface.Send(ctx, p)
	class := channels.ClassOf(err)
	mayRepeat := class == channels.Retry || class == channels.Ambiguous
	if err == nil || !mayRepeat {
		t.Errorf("too late: %v", err)
	}
	if n := s.count(t, root, "too late"); n != 0 {
		t.Error("it was posted")
	}
}

// exerciseThrottled checks that a throttled post isn't shown, and that the error says how long to wait.
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
