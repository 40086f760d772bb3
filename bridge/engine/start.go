package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// This file starts conversations in which an agent writes first, by a form or a command such as "!new ann@example.org Your lamp is
// repaired." It creates the conversation, opens its thread in the agents' chat with a card and the agent's text, and queues the message
// to the customer. All of it happens in the transaction of a batch of events.

func newVerb() useCase {
	return useCase{
		Rules:      Rules{Name: bridge.VerbNew, NoConversation: true, Deed: store.DeedStarted},
		DoAnywhere: (*work).start,
	}
}

// start starts a conversation with a customer. In channels without threads, such as WhatsApp, a customer has at most one open
// conversation. If there is one already, start only shows the agent a link to it.
func (w *work) start(ctx context.Context, tx pgx.Tx, r Request) error {
	r, earlyEdit := WithEarlyEdit(w.Posts, r)
	if earlyEdit == NothingToApply {
		return nil
	}

	s, used, err := prepareStart(ctx, tx, w, r, earlyEdit)
	if problem, ok := errors.AsType[*bridge.Problem](err); ok {
		w.refuseStart(r, problem)
		return nil
	}
	if err != nil {
		return err
	}
	if used != nil {
		r.Text = used.Use.Words()
	}

	customer := w.People.Admit(s.Account.ID, s.Party, channels.Party{})
	if customer == nil {
		return w.Err
	}

	previous := w.StartedByForm(r)
	if previous == nil && !s.Caps.Threads {
		previous = w.Conversations.LatestOf(customer)
	}
	if previous != nil && previous.BridgeStatus().Open() {
		w.Whisper(r.About(nil), bridge.Line{
			Content:  bridge.LineExists,
			Other:    w.Refer(previous, r.Surface),
			Customer: previous.Customer(),
			Text:     r.Text,
		})
		return nil
	}

	subject := startSubject(s, r.Action)
	c, err := w.MakeConversation(ctx, tx, s.Account, channels.Inbound{From: s.Party, Subject: subject}, previous)
	if err != nil {
		return err
	}
	if previous != nil {
		previous.RefreshCard() // its card links to the new conversation
	}

	if s.Team != nil {
		c.TeamID = &s.Team.ID
	}
	w.Log.Did(r.About(c), nil)
	if name := FirstRunes(strings.Join(strings.Fields(r.Args.Called), " "), bridge.LongestName); name != "" && name != c.Customer().Name {
		c.SetTrait(bridge.TraitName, name)
		if err := w.callCustomer(ctx, tx, c, name); err != nil {
			return err
		}
		w.Log.ByAgent(c, r.Agent, store.DeedRenamed, Detail{Text: name})
	}
	c.Participants = []store.Participant{startedWith(s.Party, customer, previous)}
	c.Assignees = []store.AgentID{r.Agent.ID}
	c.CardIsUrgent = true
	return w.sayFirstWords(r.About(c), used, subject)
}

// startedWith returns the participant of a new conversation: its customer. previous is the customer's previous conversation in a
// chat, or nil; the phone number that was known there is still shown.
func startedWith(p channels.Party, customer *store.Identity, previous *Conversation) store.Participant {
	phone := p.Phone
	if phone == "" && previous != nil {
		phone = PhoneOf(previous.Conversation, p.Key)
	}
	return store.Participant{
		Key:     p.Key,
		Address: p.Address,
		Phone:   phone,
		Name:    cmp.Or(p.Name, customer.Name),
		Role:    RoleTo,
	}
}

// prepareStart finds the account and the customer of a new conversation, and fills in the template with which it starts. used is nil
// if it starts with free text. It returns a *bridge.Problem, worded for people, if the conversation can't be started.
func prepareStart(
	ctx context.Context, tx pgx.Tx, w *work, r Request, earlyEdit EarlyEdit,
) (s Starting, used *UsedTemplate, err error) {
	s, problem := w.Reading.Starting(w.Dir, r.Agent, StartOf(r.Action))
	if problem != nil {
		return s, nil, problem
	}
	wroteBefore := false
	if s.KnownOnly {
		if wroteBefore, err = w.People.WroteBefore(ctx, tx, s.Party); err != nil {
			return s, nil, err
		}
	}
	if problem := w.startProblem(s, r.Action, wroteBefore, earlyEdit); problem != nil {
		return s, nil, problem
	}
	if !r.Args.Template.IsPreviewed() {
		return s, nil, nil
	}
	used, err = startTemplate(ctx, tx, s.Account.ID, r.Args.Template)
	return s, used, err
}

// startProblem returns why a conversation can't be started, or nil. earlyEdit says whether its text was edited in the chat before
// Parley received it.
func (w *work) startProblem(s Starting, a bridge.Action, wroteBefore bool, earlyEdit EarlyEdit) *bridge.Problem {
	if problem := s.MissingText(a); problem != nil {
		return problem
	}
	if len(a.Mentions) > 0 {
		return &bridge.Problem{
			Code: "mentions",
			Text: "It mentions a colleague: the customer would read the mention too.",
			Hint: "Type it again without the mention, or send it as it is with the form.",
		}
	}
	if problem := s.StrangerProblem(wroteBefore); problem != nil {
		return problem
	}
	if earlyEdit == EditedBefore {
		return &bridge.Problem{
			Code: bridge.ReasonEdited,
			Text: "It was edited before I had it: nothing is sent.",
			Hint: "Type it again, if it is for the customer.",
		}
	}

	identity := w.People.At(NameKey{Account: s.AccountID(), Name: s.Party.Key})
	if identity != nil && identity.OptedOut == store.OptedOutAll {
		name := RefOf(identity).Name
		return &bridge.Problem{
			Code: bridge.ReasonOptedOut,
			Text: name + " doesn't want messages.",
			Hint: OptedOutHint,
		}
	}

	return nil
}

// refuseStart tells the agent why no conversation is started. In a channel, the answer has a button that opens the form with the
// typed text.
func (w *work) refuseStart(r Request, problem *bridge.Problem) {
	line := bridge.Line{
		Content: &bridge.RefusedLine{Why: bridge.InWords(problem.Text), Hint: problem.Hint},
		Verb:    bridge.VerbNew,
		Text:    r.Text,
	}
	if r.Agent != nil && r.Place.Channel != "" {
		line.Verbs, line.Args = []bridge.Verb{bridge.VerbNew}, bridge.Args{StartArgs: r.Args.StartArgs, Team: r.Args.Team}
	}
	w.Whisper(r.About(nil), line)
}

// startTemplate fills in the template with which a conversation starts. It returns a *bridge.Problem if the template can't be used.
func startTemplate(ctx context.Context, tx pgx.Tx, account store.AccountID, args *bridge.TemplateArgs) (*UsedTemplate, error) {
	rows, err := store.Templates(ctx, tx, args.ID)
	if err != nil {
		return nil, err
	}
	used, problem := TemplateFor(account, rows, args)
	if problem != nil {
		return nil, problem
	}
	isForStarts := slices.Contains(rows[0].Uses, bridge.TemplateStart) // rows has one element, otherwise TemplateFor had failed
	if !isForStarts {
		return nil, &bridge.Problem{
			Code: "not_for_starts",
			Text: "The template " + used.Name + " is not for the beginning of a conversation.",
			Hint: "Choose another one.",
		}
	}
	return &used, nil
}

// sayFirstWords posts the first text in the conversation's thread, and sends it to the customer. used is the template from which the
// text was made, or nil. subject is that of the mail. It may differ from the conversation's subject, which agents can change, and which
// is taken over from a previous conversation.
func (w *work) sayFirstWords(r Request, used *UsedTemplate, subject string, files ...store.FileRef) error {
	t, err := w.OpenThread(r.Conversation)
	if err != nil {
		return err
	}

	author := w.Dir.Ref(t.AccountID, r.Agent.ID)
	var begun bridge.BegunLine
	line := bridge.Line{
		Content:  &begun,
		Verb:     bridge.VerbNew,
		By:       author,
		Mentions: []bridge.AgentRef{author},
		Verbs:    []bridge.Verb{bridge.VerbUndo},
	}

	var filled json.RawMessage
	if used != nil {
		if filled, err = json.Marshal(used); err != nil {
			return fmt.Errorf("engine: template: %w", err)
		}
		r.Text, begun.Template = used.Use.Words(), used.Name
	}

	m := w.Messages.AddOutsideThread(r) // it was not typed in the new thread; the line shows it there
	m.Subject = subject
	m.Files = append(m.Files, files...)
	m.Template = filled
	r.Conversation.Subject = cmp.Or(r.Conversation.Subject, Preview(m.Text))
	m.Reason = bridge.ReasonExplicit
	if used != nil {
		m.Reason = bridge.ReasonTemplate
	}

	begun.Count = w.ManyTexts(r.Conversation, m.Text)
	line.Text, line.Args = m.Text, bridge.Args{Conversation: r.Conversation.ID, Message: m.ID}
	w.Posts.RememberForm(r, 0, m)
	w.Line(r.Conversation, line)
	w.SendToCustomer(r, m, cmp.Or(r.TypedOrder(), w.FormOrder()))
	return nil
}

// startSubject returns the subject of a new conversation: the given one, or else the first words of the text. It returns "" if the
// channel has no subjects.
func startSubject(s Starting, a bridge.Action) string {
	if !s.Caps.Subject {
		return ""
	}
	return cmp.Or(Preview(a.Args.Subject), subjectFromText(a.Text))
}

// maxSubjectRunes limits a subject that is made from a text.
const maxSubjectRunes = 60

// subjectFromText makes a mail's subject from the first line of its text. It cuts long lines after a word.
func subjectFromText(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	line = Preview(line)
	runes := []rune(line)
	if len(runes) <= maxSubjectRunes {
		return strings.TrimRight(line, ".,:; ")
	}
	cut := string(runes[:maxSubjectRunes])
	if lastSpace := strings.LastIndexByte(cut, ' '); lastSpace > 0 {
		cut = cut[:lastSpace]
	}
	return strings.TrimRight(cut, ".,:;!? ") + " …"
}
