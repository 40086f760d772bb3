package threads

import (
	"cmp"
	"slices"
	"strings"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/files"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// How people are told something, from all of them to one:
//   - Line posts in the conversation's thread, for everybody there. LineAbout points at somebody's
//     message and mentions its author, TellWith repeats the text too. TellInside, TellAuthor and
//     TellProblem say why a text stayed inside, and Ask lets its author choose.
//   - ChannelLine posts in a channel, outside of conversations.
//   - Whisper answers one person where they did something, unseen by others: Refuse, Unchanged and
//     Confirm say what became of a verb, TellOnce (told_once.go) what need be said only once.
//   - SendDirect (direct_line.go) tells one agent in a direct message.
//
// Whatever a card (cards.go) or a mark on the message (mark.go) can show needs no line.

// TellInside says in the thread that a text stayed inside, with buttons for what can be done.
func (th *Writer) TellInside(c *book.Conversation, m *book.Message, reason bridge.Reason) {
	switch reason {
	case bridge.ReasonNotAnAgent:
		th.TellAuthor(c, m, bridge.LineNotMapped)
	case bridge.ReasonNotOpen:
		home, next := c.Home(th.Dir), th.Conversations.OpenSuccessor(c)
		if home != nil && next != nil {
			th.TellWith(c, m, bridge.Line{Content: &bridge.InsideLine{Why: bridge.Because(reason)}, Other: th.Refer(next, home.AccountID)})
			return
		}
		if c.BridgeStatus() == bridge.StatusClosed {
			th.TellAuthor(c, m, &bridge.InsideLine{Why: bridge.Because(reason), Hint: th.Conversations.HintAfterEnd(c)})
			return
		}
		th.TellAuthor(c, m, &bridge.InsideLine{Why: bridge.Because(reason)}, bridge.VerbReopen, bridge.VerbSend)
	case bridge.ReasonWatch, bridge.ReasonMayNotReply, bridge.ReasonAutomatic:
		th.TellAuthor(c, m, &bridge.InsideLine{Why: bridge.Because(reason)})
	default:
		th.TellAuthor(c, m, &bridge.InsideLine{Why: bridge.Because(reason)}, bridge.VerbSend)
	}
}

// TellAuthor posts the line that says that a text did not reach the customer. It mentions the author and repeats the
// text, so that nothing is lost.
func (th *Writer) TellAuthor(c *book.Conversation, m *book.Message, fate bridge.LineContent, verbs ...bridge.Verb) {
	th.TellWith(c, m, bridge.Line{Content: fate, Verbs: verbs})
}

// Ask asks the author whether a text is for the customer. The button for what was more likely meant comes first: the
// verb that a mistyped one stands for, then Keep inside. A text that says nothing has no button that sends it.
func (th *Writer) Ask(c *book.Conversation, m *book.Message, a bridge.Action, reason bridge.Reason) {
	asked := &bridge.AskLine{Why: bridge.Because(reason)}
	line := bridge.Line{Content: asked, Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbKeep}}
	if bridge.ConsequencesOf(reason).Guess == bridge.GuessInside {
		line.Verbs = []bridge.Verb{bridge.VerbKeep, bridge.VerbSend}
	}

	if reason == bridge.ReasonUnknownVerb {
		line.Verb = bridge.VerbUnknown
		asked.Meant = th.meantVerb(c, m, a)
		if a.Args.Note != "" { // it says what is wrong with the command
			asked.Why = bridge.InWords(a.Args.Note)
		}
	}

	if book.IsEmpty(&m.Message) { // an edit made it a command
		asked.Why = bridge.Because(bridge.ReasonEditedCommand)
		line.Verbs = []bridge.Verb{bridge.VerbKeep}
	}

	th.TellWith(c, m, line)
}

// meantVerb makes the button for the verb that a mistyped one stands for. It returns nil if there is none, or if the verb names an
// agent who isn't known.
func (th *Writer) meantVerb(c *book.Conversation, m *book.Message, a bridge.Action) *bridge.Meant {
	if a.Meant == nil {
		return nil
	}

	offered := *a.Meant
	offered.Args.Conversation, offered.Args.Slip = c.ID, m.ID
	for _, who := range offered.Args.Agents {
		name := "me"
		if who != "me" {
			found := th.Dir.Find(m.AccountID, who)
			if found == nil {
				return nil
			}
			name = found.Name
		}

		offered.Names = append(offered.Names, name)
	}

	return &offered
}

// TellProblem says why a text can't be sent. It has the button with which its author may send it later.
func (th *Writer) TellProblem(c *book.Conversation, m *book.Message, p *bridge.Problem) {
	th.TellWith(c, m, bridge.Line{
		Content: &bridge.InsideLine{Why: bridge.InWords(p.Text), Hint: p.Hint},
		Verbs:   []bridge.Verb{bridge.VerbSend},
	})
}

// TellWith posts a line about a person's message that repeats its text and names its files. A line that has a text already is about
// something else of the message, for example one of its files, and keeps that text. If colleagues may not read the message, the line
// has none of these.
func (th *Writer) TellWith(c *book.Conversation, m *book.Message, line bridge.Line) {
	if book.IsConfidential(&m.Message) {
		line.Text = ""
	} else {
		repeatWords(&line, m)
	}

	line.Args = bridge.Args{Conversation: c.ID, Message: m.ID, Delivery: line.Args.Delivery}
	if slices.Contains(line.Verbs, bridge.VerbReply) {
		line.Args.Message = 0 // with this button it would be the message that the reply answers
	}
	th.LineAbout(c, m, line)
}

// repeatWords gives a line about a message the message's words and the names of its files, unless it has a text already.
func repeatWords(line *bridge.Line, m *book.Message) {
	if line.Text == "" {
		line.Text = m.Text
		line.Files = files.UploadedNames(&m.Message)
	}
	line.Rich = outbound.RichOf(&m.Message)
	namesNothing := line.Text == "" && len(line.Files) == 0
	if namesNothing && len(m.Files) > 0 {
		line.Text = m.Files[0].Name
	}
}

// LineAbout posts a line that points at a person's message. It mentions the message's author, unless the line is about
// something that the author did.
func (th *Writer) LineAbout(c *book.Conversation, m *book.Message, line bridge.Line) {
	if t := c.Home(th.Dir); t != nil {
		line.SourceRef = SourceOf(m, t)
		if m.AgentID == nil || line.By.ID != *m.AgentID {
			line.Mentions = []bridge.AgentRef{th.Author(m, t.AccountID)}
		}
		th.Line(c, line)
	}
}

// SourceOf returns the place of a person's message for a line in a thread. The place is zero if the message was written in
// another surface.
func SourceOf(m *book.Message, t *book.Thread) bridge.Place {
	if m.AccountID != t.AccountID {
		return bridge.Place{}
	}
	return bridge.Place{Channel: m.Channel, Message: m.Place}
}

// Line posts a line in the conversation's thread. It returns the line's delivery, or nil if there is no thread.
func (th *Writer) Line(c *book.Conversation, line bridge.Line) *book.Delivery {
	t := c.Home(th.Dir)
	if t == nil {
		return nil
	}
	if line.Customer == (bridge.PartyRef{}) {
		line.Customer = c.Customer()
	}

	line.Args.Shown = cmp.Or(sendWordsMark(th.Book, &line), line.Args.Shown)
	line.By = th.Dir.As(t.AccountID, line.By)
	line.Mentions = slices.Clone(line.Mentions)
	for i, ref := range line.Mentions {
		line.Mentions[i] = th.Dir.As(t.AccountID, ref)
	}

	surfaceOf := func(agent store.AgentID) store.AccountID { return surfaceElsewhere(th, c, t.AccountID, agent, line) }
	mentions, elsewhere := mentionsToNotify(th.Dir, c, t.AccountID, line, func(agent store.AgentID) bool { return surfaceOf(agent) != 0 })
	for _, agent := range elsewhere {
		tellElsewhere(th, c, surfaceOf(agent), agent, line)
	}
	line.Mentions = mentions

	d := th.PostTo(c, t, bridge.PostLine, line.Args.Message, outbound.Payload{Line: &line})
	if m := th.Messages.Rows[line.Args.Message]; m != nil && isTracked(&line) {
		th.addLine(d, m)
	}
	return d
}

// sendWordsMark returns the bridge.WordsMark of the text that a button of a line sends, or "" if it has no such button.
func sendWordsMark(b *book.Book, line *bridge.Line) string {
	m := b.Messages.Rows[line.Args.Message]
	if m == nil {
		return ""
	}

	isAboutText := line.Text == m.Text || line.Text == "" && book.IsConfidential(&m.Message) // else it names a file
	// It asks about the text that was sent, which may have been another.
	asksAboutSent := line.Kind() == bridge.LineUnclear
	sendsAgain := isAboutText && !asksAboutSent && slices.Contains(line.Verbs, bridge.VerbSendAgain)
	if sendsAgain || slices.Contains(line.Verbs, bridge.VerbSend) {
		return book.WordsMarkOf(&m.Message)
	}
	return ""
}

// ChannelLine posts a line outside any conversation.
func (th *Writer) ChannelLine(surface bridge.AccountID, at bridge.Place, line bridge.Line) *book.Delivery {
	l := th.channelLaneOf(surface, at.Channel, bridge.PostLine)
	return th.Outbox.Enqueue(l, string(bridge.PostLine), NoMessage, outbound.Payload{Place: at, Line: &line}, nil)
}

// Whisper answers one person where that person acted, unseen by others: with lists, help, refusals and confirmations
// only. Whoever acted in no channel and no thread is answered in a direct message.
func (th *Writer) Whisper(r book.Request, line bridge.Line) {
	th.Whispers++
	line.Args.Shown = cmp.Or(sendWordsMark(th.Book, &line), line.Args.Shown)
	p := outbound.Payload{To: r.Actor.ID, Line: &line}
	if t := threadOfAction(th.Posts, r); t != nil { // without a place, it goes to the thread as that is when this is posted
		th.PostTo(r.Conversation, t, bridge.PostEphemeral, NoMessage, p)
		return
	}
	if r.Place.Channel == "" {
		th.sendDirectTo(r.Surface, r.Actor.ID, line)
		return
	}

	p.Place = bridge.Place{Channel: r.Place.Channel, Thread: r.Place.Thread}
	l := th.channelLaneOf(r.Surface, r.Place.Channel, bridge.PostEphemeral)
	th.Outbox.Enqueue(l, string(bridge.PostEphemeral), NoMessage, p, nil)
}

// threadOfAction returns the conversation's thread if somebody acted in it, or on a page or in a form outside of all
// channels. It returns nil if the person acted elsewhere.
func threadOfAction(posts *book.Posts, r book.Request) *book.Thread {
	if r.Conversation == nil || r.Conversation.Threads[r.Surface] == nil {
		return nil
	}
	t := r.Conversation.Threads[r.Surface]
	if r.Place.Channel != "" && r.Place.Channel != t.Channel {
		return nil
	}
	if posts.IsAskedElsewhere(r) {
		return nil
	}
	return t
}

// Refuse tells the actor that nothing was changed, why (text), and what to do next (hint, which may be ""). What the actor wrote into a
// form or a slash command is given back: it stands nowhere else. The log keeps the refusal, by code.
func (th *Writer) Refuse(r book.Request, code bridge.Reason, text, hint string) {
	line := bridge.Line{Content: &bridge.RefusedLine{Why: bridge.InWords(text), Hint: hint}, Verb: r.Verb}
	if !r.Typed() {
		line.Text, line.Rich = r.Text, r.Rich
	}
	if r.Origin == bridge.OriginForm {
		line.Text = cmp.Or(r.Text, r.Args.Note, strings.Join(r.Args.Tags, ", "))
	}
	th.Whisper(r, line)
	if r.Conversation != nil {
		th.Log.RecordRefusal(r, code, strings.TrimSpace(text+" "+hint))
	}
}

// Unchanged tells the actor that a verb had nothing to do.
func (th *Writer) Unchanged(r book.Request) {
	th.Whisper(r, bridge.Line{Content: bridge.LineUnchanged, Verb: r.Verb})
}

// Confirm tells the actor that a verb was done, where the card alone does not show it.
func (th *Writer) Confirm(r book.Request, line bridge.Line) {
	line.Verb = cmp.Or(line.Verb, r.Verb)
	if line.Content == nil {
		line.Content = bridge.ContentOf(bridge.LineDone, r.Verb)
	}
	th.Whisper(r, line)
}

// Author names the person who typed a message, agent or not, to a surface.
func (th *Writer) Author(m *book.Message, surface bridge.AccountID) bridge.AgentRef {
	ref := bridge.You("")
	if m.AgentID != nil {
		ref = th.Dir.Ref(surface, *m.AgentID)
	}
	if m.AuthorUser != "" && m.AccountID == surface {
		ref.User = m.AuthorUser
	}
	return ref
}

// PartName names a delivery by its first file, if it doesn't carry the reply's text, or the text has left as an earlier piece.
// Otherwise it returns "".
func (th *Writer) PartName(m *book.Message, d *book.Delivery) string {
	if d == nil {
		return ""
	}
	p := d.DecodedPayload()
	if p.Span.HasText() && d.Part == 0 {
		return ""
	}

	carried := filesOnTheWay(m, p)
	if len(carried) == 0 {
		return ""
	}
	return carried[0].Name
}

// filesOnTheWay returns the files of a message that a delivery carries, or may have carried in an attempt before an edit removed them.
func filesOnTheWay(m *book.Message, p outbound.Payload) []store.FileRef {
	carried := p.Span.FilesOf(m.Files)
	for _, e := range p.Earlier {
		carried = append(carried, e.Files...)
	}
	return carried
}

// wholeHint is the hint of the question whether a reply was sent that may have left as several messages: the answer counts for all.
const wholeHint = "Look for it where sent messages are, with all its parts and files. Mark it as sent only if all of it is there: " +
	"what is missing does not leave any more. Else send it again."

// UnclearReply returns the line that asks a person whether a delivery of a reply was sent. In a chat, a text and its files may leave
// as several messages, one after the other.
func UnclearReply(th *Writer, c *book.Conversation, m *book.Message, d *book.Delivery, trouble string) bridge.Line {
	content := &bridge.UnclearLine{Trouble: trouble}
	line := bridge.Line{Content: content, Text: th.PartName(m, d), Verbs: []bridge.Verb{bridge.VerbSendAgain, bridge.VerbMarkSent}}
	if d == nil {
		return line
	}

	p := d.DecodedPayload()
	isTextWithFiles := p.Span.HasText() && m.Text != "" && len(filesOnTheWay(m, p)) > 0
	mayBeSeveral := d.Part > 0 || isTextWithFiles
	isChat := !th.Caps(c.AccountID).Threads
	if isChat && mayBeSeveral {
		content.Hint = wholeHint
	}

	line.Args.Delivery = d.ID
	return line
}

// SortingVerbs returns what may be done with a mail in a thread of the day, by the kind of its line. The sender of a collected mail
// can't be blocked, because the mail may be a person's.
func SortingVerbs(kind bridge.LineKind) []bridge.Verb {
	if kind == bridge.LineCollected {
		return []bridge.Verb{bridge.VerbPromote, bridge.VerbSilence}
	}
	return []bridge.Verb{bridge.VerbPromote, bridge.VerbSilence, bridge.VerbBlock}
}
