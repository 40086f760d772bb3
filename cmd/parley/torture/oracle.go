package torture

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/email/mailfake"
)

// oracle looks at the world through the emulators' windows, answers what Parley asks
// of people, and judges.
type oracle struct {
	wire    wire
	convs   int
	hold    time.Duration
	clicked map[string]time.Time // by the post that asked
	byClick map[mark]bool
	unclear map[mark]bool
	asked   map[mark]bool
	excused map[mark]bool
}

// order is one line that an oracle reads.
type order struct {
	// Begin, in the first line, says where the world is.
	Begin *beginning `json:"begin,omitempty"`
	// Click lets the oracle's agent answer open questions.
	Click bool `json:"click,omitempty"`
	// Excused are deletions that Slack could not tell Parley within the hold, and replies
	// whose hold ended with a jump of the clock: earlier ones may come after them.
	Excused []mark `json:"excused,omitempty"`
}

type beginning struct {
	Wire  wire `json:"wire"`
	Convs int  `json:"convs"`
	// Hold is how long a reply waits for earlier ones that Slack tells late.
	Hold time.Duration `json:"hold"`
}

// answer is the line with which an oracle replies to each order.
type answer struct {
	Clicks  int     `json:"clicks"` // made now
	Verdict Verdict `json:"verdict"`
	Error   string  `json:"error,omitempty"`
}

// Oracle is the whole life of an oracle's process: it answers each line of in with one
// of out until in ends. Errors: orders that can't be read.
func Oracle(ctx context.Context, in io.Reader, out io.Writer) error {
	o := &oracle{clicked: map[string]time.Time{}, byClick: map[mark]bool{}, unclear: map[mark]bool{}, asked: map[mark]bool{}, excused: map[mark]bool{}}
	lines, say := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var cmd order
		if err := lines.Decode(&cmd); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("torture: oracle: %w", err)
		}
		if cmd.Begin != nil {
			o.wire, o.convs, o.hold = cmd.Begin.Wire, cmd.Begin.Convs, cmd.Begin.Hold
		}
		for _, m := range cmd.Excused {
			o.excused[m] = true
		}
		a, err := o.look(ctx, cmd.Click)
		if err != nil {
			a.Error = err.Error()
		}
		if err := say.Encode(a); err != nil {
			return fmt.Errorf("torture: oracle: %w", err)
		}
	}
}

// look sees everything, clicks if it may, and judges.
func (o *oracle) look(ctx context.Context, click bool) (answer, error) {
	channel, err := o.wire.channel(ctx)
	if err != nil {
		return answer{}, err
	}
	w := world{Threads: threadsOf(channel)}
	for conv := 1; conv <= o.convs; conv++ {
		b, err := o.box(ctx, conv)
		if err != nil {
			return answer{}, err
		}
		w.Boxes = append(w.Boxes, b)
	}
	var a answer
	if click {
		if a.Clicks, err = o.answerQuestions(ctx, channel, w); err != nil {
			return a, err
		}
	}
	late, err := o.wire.late(ctx, "", o.hold*3/4)
	if err != nil {
		return a, err
	}
	for _, t := range w.Threads {
		for _, p := range t.Posts {
			for _, m := range p.Marks {
				if p.User != "" && late[p.TS] { // its place in the lane was gone already
					o.excused[m] = true
				}
			}
		}
	}
	a.Verdict = judge(w, o.byClick, o.excused)
	a.Verdict.Ambiguous, a.Verdict.Clicked = len(o.unclear), len(o.asked)
	return a, nil
}

// phone is the box of a customer who writes by one.
func (o *oracle) phone(ctx context.Context, kind chatKind, conv int) (box, error) {
	b := box{Conv: conv}
	chat, err := o.wire.phone(ctx, kind, conv)
	for _, text := range chat.Wrote {
		b.Wrote = append(b.Wrote, marksIn(text)...)
	}
	for _, text := range chat.Late {
		for _, m := range marksIn(text) {
			o.excused[m] = true
		}
	}
	for _, m := range chat.Inbox {
		b.Inbox = append(b.Inbox, letter{ID: m.ID, Marks: marksIn(m.Text)})
	}
	if err == nil && chat.Waiting > 0 {
		b.Waiting = chat.Waiting
	}
	return b, err
}

func (o *oracle) box(ctx context.Context, conv int) (box, error) {
	if kind := kindOf(conv, o.wire.Chats); kind != byMail {
		return o.phone(ctx, kind, conv)
	}
	b := box{Conv: conv}
	wrote, err := o.wire.folder(ctx, customer(conv), "Sent")
	if err != nil {
		return b, err
	}
	inbox, err := o.wire.folder(ctx, customer(conv), "INBOX")
	if err != nil {
		return b, err
	}
	for _, m := range wrote {
		for _, found := range marksIn(m.Text) {
			if found.Kind == said {
				b.Wrote = append(b.Wrote, found)
				break // what follows is quoted
			}
		}
	}
	for _, m := range inbox {
		b.Inbox = append(b.Inbox, letter{ID: m.MessageID, Marks: marksIn(everythingIn(m))})
	}
	return b, nil
}

// everythingIn is all that a customer can read in a mail.
func everythingIn(m mailfake.Received) string {
	text := m.Subject + "\n" + m.Text + "\n" + m.HTML
	for _, a := range m.Attachments {
		text += "\n" + a.Name + "\n" + string(a.Content)
	}
	return text
}

func threadsOf(channel slackfake.ChannelState) []thread {
	var list []thread
	for _, root := range channel.Messages {
		t := thread{Root: root.TS}
		if root.BotID != "" {
			t.Card = shown(root.Text, root.Blocks)
		}
		for _, m := range append([]*slackfake.Message{root}, channel.Threads[root.TS]...) {
			if m.Subtype == "tombstone" {
				continue
			}
			t.Posts = append(t.Posts, postOf(m))
		}
		slices.SortStableFunc(t.Posts, func(a, b post) int { return cmp.Compare(a.TS, b.TS) })
		list = append(list, t)
	}
	return list
}

func postOf(m *slackfake.Message) post {
	p := post{TS: m.TS, Name: m.Username, Marks: marksIn(shown(m.Text, m.Blocks))}
	if m.BotID == "" {
		p.User, p.Resolve = m.User, strings.TrimSpace(m.Text) == "!resolve"
		return p
	}
	if m.Metadata != nil {
		p.Token = string(m.Metadata.EventPayload)
	}
	return p
}

// answerQuestions clicks Send on replies that were asked about or parked, and Send
// again or Mark as sent, as the mailbox shows, where nobody can tell. What was typed
// for inside it leaves alone.
func (o *oracle) answerQuestions(ctx context.Context, channel slackfake.ChannelState, w world) (int, error) {
	authors := map[mark]string{}
	for _, t := range w.Threads {
		for _, p := range t.Posts {
			for _, m := range p.Marks {
				if p.User != "" && m.Kind == out {
					authors[m] = p.User
				}
			}
		}
	}
	clicks := 0
	for _, root := range channel.Messages {
		for _, m := range channel.Threads[root.TS] {
			if m.BotID == "" {
				continue
			}
			done, err := o.answerOne(ctx, root, m, authors, w)
			if err != nil {
				return clicks, err
			}
			if done {
				clicks++
			}
		}
	}
	return clicks, nil
}

// answerOne clicks on one line, unless it did a moment ago.
func (o *oracle) answerOne(ctx context.Context, root, m *slackfake.Message, authors map[mark]string, w world) (bool, error) {
	const again = 30 * time.Second
	marks, ids := marksIn(shown(m.Text, m.Blocks)), buttons(m.Blocks)
	if len(marks) != 1 || marks[0].Kind != out || authors[marks[0]] == "" || time.Since(o.clicked[m.TS]) < again {
		return false, nil
	}
	about, id := marks[0], ""
	arrived := slices.ContainsFunc(w.Boxes, func(b box) bool {
		return slices.ContainsFunc(b.Inbox, func(l letter) bool { return slices.Contains(l.Marks, about) })
	})
	switch {
	case ids["marksent"] != "" && arrived:
		id = ids["marksent"]
	case arrived:
		return false, nil
	default:
		id = cmp.Or(ids["sendagain"], ids["send"])
	}
	if id == "" || ids["marksent"] != "" && !o.clicked[m.TS].IsZero() {
		return false, nil
	}
	if strings.Contains(shown(root.Text, root.Blocks), "Resolved") { // nothing leaves from there
		if time.Since(o.clicked[root.TS]) < again {
			return true, nil
		}
		o.clicked[root.TS] = time.Now()
		_, err := o.wire.post(ctx, authors[about], slackfake.Post{Channel: support, Thread: root.TS, Text: "!reopen"})
		return true, err
	}
	o.clicked[m.TS] = time.Now()
	if ids["marksent"] != "" {
		o.unclear[about] = true
	} else {
		o.asked[about] = true
	}
	o.byClick[about] = true
	err := o.wire.act(ctx, authors[about], "click", slackfake.Act{Channel: support, TS: m.TS, Action: id})
	return true, err
}
