package engine

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// This file asks somebody other than the customer about a conversation: see threads/aside.go. Who is asked needs no right to read it.

func askVerb() useCase { return useCase{Rules: Rules{Name: bridge.VerbAsk}, DoInTx: (*work).ask} }

func (w *work) ask(ctx context.Context, tx pgx.Tx, r Request) error {
	if w.Posts.WasSubmittedBefore(r) {
		return nil
	}
	if strings.TrimSpace(r.Text) == "" {
		w.Refuse(r, bridge.ReasonEmpty, "There is no question.", "For example: !ask #warehouse Do we have this lamp in red?")
		return nil
	}
	messages, err := askedAbout(ctx, tx, r)
	if err != nil {
		return err
	}
	whom := strings.TrimSpace(r.Args.Whom)
	if name, isChannel := strings.CutPrefix(whom, "#"); isChannel {
		surface, channel := r.Surface, whom
		if t := r.Conversation.Home(w.Dir); t != nil {
			surface = t.AccountID
		}
		if team := w.Dir.FindTeam(name); team != nil {
			if at, home := w.Dir.TeamHome(team.ID); at != 0 {
				surface, channel = at, home
			}
		}
		if w.Chat(surface) == nil {
			w.Refuse(r, "no_chat", "The chat isn't connected.", "Ask again later.")
			return nil
		}
		w.askInChat(r, whom, surface, channel, "", messages)
		return nil
	}
	if agent := w.Dir.Find(r.Surface, whom); agent != nil {
		surface := w.SurfaceToTell(agent.ID, r.Surface)
		if surface == AnySurface {
			w.Refuse(r, "no_chat", agent.Name+" uses no chat that is connected.", "Ask in a channel.")
			return nil
		}
		w.askInChat(r, agent.Name, surface, "", w.Dir.UserOf(surface, agent.ID), messages)
		return nil
	}
	if strings.HasPrefix(whom, "@") || !strings.Contains(whom, "@") {
		problem := &bridge.Problem{Code: "unknown_agent", Text: "I don't know who “" + whom + "” is.",
			Hint: "Name an agent, a #channel or a mail address."}
		refuseFor(w, r, problem)
		return nil
	}
	return w.askByMail(ctx, tx, r, whom, messages)
}

// askedAbout returns what whoever is asked may read: the customer's last message, or nothing. It doesn't say which customer's.
func askedAbout(ctx context.Context, tx pgx.Tx, r Request) ([]store.Message, error) {
	if r.Args.Context == bridge.AskWithNothing {
		return nil, nil
	}
	r.Args.Messages, r.Args.Notes = nil, false
	said, err := emailed(ctx, tx, r)
	for _, m := range slices.Backward(said) {
		if m.Direction == store.DirectionIn {
			m.Text, m.Revision, m.Files = withoutAddresses(r.Conversation, m.CurrentText()), nil, nil
			return []store.Message{m}, err
		}
	}
	return nil, err
}

// question keeps the question as a note. In a form that is submitted again it isn't asked again.
func (w *work) question(r Request) *Message {
	m := w.Messages.AddByPerson(r.OutsideThread())
	m.Reason = bridge.ReasonNote
	w.Log.Note(r.Conversation, r.Agent, m)
	w.Posts.RememberForm(r, 0, m)
	return m
}

// noteAsked shows in the conversation that somebody was asked.
func (w *work) noteAsked(r Request, a bridge.Aside, line bridge.Line) {
	a.By, a.At = r.Agent.ID, w.Now
	SetAsides(r.Conversation, append(bridge.AsidesOf(r.Conversation.Traits), a))
	line.Content, line.Verb, line.Text = &bridge.AskedLine{Whom: a.Whom}, r.Verb, r.Text
	line.By = w.Dir.Ref(r.Surface, r.Agent.ID)
	w.Line(r.Conversation, line)
}

// askInChat asks in a channel, or one person.
func (w *work) askInChat(
	r Request, whom string, surface store.AccountID, channel string, to bridge.SurfaceUser, messages []store.Message,
) {
	c, content := r.Conversation, &bridge.AsideLine{}
	for _, m := range messages {
		content.Said = append(content.Said, bridge.AsideSaid{At: m.SaidAt, Words: m.Text})
	}
	m := w.question(r)
	line := bridge.Line{Content: content, By: w.Dir.Ref(surface, r.Agent.ID), Text: r.Text}
	d := w.PostAside(c, surface, channel, to, m, line)
	w.noteAsked(r, bridge.Aside{Whom: whom, Message: m.ID, Surface: surface, Delivery: d.ID}, bridge.Line{})
}

// withoutAddresses removes the customer's addresses from a text.
func withoutAddresses(c *Conversation, text string) string {
	parties := []string{c.Customer().Address, c.Customer().Phone}
	for _, p := range c.Participants {
		parties = append(parties, p.Address, p.Phone)
	}
	for _, address := range parties {
		if address != "" {
			text = regexp.MustCompile(`(?i)`+regexp.QuoteMeta(address)).ReplaceAllString(text, "…")
		}
	}
	return text
}

// askByMail asks somebody outside. The mail begins a conversation with them; what they answer there is noted here, too.
func (w *work) askByMail(ctx context.Context, tx pgx.Tx, r Request, whom string, messages []store.Message) error {
	if problem := w.Authorize(r, bridge.VerbReply); problem != nil {
		refuseFor(w, r, problem)
		return nil
	}
	r.Args.Addresses, r.Args.Subject = []string{whom}, subjectFromText(r.Text)
	recipients, problem := w.emailRecipients(r)
	if problem != nil {
		refuseFor(w, r, problem)
		return nil
	}
	m := w.question(r)
	c, err := w.beginMail(ctx, tx, r, recipients, emailText(r.Text, messages, []string{"The customer"}, nil), nil)
	if c == nil {
		return err
	}
	c.SetTrait(bridge.TraitAskedFor, fmt.Sprint(r.Conversation.ID))
	w.noteAsked(r, bridge.Aside{Whom: whom, Message: m.ID, Conversation: c.ID}, bridge.Line{Other: w.ReferFrom(r.Conversation, c)})
	return nil
}

// asideOf returns the message of a question aside below which, or to which, something was done, or nil.
func (w *work) asideOf(r Request) *store.Post {
	for _, id := range append([]string{r.Place.Thread, r.Place.Message}, r.Quotes...) {
		p := w.Posts.At(PostKey{Account: r.Surface, Channel: r.Place.Channel, Message: id})
		if id != "" && p != nil && p.IsAside() {
			return p
		}
	}
	return nil
}

// answerAside notes what a person typed below a question aside, whatever it looks like. An edit is noted as well; anything else that is
// done there, such as an emoji, means nothing.
func (w *work) answerAside(r Request, asked *store.Post) {
	isSaid := r.Typed() || r.Origin == bridge.OriginSlash
	isByPerson := r.Actor.Kind == bridge.ActorPerson || r.Actor.Kind == bridge.ActorForeign
	c := w.Conversations.Get(asked.ConversationID)
	if !isSaid || r.IsEmoji() || r.Verb == bridge.VerbDelete || !isByPerson || c == nil {
		return
	}
	known := w.Posts.At(r.PostKey())
	isKnown := known != nil && r.Place.Message != ""
	if isKnown && (r.Verb != bridge.VerbEdit || r.Version <= known.Version) {
		return
	}
	if into := w.Conversations.MergedInto(c); into != nil {
		c = into
	}
	if c.CloseReason == bridge.CloseDeleted {
		return
	}
	isPlain := slices.Contains([]bridge.Verb{bridge.VerbSay, bridge.VerbNote, bridge.VerbReply, bridge.VerbEdit}, r.Verb)
	if !isPlain || r.Text == "" {
		r.Text = r.Raw
	}
	for _, f := range r.Files {
		r.Text = strings.TrimSpace(r.Text + "\n\n(" + literally(f.Name) + ")")
	}
	if r.Text == "" {
		return
	}
	line := bridge.Line{By: bridge.AgentRef{User: r.Actor.ID, Name: "somebody"}}
	if r.Agent != nil {
		line.By = w.Dir.Ref(r.Surface, r.Agent.ID)
	}
	if t := c.Home(w.Dir); t != nil && t.AccountID == r.Surface && r.Place.Message != "" {
		line.SourceRef = bridge.Place{Channel: r.Place.Channel, Message: r.Place.Message}
	}
	m := w.NoteAnswer(r.About(c), func(a bridge.Aside) bool { return a.Message == asked.MessageID }, line)
	if r.Place.Message != "" {
		w.Posts.Remember(store.Post{
			AccountID: r.Surface, Channel: r.Place.Channel, Message: r.Place.Message, ConversationID: c.ID, MessageID: m.ID,
			Kind: store.PostAnswer, Version: r.Version,
		})
	}
}

// askFailed tells whoever asked that a question aside couldn't be posted. It returns false for other posts.
func (w *work) askFailed(c *Conversation, f Fact) bool {
	list := bridge.AsidesOf(c.Traits)
	i := slices.IndexFunc(list, func(a bridge.Aside) bool { return a.Delivery == f.Delivery })
	if i < 0 {
		return false
	}
	a := list[i]
	SetAsides(c, slices.Delete(list, i, i+1))
	w.Line(c, bridge.Line{
		Content: &bridge.AskedLine{Whom: a.Whom, Trouble: strings.TrimSpace(f.Text + " " + f.Hint)}, Verb: bridge.VerbAsk,
		Mentions: []bridge.AgentRef{w.Dir.Ref(AnySurface, a.By)},
	})
	return true
}
