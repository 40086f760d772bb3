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
	"parley/cmd/parley/torture/checker"
	"parley/cmd/parley/torture/emulators"
)

// oracle inspects the emulators as people would see them, answers what Parley asks of people, and judges.
type oracle struct {
	client        emulators.Client
	platform      emulators.Platform
	conversations int
	hold          time.Duration
	clickedAt     map[string]time.Time    // when it clicked last, by the id of the post with the question
	unclear       map[checker.Marker]bool // replies of which nobody could tell whether the customer has them
	asked         map[checker.Marker]bool // replies that a click sent and that aren't in unclear
	expectation   checker.Expectation
	unreadable    map[string]bool // mails that customers can't read
}

// oracleRequest is one line that an oracle reads.
type oracleRequest struct {
	// Begin, in the first line, says where the world is.
	Setup *oracleSetup `json:"begin,omitempty"`
	// Click lets the oracle's agent answer open questions.
	Click bool `json:"click,omitempty"`
	// History is all that the driver had people say and do; absent means as told before.
	History checker.History `json:"said,omitempty"`
	// Excused are deletions that the platform could not tell Parley within the hold, and replies
	// whose hold ended with a jump of the clock: earlier ones may come after them.
	Excused []checker.Marker `json:"excused,omitempty"`
}

type oracleSetup struct {
	Client        emulators.Client `json:"wire"`
	Conversations int              `json:"convs"`
	// Hold is how long a reply waits for earlier ones that the platform tells late.
	Hold time.Duration `json:"hold"`
}

// oracleReply is the line with which an oracle replies to each order.
type oracleReply struct {
	Clicks  int             `json:"clicks"` // made now
	Verdict checker.Verdict `json:"verdict"`
	// Cards are those of the customers' threads, by their roots.
	Cards map[string]checker.Card `json:"cards,omitempty"`
	// Problems are what the emulators saw that no user could read as it was meant.
	Problems []string `json:"problems,omitempty"`
	Err      string   `json:"error,omitempty"`
}

func newOracle() *oracle {
	return &oracle{clickedAt: map[string]time.Time{}, unclear: map[checker.Marker]bool{}, asked: map[checker.Marker]bool{}, unreadable: map[string]bool{},
		expectation: checker.Expectation{Clicks: map[checker.Marker]checker.Clicks{}, ActedIn: map[string]bool{}, Excused: map[checker.Marker]bool{}}}
}

// Oracle is the main function of an oracle's process: it answers each order in in with a line in out until in
// ends. It returns an error if an order can't be read.
func Oracle(ctx context.Context, in io.Reader, out io.Writer) error {
	o := newOracle()
	lines, say := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var cmd oracleRequest
		err := lines.Decode(&cmd)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("torture: oracle: %w", err)
		}
		if cmd.Setup != nil {
			o.client, o.platform = cmd.Setup.Client, cmd.Setup.Client.Platform()
			o.conversations, o.hold = cmd.Setup.Conversations, cmd.Setup.Hold
		}

		for _, m := range cmd.Excused {
			o.expectation.Excused[m] = true
		}

		if cmd.History != nil {
			o.expectation.History = cmd.History
		}

		a, err := o.observe(ctx, cmd.Click)
		if err != nil {
			a.Err = err.Error()
		}
		if err := say.Encode(a); err != nil {
			return fmt.Errorf("torture: oracle: %w", err)
		}
	}
}

// observe reads everything that people see, clicks if click is true, and judges.
func (o *oracle) observe(ctx context.Context, click bool) (oracleReply, error) {
	var w checker.Observation
	var err error
	if w.Threads, err = o.platform.ReadThreads(ctx); err != nil {
		return oracleReply{}, err
	}

	for conv := 1; conv <= o.conversations; conv++ {
		b, err := o.readMailbox(ctx, conv)
		if err != nil {
			return oracleReply{}, err
		}
		w.Mailboxes = append(w.Mailboxes, b)
	}

	if w.ModelQuestions, err = o.client.ModelQuestions(ctx); err != nil {
		return oracleReply{}, err
	}

	var a oracleReply
	if click {
		if a.Clicks, err = o.answerQuestions(ctx, w); err != nil {
			return a, err
		}
	}

	if err := o.readLateEvents(ctx, w); err != nil {
		return a, err
	}

	a.Verdict = checker.Check(w, o.expectation)
	a.Verdict.Ambiguous = len(o.unclear)
	a.Verdict.AmbiguousMessages = o.expectation.History.CountJoined(o.unclear)
	a.Verdict.SentByClick = len(o.asked)
	for m, rightly := range o.expectation.History.ExpectedQuestions() {
		if rightly && o.asked[m] {
			a.Verdict.RightlyAsked++
		}
	}

	a.Cards = map[string]checker.Card{}
	for _, t := range w.Threads {
		if t.Card != "" {
			a.Cards[t.Root] = checker.Card{Text: t.Card, Responsible: o.expectation.ResponsibleFor(t.Root)}
		}
	}

	a.Problems, err = o.platform.Problems(ctx)
	a.Problems = append(a.Problems, slices.Sorted(maps.Keys(o.unreadable))...)
	return a, err
}

// readLateEvents asks the platform of which messages and changes it told Parley late, and of which never.
func (o *oracle) readLateEvents(ctx context.Context, w checker.Observation) error {
	late, err := o.platform.LateEvents(ctx, emulators.Written, o.hold*3/4)
	if err != nil {
		return err
	}

	for _, t := range w.Threads {
		for _, p := range t.Posts {
			for _, m := range p.Markers {
				if p.Author != "" && late[p.ID] { // later messages may have left before Parley knew of it
					o.expectation.Excused[m] = true
				}
			}
		}
	}

	if o.expectation.LateEvents, err = o.platform.LateEvents(ctx, emulators.Written, checker.OrderedEventGap/2); err != nil {
		return err
	}
	if o.expectation.LateEdits, err = o.platform.LateEvents(ctx, emulators.Edited, o.hold/2); err != nil {
		return err
	}

	o.expectation.LostEvents, err = o.platform.LostEvents(ctx, emulators.Edited, emulators.Deleted)
	return err
}

// readPhone reads the messages of a customer who writes by phone.
func (o *oracle) readPhone(ctx context.Context, kind emulators.ChatKind, conv int) (checker.Mailbox, error) {
	b := checker.Mailbox{Conversation: conv}
	chat, err := o.client.ReadPhone(ctx, kind, conv)
	for _, text := range chat.Sent {
		b.Sent = append(b.Sent, checker.MarkersIn(text)...)
	}

	for _, text := range chat.Late {
		for _, m := range checker.MarkersIn(text) {
			o.expectation.Excused[m] = true
		}
	}

	for _, m := range chat.Received {
		b.Received = append(b.Received, checker.Message{ID: m.ID, Markers: checker.MarkersIn(m.Text)})
	}

	if err == nil && chat.Unsent > 0 {
		b.Unsent = chat.Unsent
	}

	return b, err
}

// readMailbox reads the messages of any customer.
func (o *oracle) readMailbox(ctx context.Context, conv int) (checker.Mailbox, error) {
	if kind := emulators.ChatKindOf(conv, o.client.Chats); kind != emulators.ByMail {
		return o.readPhone(ctx, kind, conv)
	}

	b := checker.Mailbox{Conversation: conv}
	wrote, err := o.client.ReadFolder(ctx, emulators.CustomerAddress(conv), "Sent")
	if err != nil {
		return b, err
	}

	inbox, err := o.client.ReadFolder(ctx, emulators.CustomerAddress(conv), "INBOX")
	if err != nil {
		return b, err
	}

	for _, m := range wrote {
		for _, found := range checker.MarkersIn(m.Text) {
			if found.Kind == checker.Inbound {
				b.Sent = append(b.Sent, found)
				break // what follows is quoted
			}
		}
	}

	for _, m := range inbox {
		if m.ParseError != "" {
			o.unreadable[fmt.Sprintf("the mail %s to customer %d can't be read: %s", m.MessageID, conv, m.ParseError)] = true
		}
		b.Received = append(b.Received, checker.Message{ID: m.MessageID, Markers: markersOf(m)})
	}

	return b, nil
}

// markersOf returns the marks of all that a customer can read in a mail. Text and HTML are one
// text in two forms, of which mail programs show one.
func markersOf(m mailfake.Received) []checker.Marker {
	plain, html := checker.MarkersIn(m.Text), checker.MarkersIn(m.HTML)
	for _, found := range checker.Distinct(html) {
		for range checker.Count(html, found) - checker.Count(plain, found) {
			plain = append(plain, found)
		}
	}
	all := append(checker.MarkersIn(m.Subject), plain...)
	for _, a := range m.Attachments {
		all = append(all, checker.MarkersIn(a.Name+"\n"+string(a.Content))...)
	}
	return all
}

// answerQuestions clicks Send on replies that Parley asks about or has parked. Where Parley
// can't tell whether a reply was sent, it clicks Mark as sent if the customer has the reply,
// else Send again. It clicks on nothing that was typed for inside.
func (o *oracle) answerQuestions(ctx context.Context, w checker.Observation) (int, error) {
	authors := map[checker.Marker]string{}
	for _, t := range w.Threads {
		for _, p := range t.Posts {
			for _, m := range p.Markers {
				if p.Author != "" && m.Kind == checker.Outbound {
					authors[m] = p.Author
				}
			}
		}
	}

	clicks := 0
	for _, t := range w.Threads {
		for _, p := range t.Posts {
			if p.Author != "" || p.ID == t.Root {
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
func (o *oracle) answerQuestion(ctx context.Context, t checker.Thread, p checker.Post, authors map[checker.Marker]string, w checker.Observation) (bool, error) {
	const clickPause = 30 * time.Second // Parley may need so long to act on a click
	about := subjectOf(p)
	if authors[about] == "" || time.Since(o.clickedAt[p.ID]) < clickPause {
		return false, nil
	}

	id := chooseButton(p.Buttons, w.HasReached(about))
	if id == "" {
		return false, nil
	}

	isUnclear := p.Buttons["marksent"] != ""
	if isUnclear && !o.clickedAt[p.ID].IsZero() { // a second click could send the reply a second time
		return false, nil
	}

	if checker.IsResolved(t.Card) { // a resolved conversation sends nothing: reopen it first
		if time.Since(o.clickedAt[t.Root]) < clickPause {
			return true, nil
		}

		o.clickedAt[t.Root], o.expectation.ActedIn[t.Root] = time.Now(), true
		_, err := o.platform.Post(ctx, authors[about], t.Root, o.platform.Traits().Command("reopen"))
		return true, err
	}

	o.clickedAt[p.ID] = time.Now()
	o.recordClick(t.Root, about, isUnclear, id == p.Buttons["sendagain"])
	err := o.platform.Click(ctx, authors[about], p.ID, id)
	if errors.Is(err, emulators.ErrClickIgnored) { // a person would try again
		delete(o.clickedAt, p.ID)
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
func (o *oracle) recordClick(root string, about checker.Marker, unclear, again bool) {
	o.expectation.ActedIn[root] = true
	c := o.expectation.Clicks[about]
	c.Sends++
	if unclear {
		o.unclear[about] = true
	} else {
		o.asked[about] = true
	}
	if unclear && again {
		c.Resends++
	}
	o.expectation.Clicks[about] = c
}

// subjectOf returns the reply that a line of Parley's is about. It returns the zero mark if the line is about no
// reply, or about several.
func subjectOf(p checker.Post) checker.Marker {
	about := checker.Marker{}
	for _, m := range checker.Distinct(p.Markers) {
		if m.Kind == checker.Edited { // the corrected words of the same reply
			continue
		}
		if m.Kind != checker.Outbound || about != (checker.Marker{}) {
			return checker.Marker{}
		}
		about = m
	}
	return about
}
