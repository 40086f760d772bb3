package engine

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"parley/bridge"
	"parley/store"
)

// A line is a remark that Parley posts, such as "Kim took this conversation". These methods post one. The first are read by
// everybody in the thread, the last by one person:
//   - Line posts in the conversation's thread. LineAbout also points to somebody's message and
//     mentions its author, and TellWith repeats its text. TellInside, TellAuthor and TellProblem
//     explain why a text stayed inside (among colleagues), and Ask lets its author choose.
//   - ChannelLine posts in a channel, outside of conversations.
//   - Whisper answers one person where they acted, invisible to others. Refuse, Unchanged and
//     Confirm report the result of a verb, and TellOnce (told_once.go) says something only once.
//   - SendDirect (direct_line.go) sends a direct message to one agent.
//
// No line is posted about something that a card (cards.go) or a mark, which is an emoji on the message (mark.go), can show.

// TellInside posts why a text stayed inside, with buttons for what can be done about it.
func (th *Writer) TellInside(c *Conversation, m *Message, reason bridge.Reason) {
	switch reason {
	case bridge.ReasonNotAnAgent:
		th.TellAuthor(c, m, bridge.LineNotMapped)
	case bridge.ReasonNotOpen:
		home, next := c.Home(th.Dir), th.Conversations.OpenSuccessor(c)
		if home != nil && next != nil {
			th.TellWith(c, m, bridge.Line{
				Content: &bridge.InsideLine{Why: bridge.Because(reason)},
				Other:   th.Refer(next, home.AccountID),
			})
			return
		}
		if into := th.Conversations.MergedInto(c); home != nil && into != nil {
			th.TellWith(c, m, bridge.Line{
				Content: &bridge.InsideLine{Why: bridge.Because(reason)},
				Other:   th.Refer(into, home.AccountID),
				Verbs:   []bridge.Verb{bridge.VerbSendThere},
				Args:    bridge.Args{Note: "#" + strconv.FormatInt(int64(into.ID), 10)},
			})
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

// TellAuthor posts that a text did not reach the customer. The line mentions the author and repeats the text.
func (th *Writer) TellAuthor(c *Conversation, m *Message, fate bridge.LineContent, verbs ...bridge.Verb) {
	th.TellWith(c, m, bridge.Line{Content: fate, Verbs: verbs})
}

// Ask asks the author whether a text is for the customer. The button for the more likely answer comes first.
// For a mistyped command, there is also a button with the correct one. An empty text has no Send button.
func (th *Writer) Ask(c *Conversation, m *Message, a bridge.Action, reason bridge.Reason) {
	asked := &bridge.AskLine{Why: bridge.Because(reason)}
	line := bridge.Line{Content: asked, Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbKeep}}
	if bridge.ConsequencesOf(reason).Guess == bridge.GuessInside {
		line.Verbs = []bridge.Verb{bridge.VerbKeep, bridge.VerbSend}
	}

	if reason == bridge.ReasonUnknownVerb {
		line.Verb = bridge.VerbUnknown
		asked.Meant = th.meantVerb(c, m, a)
		if a.Args.Note != "" { // explains what is wrong with the command
			asked.Why = bridge.InWords(a.Args.Note)
		}
	}

	if IsEmpty(&m.Message) { // it was edited into a command
		asked.Why = bridge.Because(bridge.ReasonEditedCommand)
		line.Verbs = []bridge.Verb{bridge.VerbKeep}
	}

	th.TellWith(c, m, line)
}

// meantVerb returns the button for the verb that a mistyped one probably meant. It returns nil if there is none
// or if it names an unknown agent.
func (th *Writer) meantVerb(c *Conversation, m *Message, a bridge.Action) *bridge.Meant {
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

// TellProblem posts why a text can't be sent, with a Send button for later.
func (th *Writer) TellProblem(c *Conversation, m *Message, p *bridge.Problem) {
	th.TellWith(c, m, bridge.Line{
		Content: &bridge.InsideLine{Why: bridge.InWords(p.Text), Hint: p.Hint},
		Verbs:   []bridge.Verb{bridge.VerbSend},
	})
}

// TellWith posts a line about a person's message that repeats its text and names its files. If the line already
// has a text, for example the name of one file, it keeps that. A line about a confidential message has neither.
// A message that its author is asked about is marked.
func (th *Writer) TellWith(c *Conversation, m *Message, line bridge.Line) {
	if IsConfidential(&m.Message) {
		line.Text = ""
	} else {
		repeatWords(&line, m)
	}

	line.Args = bridge.Args{Conversation: c.ID, Message: m.ID, Delivery: line.Args.Delivery, Note: line.Args.Note}
	if slices.Contains(line.Verbs, bridge.VerbReply) {
		line.Args.Message = 0 // for the Reply button it would be the message that is answered
	}
	if _, isQuestion := line.Content.(*bridge.AskLine); isQuestion && m.Fate == store.FateAsk {
		th.Mark(c, m, bridge.MarkAsked)
	}
	th.LineAbout(c, m, line)
}

// repeatWords copies a message's text and the names of its files to a line, unless the line has a text already.
func repeatWords(line *bridge.Line, m *Message) {
	if line.Text == "" {
		line.Text = m.Text
		line.Files = UploadedNames(&m.Message)
	}
	line.Rich = RichOf(&m.Message)
	namesNothing := line.Text == "" && len(line.Files) == 0
	if namesNothing && len(m.Files) > 0 {
		line.Text = m.Files[0].Name
	}
}

// LineAbout posts a line that points to a person's message. It mentions the message's author, unless the author
// caused the line. It does nothing if the conversation has no thread.
func (th *Writer) LineAbout(c *Conversation, m *Message, line bridge.Line) {
	if t := c.Home(th.Dir); t != nil {
		line.SourceRef = SourceOf(m, t)
		if m.AgentID == nil || line.By.ID != *m.AgentID {
			line.Mentions = []bridge.AgentRef{th.Author(m, t.AccountID)}
		}
		th.Line(c, line)
	}
}

// SourceOf returns the place (channel and id) of a person's message for a line in a thread, or the zero Place
// if the message was typed in another chat.
func SourceOf(m *Message, t *Thread) bridge.Place {
	if m.AccountID != t.AccountID {
		return bridge.Place{}
	}
	return bridge.Place{Channel: m.Channel, Message: m.Place}
}

// Line posts a line in the conversation's thread, and sends copies to mentioned agents who use another chat. It
// returns the line's delivery, or nil if there is no thread.
func (th *Writer) Line(c *Conversation, line bridge.Line) *Delivery {
	t := c.Home(th.Dir)
	if t == nil {
		return nil
	}
	if line.Customer == (bridge.PartyRef{}) {
		line.Customer = c.Customer()
	}

	line.Args.Shown = cmp.Or(sendWordsMark(th.Book, &line), line.Args.Shown)
	line.By = th.Dir.ConvertRef(t.AccountID, line.By)
	line.Mentions = slices.Clone(line.Mentions)
	for i, ref := range line.Mentions {
		line.Mentions[i] = th.Dir.ConvertRef(t.AccountID, ref)
	}

	surfaceOf := func(agent store.AgentID) store.AccountID { return surfaceElsewhere(th, c, t.AccountID, agent, line) }
	canTell := func(agent store.AgentID) bool { return surfaceOf(agent) != AnySurface }
	mentions, elsewhere := mentionsToNotify(th.Dir, c, t.AccountID, line, canTell)
	for _, agent := range elsewhere {
		tellElsewhere(th, c, surfaceOf(agent), agent, line)
	}
	line.Mentions = slices.DeleteFunc(mentions, func(ref bridge.AgentRef) bool {
		agent := th.Dir.Agent(ref.ID)
		return c.IsRestricted() && agent != nil && !th.Reading.As(agent).May(c.Conversation)
	})

	d := th.PostTo(c, t, bridge.PostLine, line.Args.Message, Payload{Line: &line})
	if m := th.Messages.Get(line.Args.Message); m != nil && isTracked(&line) {
		th.addLine(d, m)
	}
	return d
}

// sendWordsMark returns the bridge.WordsMark (a checksum) of the text that a button of a line sends, or "" if the line has
// no such button.
func sendWordsMark(b *Book, line *bridge.Line) string {
	m := b.Messages.Get(line.Args.Message)
	if m == nil {
		return ""
	}

	hidesText := line.Text == "" && IsConfidential(&m.Message)
	isAboutText := line.Text == m.Text || hidesText    // otherwise it is about a file
	asksAboutSent := line.Kind() == bridge.LineUnclear // about the text that was sent, which may have been edited since
	sendsAgain := isAboutText && !asksAboutSent && slices.Contains(line.Verbs, bridge.VerbSendAgain)
	if sendsAgain || slices.Contains(line.Verbs, bridge.VerbSend) {
		return WordsMarkOf(&m.Message)
	}
	return ""
}

// ChannelLine posts a line outside of all conversations.
func (th *Writer) ChannelLine(surface bridge.AccountID, at bridge.Place, line bridge.Line) *Delivery {
	lane := th.channelLaneOf(surface, at.Channel, bridge.PostLine)
	return th.Outbox.Enqueue(lane, string(bridge.PostLine), NoMessage, Payload{Place: at, Line: &line}, nil)
}

// Whisper answers one person where they acted, invisible to others. Use it only for lists, help, refusals and
// confirmations. A person who acted in no channel gets a direct message.
func (th *Writer) Whisper(r Request, line bridge.Line) {
	th.Whispers++
	if r.Several { // who asked for several at once is told once
		if why, isRefused := refusalOf(line); isRefused {
			th.Not = append(th.Not, bridge.SeveralNot{ID: r.Args.Conversation, Why: why})
		}
		return
	}
	line.Args.Shown = cmp.Or(sendWordsMark(th.Book, &line), line.Args.Shown)
	p := Payload{To: r.Actor.ID, Line: &line}
	if t := threadOfAction(th.Posts, r); t != nil { // without a Place, it follows the thread if that moves before it is posted
		th.PostTo(r.Conversation, t, bridge.PostEphemeral, NoMessage, p)
		return
	}
	if r.Place.Channel == "" {
		if r.Conversation != nil && line.Other.ID == 0 { // there the words alone don't say which one it is
			line.Other = th.Refer(r.Conversation, r.Surface)
			line.Other.Subject = ""
		}
		th.enqueueDirect(r.Surface, p)
		return
	}

	p.Place = bridge.Place{Channel: r.Place.Channel, Thread: r.Place.Thread}
	lane := th.channelLaneOf(r.Surface, r.Place.Channel, bridge.PostEphemeral)
	th.Outbox.Enqueue(lane, string(bridge.PostEphemeral), NoMessage, p, nil)
}

// refusalOf returns why nothing was changed, if a line says so.
func refusalOf(line bridge.Line) (why string, isRefused bool) {
	if refused, ok := line.Content.(*bridge.RefusedLine); ok {
		return refused.Why.Words, true
	}
	return "It is so already.", line.Kind() == bridge.LineUnchanged
}

// threadOfAction returns the conversation's thread if somebody acted in it. Otherwise it returns nil.
func threadOfAction(posts *Posts, r Request) *Thread {
	if r.Conversation == nil || r.Conversation.Threads[r.Surface] == nil {
		return nil
	}
	t := r.Conversation.Threads[r.Surface]
	if r.Place.Channel != t.Channel {
		return nil
	}
	if posts.IsAskedElsewhere(r) {
		return nil
	}
	return t
}

// Refuse tells the actor that nothing was changed, why (text), and what to do next (hint, which may be ""). A text
// from a form or a slash command is repeated, because it would be lost otherwise. The refusal is logged with its code.
func (th *Writer) Refuse(r Request, code bridge.Reason, text, hint string) {
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
func (th *Writer) Unchanged(r Request) {
	th.Whisper(r, bridge.Line{Content: bridge.LineUnchanged, Verb: r.Verb})
}

// Confirm tells the actor that a verb was applied, if the card doesn't show that.
func (th *Writer) Confirm(r Request, line bridge.Line) {
	line.Verb = cmp.Or(line.Verb, r.Verb)
	if line.Content == nil {
		line.Content = bridge.ContentOf(bridge.LineDone, r.Verb)
	}
	th.Whisper(r, line)
}

// Author returns a reference to the author of a message, who may not be an agent, for use in a surface (a chat).
func (th *Writer) Author(m *Message, surface bridge.AccountID) bridge.AgentRef {
	ref := bridge.You("")
	if m.AgentID != nil {
		ref = th.Dir.Ref(surface, *m.AgentID)
	}
	if m.AuthorUser != "" && m.AccountID == surface {
		ref.User = m.AuthorUser
	}
	return ref
}

// PartName returns the name of the first file of a delivery that doesn't have the reply's text, or whose text
// has left already. For other deliveries it returns "".
func (th *Writer) PartName(m *Message, d *Delivery) string {
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

// filesOnTheWay returns the files that a delivery carries, or that an attempt may have sent before an edit removed them.
func filesOnTheWay(m *Message, p Payload) []store.FileRef {
	carried := p.Span.FilesOf(m.Files)
	for _, e := range p.Earlier {
		carried = append(carried, e.Files...)
	}
	return carried
}

// wholeHint is the hint of UnclearReply for a reply that may have left as several messages.
const wholeHint = "Look for it where sent messages are, with all its parts and files. Mark it as sent only if all of it is there: " +
	"what is missing does not leave any more. Else send it again."

// UnclearReply returns a line that asks whether a delivery was sent, since the provider's answer was lost.
// trouble is the reason, and d may be nil. In a chat, a text and its files may leave as several messages, and
// the answer counts for all of them.
func UnclearReply(th *Writer, c *Conversation, m *Message, d *Delivery, trouble string) bridge.Line {
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

// MayHaveLeft returns a line about a delivery of a reply that was taken back, or made a text for colleagues: it may have
// left all the same, with the text from before an edit. The line has no buttons, because there is nothing to send again.
func MayHaveLeft(d *Delivery, trouble string) bridge.Line {
	line := bridge.Line{Content: &bridge.UnclearLine{Trouble: trouble}}
	if d == nil {
		return line
	}
	if earlier := d.DecodedPayload().Earlier; len(earlier) > 0 {
		line.Text = earlier[0].Text
	}
	return line
}

// SortingVerbs returns the buttons of a mail in a daily thread, in which automatic mail is collected. A mail that is shown as
// LineCollected may be from a person, so its buttons can't block the sender.
func SortingVerbs(kind bridge.LineKind) []bridge.Verb {
	if kind == bridge.LineCollected {
		return []bridge.Verb{bridge.VerbPromote, bridge.VerbSilence}
	}
	return []bridge.Verb{bridge.VerbPromote, bridge.VerbSilence}
}
