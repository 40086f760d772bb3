package torture

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"parley/channels/email/mailfake"
	"parley/cmd/parley/torture/judge"
	"parley/cmd/parley/torture/world"
)

// oracle inspects the emulators as people would see them, answers what Parley asks of people, and judges.
type oracle struct {
	wire      world.Wire
	chat      world.Platform
	convs     int
	hold      time.Duration
	clicked   map[string]time.Time // when it clicked last, by the id of the post with the question
	unclear   map[judge.Mark]bool  // replies of which nobody could tell whether the customer has them
	asked     map[judge.Mark]bool  // replies that a click sent and that aren't in unclear
	testimony judge.Testimony
	broken    map[string]bool // mails that customers can't read
}

// order is one line that an oracle reads.
type order struct {
	// Begin, in the first line, says where the world is.
	Begin *beginning `json:"begin,omitempty"`
	// Click lets the oracle's agent answer open questions.
	Click bool `json:"click,omitempty"`
	// Said is all that the driver had people say and do; absent means as told before.
	Said judge.Ledger `json:"said,omitempty"`
	// Excused are deletions that the platform could not tell Parley within the hold, and replies
	// whose hold ended with a jump of the clock: earlier ones may come after them.
	Excused []judge.Mark `json:"excused,omitempty"`
}

type beginning struct {
	Wire  world.Wire `json:"wire"`
	Convs int        `json:"convs"`
	// Hold is how long a reply waits for earlier ones that the platform tells late.
	Hold time.Duration `json:"hold"`
}

// answer is the line with which an oracle replies to each order.
type answer struct {
	Clicks  int           `json:"clicks"` // made now
	Verdict judge.Verdict `json:"verdict"`
	// Cards are those of the customers' threads, by their roots.
	Cards map[string]judge.CardSeen `json:"cards,omitempty"`
	// Problems are what the emulators saw that no user could read as it was meant.
	Problems []string `json:"problems,omitempty"`
	Error    string   `json:"error,omitempty"`
}

func newOracle() *oracle {
	return &oracle{clicked: map[string]time.Time{}, unclear: map[judge.Mark]bool{}, asked: map[judge.Mark]bool{}, broken: map[string]bool{},
		testimony: judge.Testimony{Clicks: map[judge.Mark]judge.Clicks{}, Answered: map[string]bool{}, Excused: map[judge.Mark]bool{}}}
}

// Oracle is the main function of an oracle's process: it answers each order in in with a line in out until in
// ends. It returns an error if an order can't be read.
func Oracle(ctx context.Context, in io.Reader, out io.Writer) error {
	o := newOracle()
	lines, say := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var cmd order
		err := lines.Decode(&cmd)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("torture: oracle: %w", err)
		}
		if cmd.Begin != nil {
			o.wire, o.chat = cmd.Begin.Wire, cmd.Begin.Wire.Platform()
			o.convs, o.hold = cmd.Begin.Convs, cmd.Begin.Hold
		}

		for _, m := range cmd.Excused {
			o.testimony.Excused[m] = true
		}

		if cmd.Said != nil {
			o.testimony.Said = cmd.Said
		}

		a, err := o.inspectWorld(ctx, cmd.Click)
		if err != nil {
			a.Error = err.Error()
		}
		if err := say.Encode(a); err != nil {
			return fmt.Errorf("torture: oracle: %w", err)
		}
	}
}

// inspectWorld reads everything that people see, clicks if click is true, and judges.
func (o *oracle) inspectWorld(ctx context.Context, click bool) (answer, error) {
	var w judge.World
	var err error
	if w.Threads, err = o.chat.Look(ctx); err != nil {
		return answer{}, err
	}

	for conv := 1; conv <= o.convs; conv++ {
		b, err := o.readBox(ctx, conv)
		if err != nil {
			return answer{}, err
		}
		w.Boxes = append(w.Boxes, b)
	}

	if w.Asked, err = o.wire.Asked(ctx); err != nil {
		return answer{}, err
	}

	var a answer
	if click {
		if a.Clicks, err = o.answerQuestions(ctx, w); err != nil {
			return a, err
		}
	}

	if err := o.askPlatform(ctx, w); err != nil {
		return a, err
	}

	a.Verdict = judge.Decide(w, o.testimony)
	a.Verdict.Ambiguous = len(o.unclear)
	a.Verdict.Unsure = o.testimony.Said.Together(o.unclear)
	a.Verdict.Clicked = len(o.asked)
	for m, rightly := range o.testimony.Said.Asks() {
		if rightly && o.asked[m] {
			a.Verdict.Asked++
		}
	}

	a.Cards = map[string]judge.CardSeen{}
	for _, t := range w.Threads {
		if t.Card != "" {
			a.Cards[t.Root] = judge.CardSeen{Card: t.Card, Keepers: o.testimony.KeepersOf(t.Root)}
		}
	}

	a.Problems, err = o.chat.Problems(ctx)
	a.Problems = append(a.Problems, slices.Sorted(maps.Keys(o.broken))...)
	return a, err
}

// askPlatform asks the platform of which messages and changes it told Parley late, and of which never.
func (o *oracle) askPlatform(ctx context.Context, w judge.World) error {
	late, err := o.chat.Untold(ctx, world.Written, o.hold*3/4)
	if err != nil {
		return err
	}

	for _, t := range w.Threads {
		for _, p := range t.Posts {
			for _, m := range p.Marks {
				if p.User != "" && late[p.TS] { // later messages may have left before Parley knew of it
					o.testimony.Excused[m] = true
				}
			}
		}
	}

	if o.testimony.Late, err = o.chat.Untold(ctx, world.Written, judge.TellInOrder/2); err != nil {
		return err
	}
	if o.testimony.LateEdits, err = o.chat.Untold(ctx, world.Edited, o.hold/2); err != nil {
		return err
	}

	o.testimony.Never, err = o.chat.Never(ctx, world.Edited, world.Deleted)
	return err
}

// readPhone reads the messages of a customer who writes by phone.
func (o *oracle) readPhone(ctx context.Context, kind world.ChatKind, conv int) (judge.Box, error) {
	b := judge.Box{Conv: conv}
	chat, err := o.wire.Phone(ctx, kind, conv)
	for _, text := range chat.Wrote {
		b.Wrote = append(b.Wrote, judge.MarksIn(text)...)
	}

	for _, text := range chat.Late {
		for _, m := range judge.MarksIn(text) {
			o.testimony.Excused[m] = true
		}
	}

	for _, m := range chat.Inbox {
		b.Inbox = append(b.Inbox, judge.Letter{ID: m.ID, Marks: judge.MarksIn(m.Text)})
	}

	if err == nil && chat.Waiting > 0 {
		b.Waiting = chat.Waiting
	}

	return b, err
}

// readBox reads the messages of any customer.
func (o *oracle) readBox(ctx context.Context, conv int) (judge.Box, error) {
	if kind := world.KindOf(conv, o.wire.Chats); kind != world.ByMail {
		return o.readPhone(ctx, kind, conv)
	}

	b := judge.Box{Conv: conv}
	wrote, err := o.wire.Folder(ctx, world.Customer(conv), "Sent")
	if err != nil {
		return b, err
	}

	inbox, err := o.wire.Folder(ctx, world.Customer(conv), "INBOX")
	if err != nil {
		return b, err
	}

	for _, m := range wrote {
		for _, found := range judge.MarksIn(m.Text) {
			if found.Kind == judge.Said {
				b.Wrote = append(b.Wrote, found)
				break // what follows is quoted
			}
		}
	}

	for _, m := range inbox {
		if m.ParseError != "" {
			o.broken[fmt.Sprintf("the mail %s to customer %d can't be read: %s", m.MessageID, conv, m.ParseError)] = true
		}
		b.Inbox = append(b.Inbox, judge.Letter{ID: m.MessageID, Marks: marksOf(m)})
	}

	return b, nil
}

// marksOf returns the marks of all that a customer can read in a mail. Text and HTML are one
// text in two forms, of which mail programs show one.
func marksOf(m mailfake.Received) []judge.Mark {
	plain, html := judge.MarksIn(m.Text), judge.MarksIn(m.HTML)
	for _, found := range judge.Distinct(html) {
		for range judge.Count(html, found) - judge.Count(plain, found) {
			plain = append(plain, found)
		}
	}
	all := append(judge.MarksIn(m.Subject), plain...)
	for _, a := range m.Attachments {
		all = append(all, judge.MarksIn(a.Name+"\n"+string(a.Content))...)
	}
	return all
}

// answerQuestions clicks Send on replies that Parley asks about or has parked. Where Parley
// can't tell whether a reply was sent, it clicks Mark as sent if the customer has the reply,
// else Send again. It clicks on nothing that was typed for inside.
func (o *oracle) answerQuestions(ctx context.Context, w judge.World) (int, error) {
	authors := map[judge.Mark]string{}
	for _, t := range w.Threads {
		for _, p := range t.Posts {
			for _, m := range p.Marks {
				if p.User != "" && m.Kind == judge.Out {
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

			done, err := o.answerQuestion(ctx, t, p, authors, w)
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

// answerQuestion clicks on one line with a question, unless it did so a moment ago. It reports whether it acted.
func (o *oracle) answerQuestion(ctx context.Context, t judge.Thread, p judge.Post, authors map[judge.Mark]string, w judge.World) (bool, error) {
	const clickPause = 30 * time.Second // Parley may need so long to act on a click
	about := subjectOf(p)
	if authors[about] == "" || time.Since(o.clicked[p.TS]) < clickPause {
		return false, nil
	}

	id := chooseButton(p.Buttons, w.HasReached(about))
	if id == "" {
		return false, nil
	}

	isUnclear := p.Buttons["marksent"] != ""
	if isUnclear && !o.clicked[p.TS].IsZero() { // a second click could send the reply a second time
		return false, nil
	}

	if judge.IsResolved(t.Card) { // a resolved conversation sends nothing: reopen it first
		if time.Since(o.clicked[t.Root]) < clickPause {
			return true, nil
		}

		o.clicked[t.Root], o.testimony.Answered[t.Root] = time.Now(), true
		_, err := o.chat.Say(ctx, authors[about], t.Root, o.chat.Traits().Command("reopen"))
		return true, err
	}

	o.clicked[p.TS] = time.Now()
	o.recordClick(t.Root, about, isUnclear, id == p.Buttons["sendagain"])
	err := o.chat.Click(ctx, authors[about], p.TS, id)
	if errors.Is(err, world.ErrNotTaken) { // a person would try again
		delete(o.clicked, p.TS)
		err = nil
	}

	return true, err
}

// chooseButton returns the id of the button that a person clicks who knows whether the customer has the reply, or "".
// There is a button marksent only where Parley can't tell whether the reply was sent.
func chooseButton(buttons map[string]string, arrived bool) string {
	if arrived {
		return buttons["marksent"]
	}
	return cmp.Or(buttons["sendagain"], buttons["send"])
}

// recordClick notes a click about a reply. unclear means that nobody could tell whether the reply was
// sent; again means that the click sends it once more.
func (o *oracle) recordClick(root string, about judge.Mark, unclear, again bool) {
	o.testimony.Answered[root] = true
	c := o.testimony.Clicks[about]
	c.Sent++
	if unclear {
		o.unclear[about] = true
	} else {
		o.asked[about] = true
	}
	if unclear && again {
		c.Again++
	}
	o.testimony.Clicks[about] = c
}

// subjectOf returns the reply that a line of Parley's is about. It returns the zero mark if the line is about no
// reply, or about several.
func subjectOf(p judge.Post) judge.Mark {
	about := judge.Mark{}
	for _, m := range judge.Distinct(p.Marks) {
		if m.Kind == judge.Fixed { // the corrected words of the same reply
			continue
		}
		if m.Kind != judge.Out || about != (judge.Mark{}) {
			return judge.Mark{}
		}
		about = m
	}
	return about
}
