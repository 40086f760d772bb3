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

	"parley/channels/email/mailfake"
)

// oracle looks at the world through the emulators' windows, answers what Parley asks
// of people, and judges.
type oracle struct {
	wire    wire
	chat    platform
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
	// Excused are deletions that the platform could not tell Parley within the hold, and replies
	// whose hold ended with a jump of the clock: earlier ones may come after them.
	Excused []mark `json:"excused,omitempty"`
}

type beginning struct {
	Wire  wire `json:"wire"`
	Convs int  `json:"convs"`
	// Hold is how long a reply waits for earlier ones that the platform tells late.
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
			o.wire, o.chat, o.convs, o.hold = cmd.Begin.Wire, cmd.Begin.Wire.platform(), cmd.Begin.Convs, cmd.Begin.Hold
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
	var w world
	var err error
	if w.Threads, err = o.chat.look(ctx); err != nil {
		return answer{}, err
	}
	for conv := 1; conv <= o.convs; conv++ {
		b, err := o.box(ctx, conv)
		if err != nil {
			return answer{}, err
		}
		w.Boxes = append(w.Boxes, b)
	}
	var a answer
	if click {
		if a.Clicks, err = o.answerQuestions(ctx, w); err != nil {
			return a, err
		}
	}
	late, err := o.chat.untold(ctx, written, o.hold*3/4)
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

// answerQuestions clicks Send on replies that were asked about or parked, and Send
// again or Mark as sent, as the mailbox shows, where nobody can tell. What was typed
// for inside it leaves alone.
func (o *oracle) answerQuestions(ctx context.Context, w world) (int, error) {
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
	for _, t := range w.Threads {
		for _, p := range t.Posts {
			if p.User != "" || p.TS == t.Root {
				continue
			}
			done, err := o.answerOne(ctx, t, p, authors, w)
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
func (o *oracle) answerOne(ctx context.Context, t thread, p post, authors map[mark]string, w world) (bool, error) {
	const again = 30 * time.Second
	if len(p.Marks) != 1 || p.Marks[0].Kind != out || authors[p.Marks[0]] == "" || time.Since(o.clicked[p.TS]) < again {
		return false, nil
	}
	about, id := p.Marks[0], ""
	arrived := slices.ContainsFunc(w.Boxes, func(b box) bool {
		return slices.ContainsFunc(b.Inbox, func(l letter) bool { return slices.Contains(l.Marks, about) })
	})
	switch {
	case p.Buttons["marksent"] != "" && arrived:
		id = p.Buttons["marksent"]
	case arrived:
		return false, nil
	default:
		id = cmp.Or(p.Buttons["sendagain"], p.Buttons["send"])
	}
	if id == "" || p.Buttons["marksent"] != "" && !o.clicked[p.TS].IsZero() {
		return false, nil
	}
	if strings.Contains(t.Card, "Resolved") { // nothing leaves from there
		if time.Since(o.clicked[t.Root]) < again {
			return true, nil
		}
		o.clicked[t.Root] = time.Now()
		_, err := o.chat.say(ctx, authors[about], t.Root, o.chat.traits().Command("reopen"))
		return true, err
	}
	o.clicked[p.TS] = time.Now()
	if p.Buttons["marksent"] != "" {
		o.unclear[about] = true
	} else {
		o.asked[about] = true
	}
	o.byClick[about] = true
	err := o.chat.click(ctx, authors[about], p.TS, id)
	if errors.Is(err, errNotTaken) { // a person would try again
		delete(o.clicked, p.TS)
		err = nil
	}
	return true, err
}
