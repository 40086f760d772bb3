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

// exerciseThread: a root, and in its thread what is posted, in order, each under the right
// name.
func exerciseThread(t *testing.T, s Stage) {
	root := s.root(t)
	for i, text := range []string{"first words", "second words"} {
		if sent := s.say(t, root, fmt.Sprint("said", i), text); sent.Thread != root || sent.More {
			t.Errorf("posted as %+v", sent)
		}
	}
	line := s.post(bridge.PostLine, root, "line")
	line.Line.Mentions = []bridge.AgentRef{{ID: 1, Name: "Ann", User: s.Agent}}
	s.send(t, line)
	shown := s.Shown(t, root)
	if len(shown) != 4 || shown[0].ID != root || !strings.Contains(shown[1].Text, "first words") || !strings.Contains(shown[2].Text, "second words") {
		t.Fatalf("shown: %+v", shown)
	}
	if shown[0].Buttons == 0 || !strings.Contains(shown[0].Text, "12") {
		t.Errorf("the card: %+v", shown[0])
	}
	if !strings.Contains(shown[1].Author, "Kim Lee") || shown[3].Author != "" && strings.Contains(shown[3].Author, "Kim") {
		t.Errorf("a customer's words by %q, a line by %q", shown[1].Author, shown[3].Author)
	}
	if n := s.Mentioned(t); n != 1 {
		t.Errorf("the agent was mentioned %d times, once was meant", n)
	}
}

// exerciseCard: the root follows the facts; doing it twice changes nothing; marks are made
// once, and take the place of others.
func exerciseCard(t *testing.T, s Stage) {
	root := s.root(t)
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
	if len(shown) != 2 || !strings.Contains(shown[0].Text, "Another topic") || strings.Contains(shown[0].Text, "Printer on fire") {
		t.Errorf("shown: %+v", shown)
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
	for _, then := range []bridge.Mark{bridge.MarkWaiting, ""} { // in place of another one, then none
		next := mark
		next.Token, next.Mark, next.Clears = "next"+string(then), then, read.Mark
		for range 2 {
			s.send(t, next)
		}
		read = next
	}
	if got := s.Shown(t, root)[1].Marks; got != 1 {
		t.Errorf("%d marks when the second was taken off", got)
	}
}

func exerciseFiles(t *testing.T, s Stage) {
	root := s.root(t)
	p := s.post(bridge.PostFiles, root, "files")
	for _, name := range []string{"plan.txt", "photo.png"} {
		p.Files = append(p.Files, memory(name, []byte("content of "+name)))
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

// exerciseErased: our posts go with their files, the root says so and stays, and what a colleague wrote stays.
// Doing it twice, or to what is gone, is no error but ErrMessageGone.
func exerciseErased(t *testing.T, s Stage) {
	root := s.root(t)
	typed := s.Say(t, root, "a colleague's words")
	words := s.post(bridge.PostSaid, root, "words")
	words.Said = said("a customer's words")
	pages := s.post(bridge.PostFiles, root, "pages")
	pages.Files = []channels.File{memory("zebra.txt", []byte("zebra"))}
	gone := map[string]bridge.PostKind{root: bridge.PostRoot, s.send(t, words).Message: bridge.PostSaid}
	sent := s.send(t, pages)
	gone[sent.Message] = bridge.PostFiles
	for sent.More {
		pages.Part++
		pages.Token, pages.Progress = fmt.Sprint("pages", pages.Part), sent.Progress
		sent = s.send(t, pages)
		gone[sent.Message] = bridge.PostFiles
	}
	delete(gone, "")
	for range 2 {
		for message, kind := range gone {
			p := s.post(bridge.PostErased, root, "erase"+message)
			p.Place.Message, p.Was = message, kind
			sent, err := s.Surface.Send(within(t), p)
			for err == nil && sent.More {
				p.Part, p.Progress = p.Part+1, sent.Progress
				sent, err = s.Surface.Send(within(t), p)
			}
			if err != nil && !errors.Is(err, bridge.ErrMessageGone) {
				t.Errorf("%s: %v", kind, err)
			}
		}
	}
	for _, m := range s.Shown(t, root) {
		switch {
		case m.ID == root && strings.HasPrefix(m.Text, "Erased") && m.Buttons == 0:
		case m.ID == typed && strings.Contains(m.Text, "a colleague's words"):
		case m.ID == root, m.ID == typed, strings.Contains(m.Text, "customer's words"), len(m.Files) > 0:
			t.Errorf("shown after it was erased: %+v", m)
		}
	}
}

func memory(name string, content []byte) channels.File {
	return channels.File{Name: name, ContentType: "text/plain", SizeBytes: int64(len(content)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }}
}

// exerciseWhisper: one person sees it, the thread doesn't.
func exerciseWhisper(t *testing.T, s Stage) {
	root := s.root(t)
	p := s.post(bridge.PostEphemeral, root, "whisper")
	p.To = s.Agent
	p.Line = &bridge.Line{Content: &bridge.RefusedLine{Reason: "There is a secret reason."}, Verb: bridge.VerbTake}
	s.send(t, p)
	if n := s.count(t, root, "secret reason"); n != 0 {
		t.Error("everybody saw it")
	}
	if got := s.Whispers(t); len(got) != 1 || !strings.Contains(got[0].Text, "There is a secret reason.") {
		t.Errorf("whispered: %+v", got)
	}
}

// exerciseLongText: nothing is cut; it goes on in further posts, each found by its token.
func exerciseLongText(t *testing.T, s Stage) {
	root := s.root(t)
	var words []string
	for i := range 4 * s.Surface.Limits().MaxTextRunes / 6 {
		words = append(words, fmt.Sprintf("w%04d", i))
	}
	p := s.post(bridge.PostSaid, root, "")
	p.Said = said(strings.Join(words, " "))
	for more := true; more; p.Part++ {
		p.Token = fmt.Sprint("part", p.Part)
		sent := s.send(t, p)
		more, p.Progress = sent.More, sent.Progress
		outcome, found, err := s.Surface.Reconcile(within(t), p)
		if outcome != channels.Landed || found.Message != sent.Message || found.More != sent.More {
			t.Fatalf("part %d: sent %+v, reconciled %v %+v %v", p.Part, sent, outcome, found, err)
		}
	}
	if p.Part < 3 {
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

// exerciseHostile: a customer can't mention, format or forge.
func exerciseHostile(t *testing.T, s Stage) {
	root := s.root(t)
	for i, text := range []string{s.Mention(s.Agent) + " <!channel> <!here> @everyone @channel " + s.Agent, "this & <b>bold</b> | `code", ":fire: [x](https://a.test)", "!resolve", "\u202egnp.exe"} {
		p := s.post(bridge.PostSaid, root, fmt.Sprint("evil", i))
		p.Said = said(text)
		p.Said.From.Name = s.Mention(s.Agent) + "\n*Ann*"
		p.Facts.Subject = s.Mention(s.Agent) + " <!channel>"
		s.send(t, p)
		p.Kind, p.Token = bridge.PostCard, fmt.Sprint("card", i)
		p.Place = bridge.Place{Channel: s.Channel, Message: root}
		s.send(t, p)
	}
	line := s.post(bridge.PostLine, root, "line")
	line.Line = &bridge.Line{Content: &bridge.FailedLine{Reason: s.Mention(s.Agent)}, Text: s.Mention(s.Agent) + " <!here>",
		Customer: bridge.PartyRef{Name: s.Mention(s.Agent)}}
	s.send(t, line)
	if n := s.Mentioned(t); n != 0 {
		t.Errorf("a customer mentioned the agent %d times", n)
	}
	if n := s.count(t, root, "this & <b>bold</b> | `code"); n != 1 {
		t.Errorf("not shown as it was written: %+v", s.Shown(t, root))
	}
}

func exerciseLimits(t *testing.T, s Stage) {
	l := s.Surface.Limits()
	if l.MaxTextRunes <= 0 || l.MaxFileBytes <= 0 || l.RequestTimeout <= 0 {
		t.Errorf("limits %+v", l)
	}
	for _, kind := range []bridge.PostKind{bridge.PostRoot, bridge.PostSaid, bridge.PostLine, bridge.PostFiles, bridge.PostCard, bridge.PostMark, bridge.PostEphemeral, bridge.PostErased} {
		if b := s.Surface.Budget(kind, s.Channel); b.Key == "" || b.PerSecond < 0 || b.PerSecond > 0 && b.Burst < 1 || b.WidePerSecond > 0 && b.WideBurst < 1 {
			t.Errorf("budget of %s: %+v", kind, b)
		}
	}
	if got, err := s.Surface.Resolve(within(t), s.Channel); err != nil || got != s.Channel {
		t.Errorf("the channel's id resolves to %q, %v", got, err)
	}
	if got, err := s.Surface.Lookup(within(t), "nobody@nowhere.test"); err != nil || got != "" {
		t.Errorf("nobody is %q, %v", got, err)
	}
}

// exerciseDeadline: what begins too late posts nothing.
func exerciseDeadline(t *testing.T, s Stage) {
	root := s.root(t)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	p := s.post(bridge.PostSaid, root, "late")
	p.Said = said("too late")
	_, err := s.Surface.Send(ctx, p)
	if class := channels.ClassOf(err); err == nil || class != channels.Retry && class != channels.Ambiguous {
		t.Errorf("too late: %v", err)
	}
	if n := s.count(t, root, "too late"); n != 0 {
		t.Error("it was posted")
	}
}

func exerciseThrottled(t *testing.T, s Stage) {
	root := s.root(t)
	s.Fail(t, FailThrottled, bridge.PostLine)
	p := s.post(bridge.PostLine, root, "line")
	_, err := s.Surface.Send(within(t), p)
	if se := fails(t, err, channels.Throttled); se.Wait <= 0 {
		t.Error("throttled without a time")
	}
	if n := len(s.Shown(t, root)); n != 1 {
		t.Errorf("%d messages", n)
	}
}

// exerciseThreadLost: a root that is gone is told, nothing is posted beside it, and a new one
// can be opened.
func exerciseThreadLost(t *testing.T, s Stage) {
	root := s.root(t)
	s.Vanish(t, root)
	for _, kind := range []bridge.PostKind{bridge.PostSaid, bridge.PostLine, bridge.PostCard} {
		_, err := s.Surface.Send(within(t), s.post(kind, root, "lost "+string(kind)))
		if !errors.Is(err, bridge.ErrThreadLost) && !errors.Is(err, bridge.ErrMessageGone) {
			t.Errorf("%s: %v", kind, err)
		}
		if channels.ClassOf(err) == channels.Ambiguous {
			t.Errorf("%s is ambiguous: %v", kind, err)
		}
	}
	again := s.send(t, s.post(bridge.PostRoot, "", "root again")).Message
	s.say(t, again, "said", "in the new thread")
	if got := s.Shown(t, again); again == root || len(got) != 2 {
		t.Errorf("the new thread shows %+v", got)
	}
}

func exerciseClosed(t *testing.T, s Stage) {
	root := s.root(t)
	s.Close(t)
	for _, kind := range []bridge.PostKind{bridge.PostRoot, bridge.PostSaid} {
		thread := root
		if kind == bridge.PostRoot {
			thread = ""
		}
		_, err := s.Surface.Send(within(t), s.post(kind, thread, "closed "+string(kind)))
		if !errors.Is(err, bridge.ErrChannelClosed) || channels.ClassOf(err) == channels.Ambiguous {
			t.Errorf("%s: %v", kind, err)
		}
		var told *channels.SendError
		if !errors.As(err, &told) || told.Text == "" || told.Hint == "" {
			t.Errorf("%s: nothing to tell admins: %+v", kind, told)
		}
	}
}

// exerciseLostAnswers: after a lost answer the post is found where it was made, and only
// there; who then follows the rules has it once.
func exerciseLostAnswers(t *testing.T, s Stage) {
	root := s.root(t)
	for _, kind := range []bridge.PostKind{bridge.PostSaid, bridge.PostLine, bridge.PostRoot} {
		for _, failure := range []string{FailLostAfter, FailLostBefore} {
			name := string(kind) + " " + failure
			p := s.post(kind, root, "token "+name)
			if kind == bridge.PostRoot {
				p = s.post(kind, "", "token "+name)
				p.Facts.ID, p.Facts.Subject = 77, name
			}
			if p.Said != nil {
				p.Said = said(name)
			}
			if p.Line != nil {
				p.Line.By.Name = name
			}
			s.Fail(t, failure, kind)
			_, err := s.Surface.Send(within(t), p)
			_ = fails(t, err, channels.Ambiguous)
			p.Attempt = 2
			outcome, sent, err := s.Surface.Reconcile(within(t), p)
			if failure == FailLostBefore || s.Blind {
				p.Unsure = kind != bridge.PostSaid || s.Blind
				if outcome != channels.Absent || sent.Blind != s.Blind {
					t.Fatalf("%s: reconciled %v %+v, %v", name, outcome, sent, err)
				}
				sent = s.send(t, p)
			} else if outcome != channels.Landed || sent.Message == "" {
				t.Fatalf("%s: reconciled %v %+v, %v", name, outcome, sent, err)
			}
			thread := root
			if kind == bridge.PostRoot {
				thread = sent.Message
			}
			found := 0
			for _, m := range s.Shown(t, thread) {
				if m.ID == sent.Message {
					found++
					if says := strings.Contains(m.Text, "may be shown twice"); says != p.Unsure {
						t.Errorf("%s: says that it may be shown twice: %v, want %v: %q", name, says, p.Unsure, m.Text)
					}
				}
			}
			if found != 1 {
				t.Errorf("%s: %d messages have its id: %+v", name, found, s.Shown(t, thread))
			}
		}
	}
	want := 5 // the root and four posts
	if s.Blind {
		want = 7 // and those two again
	}
	if n := len(s.Shown(t, root)); n != want {
		t.Errorf("%d messages in the thread, want %d: %+v", n, want, s.Shown(t, root))
	}
}

// exerciseNothing: what was never posted has not landed.
func exerciseNothing(t *testing.T, s Stage) {
	root := s.root(t)
	s.say(t, root, "another", "another")
	for range 2 {
		if outcome, _, _ := s.Surface.Reconcile(within(t), s.post(bridge.PostSaid, root, "never")); outcome == channels.Landed {
			t.Error("what was never posted has landed")
		}
	}
}
