package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// Each conversation has a thread in its team's chat channel, and what agents type in the thread can reach the
// customer. An agent may forget the thread and type "Hi Maria, it is on its way" in the channel itself. Such a
// text reaches nobody. It is stored with the record of its message in the chat (store.Post), and its author may
// be asked which customer is meant:
//
//	TopLevel          stores the text; it asks at once about the first text of a day, about one that addresses a customer, and once
//	                  an hour while a customer waits
//	AskAgain          asks when somebody chooses Send in the menu of the message
//	askWhoIsMeant     posts the question: a line with a button for each conversation that may be meant
//	sendChannelText   sends the text to the customer whose button was clicked
//
// Until somebody clicks, edits and deletions of the message also change the stored text.

const (
	speechMaxOffered = 5  // conversations that the question offers
	maxLookedAt      = 50 // conversations that are read to find them, since some may have moved to another channel
)

// channelText is a text that an agent typed in a team's channel outside any thread, with its latest edit. It is
// stored as JSON.
type channelText struct {
	Action bridge.Action    `json:"action"`
	Line   store.DeliveryID `json:"line,omitempty"` // the delivery of the question; 0 if nobody was asked yet
}

// wordsMark returns the bridge.WordsMark (a hash) of the text. A button carries it, to detect later edits.
func (t channelText) wordsMark() string {
	return WordsMarkOf(&store.Message{Text: t.Action.Text, MessageExtras: store.MessageExtras{Files: SurfaceFiles(t.Action.Files)}})
}

func (w *work) keepChannelText(p *store.Post, text channelText) {
	body, err := json.Marshal(text)
	if err != nil {
		panic("speech: channel text: " + err.Error()) // a bug: all fields can be marshalled
	}
	p.Early = body
	w.Posts.MarkChanged(p)
}

// channelTextOf returns the text that is stored with a post, which may be nil. It returns false if there is
// none, because the post is no such text or because somebody has already chosen its customer.
func channelTextOf(p *store.Post) (text channelText, ok bool) {
	if p == nil || p.Kind != HumanMessage || len(p.Early) == 0 {
		return channelText{}, false
	}
	err := json.Unmarshal(p.Early, &text)
	return text, err == nil
}

// TopLevel handles a text that an agent typed in a team's channel outside of all conversations' threads. If
// takeQuestion says so, it asks in the message's own thread which customer is meant. If the text is in a thread that
// belongs to no conversation and addresses a customer, TopLevel only tells its author privately that nobody got it.
func (w *work) TopLevel(ctx context.Context, tx pgx.Tx, r Request) error {
	if r.Agent == nil || r.Actor.Kind != bridge.ActorPerson || isForColleagues(r.Action) {
		return nil
	}

	if w.Dir.TeamOfChannel(r.Surface, r.Place.Channel) == nil {
		return nil
	}
	isInThread := r.Place.Thread != "" && r.Place.Thread != r.Place.Message
	if isInThread { // colleagues may talk in any thread, so only a text that addresses a customer is answered
		addresses, err := w.addressesCustomer(ctx, tx, r)
		if addresses {
			w.Refuse(r, "no_conversation", "No customer got this: it is not in a conversation's thread.", "Type it in the customer's thread.")
		}
		return err
	}
	if known := w.Posts.At(r.PostKey()); known != nil {
		return nil
	}

	post := w.Posts.Remember(store.Post{
		AccountID: r.Surface,
		Channel:   r.Place.Channel,
		Message:   r.Place.Message,
		Kind:      HumanMessage,
	})
	r.Place.Thread = r.Place.Message // the question goes into the message's own thread
	w.keepChannelText(post, channelText{Action: r.Action})
	ask, err := w.takeQuestion(ctx, tx, r)
	if err != nil || !ask {
		return err
	}
	return w.askWhoIsMeant(ctx, tx, post)
}

// takeQuestion decides whether to ask the author of a text in the channel, and records that for the next time.
// It asks about the author's first text of a day, about each that is marked as a reply or begins with a
// customer's name, and once an hour while a customer waits for the author.
func (w *work) takeQuestion(ctx context.Context, tx pgx.Tx, r Request) (bool, error) {
	isFirst := w.RememberTold(r)
	if isFirst || r.Verb == bridge.VerbReply {
		RememberAsked(w.Posts, r)
		return true, nil
	}
	if addresses, err := w.addressesCustomer(ctx, tx, r); addresses || err != nil {
		return addresses, err
	}
	if w.Posts.At(AskedKey(r, w.Posts.Now)) != nil {
		return false, nil // already asked in this hour
	}
	isAwaited, err := store.IsAwaited(ctx, tx, r.Agent.ID, r.Surface, r.Place.Channel)
	if isAwaited {
		RememberAsked(w.Posts, r)
	}
	return isAwaited, err
}

// addressesCustomer reports whether a text begins with the name of a customer whose conversation is in the
// channel: "Hi Maria, it is on its way". It was most likely meant for the conversation's thread.
func (w *work) addressesCustomer(ctx context.Context, tx pgx.Tx, r Request) (bool, error) {
	name := nameAtBeginning(r.Raw)
	if name == "" || isColleague(w.Dir.Agents, r.Agent, name) {
		return false, nil
	}
	rows, err := w.answerableIn(ctx, tx, r.Agent, r.Surface, r.Place.Channel)
	return slices.ContainsFunc(rows, func(f bridge.Facts) bool { return isNamed(f.Contact, name) }), err
}

// askWhoIsMeant posts a line below a text in the channel that offers the conversations it may be meant for.
func (w *work) askWhoIsMeant(ctx context.Context, tx pgx.Tx, p *store.Post) error {
	text, _ := channelTextOf(p) // the callers have checked that there is one
	a := text.Action
	var offered bridge.TopLevelLine
	line := bridge.Line{
		Content:  &offered,
		Mentions: []bridge.AgentRef{bridge.You(a.Actor.ID)},
		Text:     a.Text,
		Args: bridge.Args{
			SendArgs:  bridge.SendArgs{Typed: &bridge.Place{Channel: p.Channel, Message: p.Message}},
			ReplyArgs: bridge.ReplyArgs{Shown: text.wordsMark()},
		},
	}

	agent := w.Dir.AgentOf(p.AccountID, a.Actor.ID)
	saysSomething := a.Text != "" || len(a.Files) > 0
	mayBeForCustomer := saysSomething && a.Verb != bridge.VerbUnknown
	if agent != nil && mayBeForCustomer {
		line.Mentions = []bridge.AgentRef{w.Dir.Ref(p.AccountID, agent.ID)}
		rows, err := w.answerableIn(ctx, tx, agent, p.AccountID, p.Channel)
		if err != nil {
			return err
		}
		rank := func(f bridge.Facts) int { // customers whom the text addresses come first
			if isNamed(f.Contact, nameAtBeginning(a.Raw)) {
				return 0
			}
			return 1
		}
		slices.SortStableFunc(rows, func(one, other bridge.Facts) int { return rank(one) - rank(other) })
		offered.Rows = rows[:min(len(rows), speechMaxOffered)]
	}

	text.Line = w.ChannelLine(p.AccountID, bridge.Place{Channel: p.Channel, Thread: p.Message}, line).ID
	w.keepChannelText(p, text)
	return nil
}

// answerableIn returns the conversations in a channel that an agent may reply to, the likeliest first. It
// leaves out those that have a thread there but have moved to another chat, and those of accounts that only
// watch (they never send).
func (w *work) answerableIn(
	ctx context.Context, tx pgx.Tx, agent *store.Agent, surface store.AccountID, channel string,
) ([]bridge.Facts, error) {
	ids, err := store.AnswerableConversations(ctx, tx, w.Reading.As(agent), surface, channel, maxLookedAt)
	if err != nil {
		return nil, err
	}
	homes, err := w.Reading.Homes(ctx, tx, ids...)
	if err != nil {
		return nil, err
	}

	ids = slices.DeleteFunc(ids, func(id store.ConversationID) bool { return homes[id].AccountID != surface })
	rows, err := w.Reading.Facts(ctx, tx, surface, agent, ids...)
	return slices.DeleteFunc(rows, func(f bridge.Facts) bool { return f.Account.Mode == bridge.ModeWatch }), err
}

// AskAgain applies Send from the menu of a message in the channel: it asks which customer is meant. If that was
// asked already, it refuses and points to the question. handled is false for any other action.
func (w *work) AskAgain(ctx context.Context, tx pgx.Tx, r Request) (handled bool, err error) {
	p := w.Posts.At(r.PostKey())
	text, ok := channelTextOf(p)
	if !ok || r.Verb != bridge.VerbSend {
		return false, nil
	}
	if problem := w.Verbs.Authorize(r.Agent, r.Verb); problem != nil {
		w.Refuse(r, problem.Code, problem.Text, problem.Hint)
		return true, nil
	}
	if text.Line != 0 {
		w.Refuse(r, "asked", "Who is to get it is asked in its thread.", "Choose there.")
		return true, nil
	}
	return true, w.askWhoIsMeant(ctx, tx, p)
}

// editChannelText applies an edit to a stored text, unless somebody has already chosen its customer.
func (w *work) editChannelText(p *store.Post, a bridge.Action) {
	text, ok := channelTextOf(p)
	if !ok || p.MessageID != 0 || a.Version <= p.Version {
		return
	}
	p.Version = a.Version
	text.Action.Text = a.Text
	text.Action.Raw = a.Raw
	text.Action.Files = a.Files
	text.Action.Marker = a.Marker
	text.Action.Mentions = a.Mentions
	text.Action.MentionsBot = a.MentionsBot
	w.keepChannelText(p, text)
}

// dropChannelText removes the stored text of a message that its author deleted.
func (w *work) dropChannelText(p *store.Post) {
	if _, ok := channelTextOf(p); ok {
		p.Early = nil
		w.Posts.MarkChanged(p)
	}
}

// sendChannelText sends a text from the channel to the customer whose button was clicked, as if its author had typed
// it in the conversation's thread. If askToConfirm finds it necessary, whoever clicked has to confirm the text first.
func (w *work) sendChannelText(r Request) {
	p := w.Posts.At(PostKey{Account: r.Surface, Channel: r.Args.Typed.Channel, Message: r.Args.Typed.Message})
	if w.refuseChosen(r, p) {
		return
	}

	text, ok := channelTextOf(p)
	author := w.Dir.AgentOf(r.Surface, text.Action.Actor.ID)
	if !ok || author == nil {
		r.Place.Thread = "" // the thread was deleted with the message
		w.Refuse(r.About(nil), "unknown_message", "That message was deleted, or I don't know it any more.",
			"Type it in the conversation's thread.")
		return
	}
	if w.refuseChannelText(r, p, text) {
		return
	}
	asTypedInThread := &Message{Message: store.Message{Fate: store.FateAsk, MessageAuthor: store.MessageAuthor{AgentID: &author.ID}}}
	if w.refuseKept(r, asTypedInThread) {
		return
	}
	if w.askToConfirm(r, text, author) {
		return
	}

	m := w.Messages.AddByPerson(Request{Conversation: r.Conversation, Agent: author, Surface: r.Surface, Action: text.Action})
	m.Fate = store.FateAsk
	p.ConversationID = r.Conversation.ID
	p.MessageID = m.ID
	p.Early = nil // from now on it is a message of the conversation
	w.Posts.MarkChanged(p)

	r.Args.Sure = true // askToConfirm has asked where necessary
	w.sendKept(r, m)
	isByAuthor := author.ID == r.Agent.ID
	if isByAuthor && m.Fate == store.FateWaiting { // for a colleague's click, sendKept has posted a line
		w.LineAbout(r.Conversation, m, bridge.Line{
			Content: &bridge.RepliedLine{},
			Verb:    bridge.VerbReply,
			By:      w.Dir.Ref(r.Surface, r.Agent.ID),
			Text:    m.Text,
			Files:   w.Files.Attached(&m.Message),
			Verbs:   []bridge.Verb{bridge.VerbUndo},
			Args:    bridge.Args{Conversation: r.Conversation.ID, Message: m.ID},
		})
	}
	w.settleAsked(r, m, text.Line)
}

// refuseChosen refuses a click if somebody has already chosen a conversation for the text, and reports whether
// it did. p may be nil. A forged click may name any message, so an agent who may not read the conversation that
// has the message isn't told what became of it.
func (w *work) refuseChosen(r Request, p *store.Post) bool {
	if p == nil || p.MessageID == 0 {
		return false
	}
	m, chosen := w.Messages.Get(p.MessageID), w.Conversations.Get(p.ConversationID)
	if m == nil || chosen == nil {
		return false
	}
	if w.AuthorizeReading(r.About(chosen)) != nil {
		return false
	}
	w.RefuseDecided(r.About(chosen), m)
	return true
}

// refuseChannelText refuses to send a text that may no longer be meant for the chosen customer, and reports
// whether it did.
func (w *work) refuseChannelText(r Request, p *store.Post, text channelText) bool {
	isEmpty := text.Action.Text == "" && len(text.Action.Files) == 0
	if isForColleagues(text.Action) || isEmpty {
		w.Refuse(r.About(nil), bridge.ReasonForColleagues, "The message was edited, and is for colleagues now.",
			"Type in the conversation's thread what the customer is to get.")
		return true
	}
	thread := r.Conversation.Home(w.Dir)
	isInChannel := thread != nil && thread.AccountID == p.AccountID && thread.Channel == p.Channel
	if !isInChannel { // the conversation has moved since, or was never offered
		w.Refuse(r.About(nil), "another_channel", fmt.Sprintf("#%d is not answered in that channel.", r.Conversation.ID),
			"Type it in the conversation's thread.")
		return true
	}
	return false
}

// askToConfirm asks whoever clicked to confirm the text, if a colleague typed it or if it was edited after the
// button was shown. It reports whether it has asked.
func (w *work) askToConfirm(r Request, text channelText, author *store.Agent) bool {
	isUnconfirmedColleagues := author.ID != r.Agent.ID && !r.Args.Sure
	hasOtherWords := r.Args.Shown != "" && r.Args.Shown != text.wordsMark()
	if !isUnconfirmedColleagues && !hasOtherWords {
		return false
	}

	w.Whisper(r.About(nil), bridge.Line{
		Content:  bridge.LineSendAs,
		By:       w.Dir.Ref(r.Surface, author.ID),
		Text:     text.Action.Text,
		Customer: r.Conversation.Customer(),
		Verbs:    []bridge.Verb{bridge.VerbSend},
		Args: bridge.Args{
			Conversation: r.Conversation.ID,
			SendArgs:     bridge.SendArgs{Typed: r.Args.Typed, Sure: true},
			ReplyArgs:    bridge.ReplyArgs{Shown: text.wordsMark()},
		},
	})
	return true
}

// settleAsked replaces the question by a link to the chosen conversation. line is the delivery of the question,
// or 0 if nobody was asked.
func (w *work) settleAsked(r Request, m *Message, line store.DeliveryID) {
	c := r.Conversation
	t := c.Threads[r.Surface]
	if t == nil || line == 0 {
		return
	}

	answer := bridge.Line{
		Content:  &bridge.TopLevelLine{},
		By:       w.Dir.Ref(r.Surface, *m.AgentID),
		Text:     m.Text,
		Customer: c.Customer(),
		Other: bridge.Facts{
			ID:     c.ID,
			Thread: bridge.Thread{Root: bridge.Place{Channel: t.Channel, Thread: t.Root, Message: t.Root}},
		},
		Outcome: &bridge.Outcome{State: bridge.OutcomeChosen, By: w.Dir.Ref(r.Surface, r.Agent.ID)},
	}

	w.Outbox.Enqueue(w.ChangesLane(c, t), string(bridge.PostLine), NoMessage, Payload{
		Left:    true,
		Place:   bridge.Place{Channel: m.Channel, Thread: m.Place},
		Line:    &answer,
		Changes: line,
	}, nil)
}
